/**
 * The test bench of the crash trials: one home, one Temporal server, one worker, a local cloud, and
 * the means to kill each of them. Everything real; nothing is left when it is closed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { settingsFrom } from '../../contracts/settings.ts';
import type { Cloud } from '../../providers/cloud/cloud.ts';
import type { FaultPlan } from '../../providers/cloud/faults.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { root, temporalServer, type Victim, workerProcess } from '../support/processes.ts';
import { endMachinesWithThisProcess } from '../support/real-cluster.ts';

export interface Bench {
  home: string;
  /** Temporal's. */
  address: string;
  cloud: Cloud;
  client: Client;
  temporal: Victim;
  worker: Victim;
  /** Sets the faults of the next calls and counts calls from nought. */
  setFaults(faults: FaultPlan['faults']): void;
  /** The call of the fault that is set was made as often as it says. */
  faultFired(): boolean;
  /** SIGKILLs the broker of one live instance; false when there is none. */
  killBroker(cluster: string, pick: (count: number) => number): Promise<boolean>;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), 'asgard-crash-'));
  const settings = settingsFrom({ ...process.env, ASGARD_HOME: home }, homedir());
  const bundle = join(home, 'workflows.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  writeFileSync(bundle, code);
  const faultFile = join(home, 'faults.json');
  let round = 0;
  let traceFile = '';
  let wanted: FaultPlan['faults'] = [];
  const setFaults = (faults: FaultPlan['faults']) => {
    wanted = faults;
    traceFile = join(home, `trace-${round++}`);
    writeFileSync(traceFile, '');
    writeFileSync(faultFile, JSON.stringify({ faults, traceFile }));
  };
  const faultFired = () => {
    const calls = readFileSync(traceFile, 'utf8').split('\n');
    return wanted.every(
      (f) => calls.filter((line) => line.startsWith(`${f.call} `)).length >= f.nth,
    );
  };
  setFaults([]);
  endMachinesWithThisProcess(home);
  const { server, address } = await temporalServer(home);
  const env = { ASGARD_FAULTS: faultFile, ASGARD_WORKFLOW_BUNDLE: bundle };
  const worker = await workerProcess({ home, address, env });
  const connection = await Connection.connect({ address });
  const cloud = createLocalCloud({
    dir: settings.paths.localCloud,
    kafkaLibs: settings.paths.kafkaLibs,
  });
  return {
    home,
    address,
    cloud,
    client: new Client({ connection }),
    temporal: server,
    worker,
    setFaults,
    faultFired,
    killBroker: (cluster, pick) => killBroker(cloud, cluster, pick),
    close: async () => {
      await connection.close();
      await worker.kill();
      await server.kill();
      await endAll(cloud);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function killBroker(
  cloud: Cloud,
  cluster: string,
  pick: (count: number) => number,
): Promise<boolean> {
  const live = (await cloud.listInstances({ tags: { 'asgard:cluster': cluster } })).filter(
    (i) => i.state === 'running',
  );
  const victim = live[pick(live.length)];
  const pid = victim && findProcess(victim.id);
  if (!pid) return false;
  signalGroup(pid, 'SIGKILL');
  return true;
}

async function endAll(cloud: Cloud): Promise<void> {
  const alive = async () =>
    (await cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
  for (const { id } of await alive()) await cloud.terminateInstance({ id });
  while ((await alive()).length > 0) await sleep(100);
}

/**
 * The test bench of the crash trials: one home, a Temporal server, workers, the API, a local cloud,
 * and the means to kill and stop each of them. Everything real; nothing is left when it is closed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import {
  apiProcess,
  root,
  temporalServer,
  type Victim,
  workerProcess,
} from '../support/processes.ts';
import { endMachinesWithThisProcess } from '../support/real-cluster.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

export type PartName = 'temporal' | 'worker' | 'load-worker' | 'api' | 'supervisor';

/** A process that can be killed (SIGKILL, and its end is waited for) or stopped by its pid. */
export interface Part {
  readonly pid: number | undefined;
  kill(): Promise<void>;
}

/** What trials need of a bench, whoever runs its processes. */
export interface TrialBench {
  home: string;
  cloud: Cloud;
  client: Client;
  parts: Partial<Record<PartName, Part>>;
  api?: { url: string; token: string };
  /** The disk that all Asgard writes goes to, or why there is none that can be filled. */
  disk: SmallDisk | string;
  /** Starts again what died and waits until it is up, as a supervisor would. */
  revive(): Promise<void>;
  /** Sets the faults of the next calls and counts calls from nought. */
  setFaults(faults: FaultPlan['faults']): void;
  /** The call of the fault that is set was made as often as it says. */
  faultFired(): boolean;
  close(): Promise<void>;
}

export interface Bench extends TrialBench {
  /** Temporal's. */
  address: string;
  temporal: Victim;
  /** On all queues; as in the stack, on all but the load's. */
  worker: Victim;
  /** SIGKILLs the broker of one live instance; false when there is none. */
  killBroker(cluster: string, pick: (count: number) => number): Promise<boolean>;
}

export interface BenchOptions {
  /** As in the real stack: the load worker by itself, and the API. Default: one worker only. */
  likeStack?: boolean;
  /** Gives the home a disk of its own of so many MiB, where that can be had. */
  diskMiB?: number;
}

export async function openBench({ likeStack, diskMiB }: BenchOptions = {}): Promise<Bench> {
  const place = makePlace(diskMiB);
  const { base, home } = place;
  const faults = makeFaults(base);
  endMachinesWithThisProcess(home);
  const { server: temporal, address } = await temporalServer(base);
  const env = { ASGARD_FAULTS: faults.file, ASGARD_WORKFLOW_BUNDLE: await bundleInto(base) };
  const options = { home, address, logs: base };
  const queues = likeStack ? { ASGARD_QUEUES: 'workflows,cloud,kafka' } : {};
  const worker = await workerProcess({ ...options, env: { ...env, ...queues } });
  const load = likeStack
    ? await workerProcess({
        ...options,
        name: 'load-worker',
        env: { ...env, ASGARD_QUEUES: 'load' },
      })
    : undefined;
  const api = likeStack ? await apiProcess(options) : undefined;
  const victims = [temporal, worker, load, api?.victim].filter((v) => v !== undefined);
  const connection = await Connection.connect({ address });
  const cloud = cloudOf(home);
  let closing = false;
  return {
    home,
    address,
    cloud,
    client: new Client({ connection }),
    temporal,
    worker,
    parts: {
      temporal,
      worker,
      ...(load ? { 'load-worker': load } : {}),
      ...(api ? { api: api.victim } : {}),
    },
    ...(api ? { api } : {}),
    disk: place.disk,
    setFaults: faults.set,
    faultFired: faults.fired,
    killBroker: (cluster, pick) => killBroker(cloud, cluster, pick),
    revive: async () => {
      for (const victim of victims) if (!closing) await victim.revive();
    },
    close: async () => {
      closing = true;
      for (const victim of victims.reverse()) await victim.kill();
      await endAll(cloud);
      if (typeof place.disk !== 'string') place.disk.unmount();
      rmSync(base, { recursive: true, force: true });
      // The last thing: a trial that is interrupted may still be asking.
      await connection.close();
    },
  };
}

/** Temporal's database and the logs stay off the small disk: it is Asgard's that gets full. */
function makePlace(diskMiB: number | undefined): {
  base: string;
  home: string;
  disk: SmallDisk | string;
} {
  const base = mkdtempSync(join(tmpdir(), 'asgard-crash-'));
  if (diskMiB === undefined) return { base, home: base, disk: 'the bench was opened without one' };
  const home = join(base, 'home');
  mkdirSync(home);
  return { base, home, disk: mountSmallDisk(home, diskMiB) };
}

/** The workflows, bundled once for every start of a worker. Answers the file. */
export async function bundleInto(dir: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  const file = join(dir, 'workflows.js');
  writeFileSync(file, code);
  return file;
}

export const cloudOf = (home: string): Cloud => {
  const { paths } = settingsFrom({ ...process.env, ASGARD_HOME: home }, homedir());
  return createLocalCloud({ dir: paths.localCloud, kafkaLibs: paths.kafkaLibs });
};

/** The plan of faults that workers read, and what came of it. */
export function makeFaults(dir: string) {
  const file = join(dir, 'faults.json');
  let round = 0;
  let traceFile = '';
  let wanted: FaultPlan['faults'] = [];
  const set = (faults: FaultPlan['faults']) => {
    wanted = faults;
    traceFile = join(dir, `trace-${round++}`);
    writeFileSync(traceFile, '');
    writeFileSync(file, JSON.stringify({ faults, traceFile }));
  };
  const fired = () => {
    const calls = readFileSync(traceFile, 'utf8').split('\n');
    return wanted.every(
      (f) => calls.filter((line) => line.startsWith(`${f.call} `)).length >= f.nth,
    );
  };
  set([]);
  return { file, set, fired };
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

/** Ends every machine. */
export async function endAll(cloud: Cloud): Promise<void> {
  const alive = async () =>
    (await cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
  for (const { id } of await alive()) await cloud.terminateInstance({ id });
  while ((await alive()).length > 0) await sleep(100);
}

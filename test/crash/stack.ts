/**
 * The trials under the real stack, as `npm start -- --no-job` runs it: the supervisor starts again
 * what dies, the trial only the supervisor. Everything is asked for by HTTP.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { type StackFile, settingsFrom } from '../../contracts/settings.ts';
import { readStackFile } from '../../deploy/dev/running.ts';
import { freePort, root, Victim } from '../support/processes.ts';
import {
  endMachinesWithThisProcess,
  endProcessesWithThisProcess,
} from '../support/real-cluster.ts';
import { cloudOf, endAll, makeFaults, type Part, type TrialBench } from './bench.ts';
import { farewellOf, trialOf } from './odin.ts';
import type { VictimName } from './strike.ts';
import type { Suite } from './suite.ts';

const shaking: VictimName[] = [
  ...(['supervisor', 'api', 'worker', 'temporal', 'broker', 'load-worker', 'stop-api'] as const),
  ...(['supervisor', 'stop-temporal', 'both', 'stop-worker', 'everything'] as const),
  ...(['stop-broker'] as const),
];
const ending: VictimName[] = ['supervisor', 'temporal', 'api', 'worker', 'stop-api'];

export const stack: Suite = {
  open: openStack,
  trialsPerCluster: 3,
  trial: (options) => trialOf({ ...options, victims: { shaking, ending }, viaApi: true }),
  farewell: farewellOf,
};

async function openStack(): Promise<TrialBench> {
  const base = mkdtempSync(join(tmpdir(), 'asgard-stack-'));
  const home = join(base, 'home');
  const faults = makeFaults(base);
  const token = 'token-for-trials-0123456789';
  const [temporalPort, uiPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  endMachinesWithThisProcess(home);
  endProcessesWithThisProcess(`ASGARD_HOME=${home}`);
  const supervisor = new Victim({
    name: 'supervisor',
    command: process.execPath,
    args: [join(root, 'deploy/dev/start.ts'), '--no-job'],
    env: {
      ...process.env,
      ASGARD_HOME: home,
      ASGARD_TOKEN: token,
      ASGARD_TEMPORAL_PORT: String(temporalPort),
      ASGARD_TEMPORAL_UI_PORT: String(uiPort),
      ASGARD_API_PORT: String(apiPort),
      ASGARD_FAULTS: faults.file,
    },
    log: join(base, 'supervisor.log'),
    isUp: async (log) => log.includes('Temporal  http'),
  });
  await supervisor.revive();
  const connection = await Connection.connect({ address: `127.0.0.1:${temporalPort}` });
  const cloud = cloudOf(home);
  const parts = partsOf(home, supervisor);
  let closing = false;
  return {
    home,
    cloud,
    client: new Client({ connection }),
    parts,
    api: { url: `http://127.0.0.1:${apiPort}`, token },
    disk: 'Temporal of the real stack writes to the same disk, and it is not what is tried',
    setFaults: faults.set,
    faultFired: faults.fired,
    revive: async () => {
      if (closing) return;
      await supervisor.revive();
      await untilUp(parts);
    },
    close: async () => {
      closing = true;
      await supervisor.end();
      await endAll(cloud);
      rmSync(base, { recursive: true, force: true });
      await connection.close();
    },
  };
}

/** By the pids that the supervisor writes down; a part has another one after its restart. */
function partsOf(home: string, supervisor: Victim): TrialBench['parts'] {
  const settings = settingsFrom({ ASGARD_HOME: home }, homedir());
  const part = (pick: (pids: StackFile['pids']) => number | undefined): Part => ({
    get pid() {
      const file = readStackFile(settings);
      const pid = file && pick(file.pids);
      return pid && isAlive(pid) ? pid : undefined;
    },
    async kill() {
      const { pid } = this;
      if (!pid) return;
      process.kill(pid, 'SIGKILL');
      while (isAlive(pid)) await sleep(20);
    },
  });
  return {
    supervisor,
    temporal: part((pids) => pids.temporal),
    api: part((pids) => pids.api),
    worker: part((pids) => pids.workers[0]),
    'load-worker': part((pids) => pids.workers.at(-1)),
  };
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The supervisor waits longer before each restart, so this takes seconds. */
async function untilUp(parts: TrialBench['parts']): Promise<void> {
  const all = Object.values(parts);
  const end = Date.now() + 60_000;
  while (!all.every((part) => part.pid)) {
    if (Date.now() > end) throw new Error('the stack is not up');
    await sleep(50);
  }
}

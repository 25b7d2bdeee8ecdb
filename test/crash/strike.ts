/**
 * What is done to a running operation, and when: a process is killed, stopped for seconds or loses
 * its disk, a provider's call goes wrong. Whatever was stopped or filled is let go again, whatever
 * happens.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationStatus } from '../../contracts/operation.ts';
import type { FaultKind } from '../../providers/cloud/faults.ts';
import { findProcess } from '../../providers/cloud/local/processes.ts';
import type { PartName, TrialBench } from './bench.ts';

interface Attack {
  way: 'kill' | 'stop' | 'fill' | 'fault' | 'terminate';
  /** Processes of the stack. */
  parts?: PartName[];
  /** Brokers of the cluster: one of those that run, which there must be, or all. */
  brokers?: 'one' | 'all';
}

export const attacks = {
  worker: { way: 'kill', parts: ['worker'] },
  'load-worker': { way: 'kill', parts: ['load-worker'] },
  temporal: { way: 'kill', parts: ['temporal'] },
  both: { way: 'kill', parts: ['temporal', 'worker'] },
  api: { way: 'kill', parts: ['api'] },
  supervisor: { way: 'kill', parts: ['supervisor'] },
  broker: { way: 'kill', brokers: 'one' },
  everything: { way: 'kill', parts: ['temporal', 'worker', 'load-worker', 'api'], brokers: 'all' },
  operation: { way: 'terminate' },
  'stop-worker': { way: 'stop', parts: ['worker'] },
  'stop-load': { way: 'stop', parts: ['load-worker'] },
  'stop-temporal': { way: 'stop', parts: ['temporal'] },
  'stop-api': { way: 'stop', parts: ['api'] },
  'stop-broker': { way: 'stop', brokers: 'one' },
  disk: { way: 'fill' },
  provider: { way: 'fault' },
} as const satisfies Record<string, Attack>;
export type VictimName = keyof typeof attacks;

/** `gate`: while the load test runs. */
export type Moment = 'before' | 'during' | 'after' | 'gate';

export interface Scenario {
  operation: string;
  victim: VictimName;
  moment: Moment;
  /** 0 to 1: where among the operation's steps, or in its time when it is too quick for that. */
  where: number;
  quick?: boolean;
  /** For the provider: which call, which occurrence, what. */
  fault?: { call: string; nth: number; kind: FaultKind };
  /** A number in [0, 1) for further choices. */
  dice: number;
}

/** What was really done, in ms since the epoch. */
export interface Strike {
  at: number;
  /** When it was let go again; for what was killed, `at`. */
  until: number;
  way: Attack['way'];
  /** The slots whose brokers it hit. */
  slots: string[];
}

/** What a strike must know of the trial. */
export interface Target {
  scenario: Scenario;
  cluster: string;
  /** Asks for the operation's status; undefined while nobody answers. */
  status(): Promise<OperationStatus | undefined>;
  /** The operation has ended. */
  over(): boolean;
  terminate(): Promise<void>;
}

/** Why the bench cannot do this; undefined when it can. */
export function whyNot(bench: TrialBench, victim: VictimName): string | undefined {
  const { way, parts = [] }: Attack = attacks[victim];
  if (way === 'fill' && typeof bench.disk === 'string') return bench.disk;
  const missing = parts.filter((name) => !bench.parts[name]);
  return missing.length > 0 ? `this bench has no ${missing.join(', ')}` : undefined;
}

/** Waits for the chosen point and strikes. Undefined when the operation was over before. */
export async function strike(bench: TrialBench, target: Target): Promise<Strike | undefined> {
  const { victim, dice } = target.scenario;
  const { way, parts = [], brokers }: Attack = attacks[victim];
  if (way === 'fault') {
    while (!target.over()) await sleep(50, undefined, { ref: false });
    return bench.faultFired() ? at({ way, slots: [] }) : undefined;
  }
  await reach(target);
  const hit = brokers ? await brokersOf(bench, target, brokers) : [];
  if (target.over()) return undefined;
  const slots = hit.map((b) => b.slot);
  const groups = hit.map((b) => -b.pid);
  if (way === 'kill') {
    const struck = at({ way, slots });
    for (const group of groups) send(group, 'SIGKILL');
    await Promise.all(parts.map((name) => bench.parts[name]?.kill()));
    return struck;
  }
  if (way === 'terminate') {
    await target.terminate();
    return at({ way, slots });
  }
  const pids = parts.map((name) => bench.parts[name]?.pid).filter((pid) => pid !== undefined);
  const grip = way === 'fill' ? fillers(bench) : stoppers([...pids, ...groups]);
  return { ...(await holding(way, 1500 + dice * 10_000, grip)), slots };
}

const at = (struck: Pick<Strike, 'way' | 'slots'>): Strike => {
  const now = Date.now();
  return { at: now, until: now, ...struck };
};

interface Grip {
  take(): void;
  letGo(): void;
}

async function holding(way: Attack['way'], forMs: number, grip: Grip) {
  const since = Date.now();
  try {
    grip.take();
    await sleep(forMs);
  } finally {
    grip.letGo();
  }
  return { at: since, until: Date.now(), way };
}

function fillers({ disk }: TrialBench): Grip {
  if (typeof disk === 'string') throw new Error(disk);
  return { take: disk.fill, letGo: disk.free };
}

/** Processes, or their groups by negative numbers. */
const stoppers = (pids: number[]): Grip => ({
  take: () => pids.forEach((pid) => void send(pid, 'SIGSTOP')),
  letGo: () => pids.forEach((pid) => void send(pid, 'SIGCONT')),
});

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended, which its part's supervisor will see.
  }
}

/** Brokers that run now. One is waited for, since the operation may be about to make it. */
async function brokersOf(
  { cloud }: TrialBench,
  { cluster, scenario, over }: Target,
  which: 'one' | 'all',
): Promise<{ pid: number; slot: string }[]> {
  while (!over()) {
    const all = await cloud.listInstances({ tags: { 'asgard:cluster': cluster } }).catch(() => []);
    const running = all.flatMap(({ id, state, tags }) => {
      const pid = state === 'running' ? findProcess(id) : undefined;
      return pid ? [{ pid, slot: tags['asgard:slot'] ?? '?' }] : [];
    });
    const one = running[Math.floor(scenario.dice * running.length)];
    if (which === 'all') return running;
    if (one) return [one];
    await sleep(50);
  }
  return [];
}

/** Polls the status until the chosen step is about to begin, runs, or is done. */
async function reach(target: Target): Promise<void> {
  const { where, moment, dice, quick, victim } = target.scenario;
  // It is the submission that the API's absence must not lose or double.
  if (moment === 'before' && ['api', 'stop-api'].includes(victim)) return;
  if (quick) {
    // A status is asked for too slowly to hit a step, so the clock decides.
    await sleep(moment === 'before' ? 0 : dice * 600);
    return;
  }
  while (!target.over()) {
    const status = await target.status();
    if (moment === 'gate' ? status?.phase === 'load-testing' : isAt(status, moment, where)) {
      if (moment === 'gate') await sleep(where * gateMs);
      if (moment === 'during') await sleep(dice * 400);
      return;
    }
    await sleep(20);
  }
}

/** From the gate's begin to a little past its measurement, as the trials' specs ask for. */
const gateMs = 9_000;

function isAt(status: OperationStatus | undefined, moment: Moment, where: number): boolean {
  const steps = status?.steps ?? [];
  const index = Math.min(steps.length - 1, Math.floor(where * steps.length));
  const state = steps[index]?.state;
  if (state === undefined) return false;
  if (moment === 'after') return state !== 'pending' && state !== 'running';
  if (moment === 'during') return state !== 'pending';
  return index === 0 || steps[index - 1]?.state !== 'pending';
}

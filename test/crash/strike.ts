/**
 * What is done to a running operation, and when: a process is killed, stopped for seconds or loses
 * its disk, a provider's call goes wrong. Whatever was stopped or filled is let go again, whatever
 * happens.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationStatus } from '../../contracts/operation.ts';
import type { CloudInstance } from '../../providers/cloud/cloud.ts';
import type { FaultKind } from '../../providers/cloud/faults.ts';
import { findProcess } from '../../providers/cloud/local/processes.ts';
import type { PartName, TrialBench } from './bench.ts';

interface Attack {
  way: 'kill' | 'stop' | 'fill' | 'fault';
  /** Processes of the stack; none: a broker (kill, stop). */
  parts?: PartName[];
}

export const attacks = {
  worker: { way: 'kill', parts: ['worker'] },
  'load-worker': { way: 'kill', parts: ['load-worker'] },
  temporal: { way: 'kill', parts: ['temporal'] },
  both: { way: 'kill', parts: ['temporal', 'worker'] },
  api: { way: 'kill', parts: ['api'] },
  supervisor: { way: 'kill', parts: ['supervisor'] },
  broker: { way: 'kill' },
  'stop-worker': { way: 'stop', parts: ['worker'] },
  'stop-load': { way: 'stop', parts: ['load-worker'] },
  'stop-temporal': { way: 'stop', parts: ['temporal'] },
  'stop-api': { way: 'stop', parts: ['api'] },
  'stop-broker': { way: 'stop' },
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
  /** The slot whose broker it was. */
  slot?: string;
}

/** What a strike must know of the trial. */
export interface Target {
  scenario: Scenario;
  cluster: string;
  /** Asks for the operation's status; undefined while nobody answers. */
  status(): Promise<OperationStatus | undefined>;
  /** The operation has ended. */
  over(): boolean;
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
  const { way, parts }: Attack = attacks[victim];
  if (way === 'fault') {
    while (!target.over()) await sleep(50, undefined, { ref: false });
    const at = Date.now();
    return bench.faultFired() ? { at, until: at, way } : undefined;
  }
  await reach(target);
  if (target.over()) return undefined;
  const forMs = 1500 + dice * 10_000;
  if (way === 'fill') return holding('fill', forMs, fillers(bench));
  if (!parts) return strikeBroker(bench, target, way === 'kill' ? undefined : forMs);
  if (way === 'stop') return holding('stop', forMs, stoppers(bench, parts));
  const at = Date.now();
  await Promise.all(parts.map((name) => bench.parts[name]?.kill()));
  return { at, until: at, way };
}

interface Grip {
  take(): void;
  letGo(): void;
}

async function holding(way: 'stop' | 'fill', forMs: number, grip: Grip): Promise<Strike> {
  const at = Date.now();
  try {
    grip.take();
    await sleep(forMs);
  } finally {
    grip.letGo();
  }
  return { at, until: Date.now(), way };
}

function fillers({ disk }: TrialBench): Grip {
  if (typeof disk === 'string') throw new Error(disk);
  return { take: disk.fill, letGo: disk.free };
}

function stoppers({ parts }: TrialBench, names: PartName[]): Grip {
  const pids = names.map((name) => parts[name]?.pid).filter((pid) => pid !== undefined);
  return {
    take: () => pids.forEach((pid) => void send(pid, 'SIGSTOP')),
    letGo: () => pids.forEach((pid) => void send(pid, 'SIGCONT')),
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended, which its part's supervisor will see.
  }
}

/** Kills a live broker, or stops it for a while. Waits for one, since the operation may make it. */
async function strikeBroker(
  bench: TrialBench,
  { cluster, scenario, over }: Target,
  forMs: number | undefined,
): Promise<Strike | undefined> {
  while (!over()) {
    const found = await brokerOf(bench, cluster, scenario.dice);
    if (!found) {
      await sleep(50);
      continue;
    }
    const { pid, slot } = found;
    if (forMs === undefined) {
      const at = Date.now();
      send(-pid, 'SIGKILL');
      return { at, until: at, way: 'kill', slot };
    }
    const grip = { take: () => send(-pid, 'SIGSTOP'), letGo: () => send(-pid, 'SIGCONT') };
    return { ...(await holding('stop', forMs, grip)), slot };
  }
  return undefined;
}

async function brokerOf({ cloud }: TrialBench, cluster: string, dice: number) {
  const all = await cloud.listInstances({ tags: { 'asgard:cluster': cluster } }).catch(() => []);
  const live = all.filter((i) => i.state === 'running');
  const victim: CloudInstance | undefined = live[Math.floor(dice * live.length)];
  const pid = victim && findProcess(victim.id);
  return pid ? { pid, slot: victim.tags['asgard:slot'] ?? '?' } : undefined;
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

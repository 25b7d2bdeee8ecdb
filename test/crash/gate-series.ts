/**
 * A seeded series of struck gates: one cluster of three nodes is provisioned again and again; each
 * time the plan mends what the last strike broke, and the gate that follows is struck at another
 * point. A gate that saw a broker missing must never let the cluster be ready.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import type { OperationResult } from '../../contracts/operation.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import type { CloudInstance } from '../../providers/cloud/cloud.ts';
import { findProcess } from '../../providers/cloud/local/processes.ts';
import { randomOf } from '../support/random.ts';
import type { Bench } from './bench.ts';
import { leftOfTests } from './gate-leftovers.ts';

const cluster = 'gated';
/** Long enough to be struck at any point, short enough for twenty of them. */
const load = { rate: '500KB/s', messageBytes: 1000, durationS: 4, warmupS: 2 };
const patienceMs = 4 * 60_000;

export type Way = 'kill' | 'kill, worker too' | 'kill, start again' | 'stand still';
export interface Point {
  /** The activity during which it strikes, and 0–1: where in the measurement. */
  during: 'prepareLoadTest' | 'proveCoordination' | 'runLoadTest';
  where: number;
  way: Way;
  /** 0–1: which broker. */
  dice: number;
}

export interface Struck {
  point: Point;
  victim: string;
  outcome: string;
  verdict: string;
  reasons: string[];
  lost: number;
  seconds: number;
  /** The strike came when the last look at the cluster had begun: it proves nothing. */
  late: boolean;
  violations: string[];
}

const ways: Way[] = ['kill', 'kill, worker too', 'kill', 'stand still', 'kill, start again'];

/** Two strikes before the measurement in every ten; the others are spread evenly over it. */
export function pointsOf(count: number, seed: number): Point[] {
  const random = randomOf(seed);
  const early = ['prepareLoadTest', 'proveCoordination'] as const;
  return Array.from({ length: count }, (_, i) => {
    const during = i % 10 < 2 ? (early[i % 2] ?? 'prepareLoadTest') : 'runLoadTest';
    return {
      during,
      where: (i + random()) / count,
      way: ways[(i + Math.floor(i / 10)) % ways.length] ?? 'kill',
      dice: random(),
    };
  });
}

const specOf = (): ClusterSpec => ({
  name: cluster,
  kafka: { version: '4.3.1' },
  nodes: [
    {
      pool: 'main',
      count: 3,
      roles: ['broker', 'controller'],
      racks: ['rack-a', 'rack-b', 'rack-c'],
      instanceType: 'local.small',
      diskGiB: 1,
    },
  ],
  topics: [{ name: 'orders', partitions: 3, replicationFactor: 3 }],
  loadTest: { ...load, thresholds: ['lost==0', 'errors==0'] },
  protection: false,
});

/** Provisions without a strike: mends the cluster, and must be ready. Answers with how long. */
export async function calmGate(bench: Bench, name: string): Promise<string[]> {
  const type = 'provisionCluster';
  const { result, measureMs } = await gateBy(bench, { name, type }, async () => {});
  expectedMs = measureMs || expectedMs;
  const left = await leftOfTests(bench, cluster);
  if (result.outcome === 'ready') return left;
  return [...left, `a gate that nobody struck ended with ${result.outcome}: ${result.reason}`];
}

/** The gate by itself on a cluster that is at rest: it must pass, and leave nothing. */
export async function calmTest(bench: Bench, name: string): Promise<string[]> {
  const result: OperationResult = await bench.client.workflow.execute('loadTest', {
    taskQueue: 'asgard',
    workflowId: `odin/${cluster}/${name}`,
    args: [{ cluster }],
  });
  const left = await leftOfTests(bench, cluster);
  if (result.verdict?.verdict === 'pass') return left;
  return [
    ...left,
    `a load test that nobody struck is ${result.verdict?.verdict}: ${result.reason}`,
  ];
}

/**
 * Terminates a load test in its measurement: it cannot clean up. Answers with what it should have
 * left and did not, so that the calm gate after it proves something.
 */
export async function terminateGate(bench: Bench, name: string): Promise<string[]> {
  const handle = await bench.client.workflow.start('loadTest', {
    taskQueue: 'asgard',
    workflowId: `odin/${cluster}/${name}`,
    args: [{ cluster }],
  });
  await underWay(handle, 'runLoadTest', () => false);
  await handle.terminate();
  const left = await leftOfTests(bench, cluster);
  return left.some((what) => what.startsWith('topic')) ? [] : ['a terminated test left no topic'];
}

/** Resolves when the activity is pending; also when the operation is over, so that nobody waits. */
async function underWay(
  handle: Pick<WorkflowHandle, 'describe'>,
  activity: string,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const { pendingActivities } = (await handle.describe()).raw;
    if (pendingActivities?.some((a) => a.activityType?.name === activity)) return;
    await sleep(20);
  }
}

/** How long a measurement takes here; learnt from the gates that nobody struck. */
let expectedMs = (load.durationS + load.warmupS + 1) * 1000;

/** Runs the points; one that came too late is struck again, a little earlier. */
export async function strikeGates(
  bench: Bench,
  points: { point: Point; index: number }[],
  onResult: (result: Struck, index: number) => void,
): Promise<Struck[]> {
  const results: Struck[] = [];
  for (const { point, index } of points) {
    let result = await strikeGate(bench, point, `strike-${index}`);
    for (let again = 1; result.late && again <= 3; again++) {
      const earlier = { ...point, where: Math.max(0, point.where - 0.12 * again) };
      result = await strikeGate(bench, earlier, `strike-${index}-${again}`);
    }
    results.push(result);
    onResult(result, index);
  }
  return results;
}

async function strikeGate(bench: Bench, point: Point, name: string): Promise<Struck> {
  const begun = Date.now();
  const struck = { victim: 'nobody', at: Number.POSITIVE_INFINITY, undo: async () => {} };
  // A cluster at rest (after a strike that came too late) is not tested again by a provision.
  const type = (await isAtRest(bench)) ? 'loadTest' : 'provisionCluster';
  const { result, lastLookAt } = await gateBy(bench, { name, type }, async (pending) => {
    const delayMs = point.during === 'runLoadTest' ? point.where * expectedMs : 0;
    await pending(point.during);
    await sleep(delayMs);
    Object.assign(struck, await strike(bench, point));
  });
  await struck.undo();
  const { verdict } = result;
  const late = lastLookAt !== undefined && struck.at >= lastLookAt;
  const found: Struck = {
    point,
    victim: struck.victim,
    outcome: result.outcome,
    verdict: verdict?.verdict ?? 'none',
    reasons: verdict?.reasons ?? [result.reason ?? ''],
    lost: verdict?.report?.lost ?? 0,
    seconds: (Date.now() - begun) / 1000,
    late,
    violations: [],
  };
  return { ...found, violations: late ? [] : await violationsOf(bench, found) };
}

async function phaseOf(bench: Bench): Promise<string> {
  const entity = bench.client.workflow.getHandle(`cluster/${cluster}`);
  return (await entity.query<ClusterStatus>('status')).phase;
}

async function isAtRest(bench: Bench): Promise<boolean> {
  const up = (await machines(bench)).filter((m) => m.state === 'running');
  return up.length === 3 && (await phaseOf(bench)) === 'ready';
}

async function violationsOf(bench: Bench, struck: Struck): Promise<string[]> {
  const { outcome, verdict, victim, reasons, lost } = struck;
  const phase = await phaseOf(bench);
  return [
    ...(outcome === 'ready' || phase === 'ready' ? [`it is ready without ${victim}`] : []),
    ...(['fail', 'unknown'].includes(verdict) ? [] : [`the verdict is ${verdict}`]),
    ...(reasons.some((r) => r.includes(`(${victim})`)) ? [] : [`nothing names ${victim}`]),
    ...(lost > 0 ? [`${lost} acknowledged records are lost`] : []),
  ];
}

interface Provisioned {
  result: OperationResult;
  /** When the look after the measurement began, if there was one. */
  lastLookAt: number | undefined;
  measureMs: number;
}

/** Runs one operation to its end; `strike` may wait for an activity to be under way. */
async function gateBy(
  bench: Bench,
  { name, type }: { name: string; type: 'loadTest' | 'provisionCluster' },
  strike: (pending: (activity: string) => Promise<void>) => Promise<void>,
): Promise<Provisioned> {
  const handle = await bench.client.workflow.start(type, {
    taskQueue: 'asgard',
    workflowId: `odin/${cluster}/${name}`,
    args: [type === 'loadTest' ? { cluster } : { spec: specOf() }],
  });
  const state = { over: false };
  const pending = (activity: string) => underWay(handle, activity, () => state.over);
  const striking = strike(pending);
  const keeping = (async () => {
    while (!state.over) {
      await bench.worker.revive();
      await sleep(100);
    }
  })();
  const ended = handle.result().catch((error: { cause?: Error }) => ({
    outcome: 'failed',
    reason: String(error.cause?.message ?? error),
  }));
  const stuck = sleep(patienceMs, { outcome: 'stuck', reason: 'it did not end' }, { ref: false });
  const result = (await Promise.race([ended, stuck])) as OperationResult;
  state.over = true;
  await Promise.all([striking, keeping]);
  return { result, ...(await momentsOf(handle)) };
}

async function momentsOf(handle: {
  fetchHistory(): Promise<{ events?: HistoryEvent[] | null }>;
}): Promise<Omit<Provisioned, 'result'>> {
  const { events } = await handle.fetchHistory();
  const scheduled = (events ?? []).flatMap((e) => {
    const type = e.activityTaskScheduledEventAttributes?.activityType?.name;
    return type ? [{ type, at: Number(e.eventTime?.seconds) * 1000 + millisOf(e) }] : [];
  });
  const measured = scheduled.findLast((e) => e.type === 'runLoadTest')?.at;
  const looks = scheduled.filter((e) => e.type === 'observeStanding');
  const last = looks.length > 2 ? looks.at(-1)?.at : undefined;
  const lastLookAt = last !== undefined && last > (measured ?? 0) ? last : undefined;
  return {
    lastLookAt,
    measureMs: measured && lastLookAt ? lastLookAt - measured : 0,
  };
}

interface HistoryEvent {
  eventTime?: { seconds?: unknown; nanos?: number | null } | null;
  activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null } | null;
}
const millisOf = (e: HistoryEvent): number => Math.floor((e.eventTime?.nanos ?? 0) / 1e6);

async function strike(bench: Bench, { way, dice }: Point) {
  const up = (await machines(bench)).filter((m) => m.state === 'running');
  const machine = up[Math.floor(dice * up.length)];
  const pid = machine && findProcess(machine.id);
  if (!pid) throw new Error('there is no broker to strike');
  if (way === 'kill, worker too') await bench.worker.kill();
  process.kill(pid, way === 'stand still' ? 'SIGSTOP' : 'SIGKILL');
  const at = Date.now();
  if (way === 'kill, start again') await startAgain(bench, machine.id);
  const undo = async () => {
    if (way === 'stand still') process.kill(pid, 'SIGCONT');
  };
  return { victim: machine.tags['asgard:slot'] ?? '?', at, undo };
}

const machines = (bench: Bench): Promise<CloudInstance[]> =>
  bench.cloud.listInstances({ tags: { 'asgard:cluster': cluster } });

async function startAgain(bench: Bench, id: string): Promise<void> {
  while ((await machines(bench)).find((m) => m.id === id)?.state !== 'stopped') await sleep(20);
  await bench.cloud.startInstance({ id });
}

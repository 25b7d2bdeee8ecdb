/**
 * A seeded series of trials. Each cluster lives through three operations, each with one fault:
 * provision, scale-out, destroy; after a rollback or a hold the cluster is destroyed without a
 * fault.
 */
import type { ClusterSpec } from '../../contracts/spec.ts';
import type { Bench } from './bench.ts';
import type { Expectation } from './invariants.ts';
import {
  type Moment,
  runTrial,
  type Scenario,
  type Trial,
  type TrialResult,
  type VictimName,
} from './trial.ts';

/** mulberry32: small, seeded, the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const victims: VictimName[] = ['worker', 'temporal', 'broker', 'provider'];
const moments: Moment[] = ['before', 'during', 'after'];
const faultKinds = [
  'lost-answer',
  'lost-request',
  'throttle',
  'crash-before',
  'crash-after',
] as const;
const calls: Record<Scenario['operation'], string[]> = {
  provision: ['createVolume', 'createInterface', 'runInstance', 'listInstances', 'listVolumes'],
  'scale-out': ['createVolume', 'createInterface', 'runInstance', 'listInterfaces'],
  destroy: ['terminateInstance', 'deleteVolume', 'deleteInterface', 'listVolumes'],
};

/** Trial `index`: with three operations in turn, 36 trials go through every combination. */
export function scenarioOf(
  operation: Scenario['operation'],
  index: number,
  random: () => number,
): Scenario {
  const victim = victims[index % victims.length] ?? 'worker';
  const moment = moments[Math.floor(index / 12) % moments.length] ?? 'during';
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const call = pick(calls[operation]);
  // What is made once is called once; only listings come up again and again.
  const nth = call.startsWith('list') && random() < 0.5 ? 2 : 1;
  const fault = { call, nth, kind: pick(faultKinds) };
  const where = random();
  const dice = random();
  return { operation, victim, moment, where, dice, ...(victim === 'provider' ? { fault } : {}) };
}

export interface SeriesOptions {
  trials: number;
  seed: number;
  /** Every n-th cluster has three nodes; 0: none. */
  threeNodesEvery: number;
  onResult(result: TrialResult, index: number): void;
}

export async function runSeries(bench: Bench, options: SeriesOptions): Promise<TrialResult[]> {
  const random = randomOf(options.seed);
  const results: TrialResult[] = [];
  const note = (result: TrialResult) => {
    results.push(result);
    options.onResult(result, results.length);
  };
  for (let round = 0; results.length < options.trials; round++) {
    const three = options.threeNodesEvery > 0 && (round + 1) % options.threeNodesEvery === 0;
    const cluster = `c${options.seed}-${round}`;
    const base = specOf(cluster, three ? 3 : 1, 0);
    const wide = specOf(cluster, three ? 3 : 1, 1);
    const scenario = (operation: Scenario['operation']) =>
      scenarioOf(operation, results.length, random);
    const run = (operation: Scenario['operation'], s: Scenario, before?: ClusterSpec) =>
      runTrial(bench, trialOf({ operation, scenario: s, cluster, base, wide, before }));
    const first = await run('provision', scenario('provision'));
    note(first);
    const stands = first.outcome === 'untested';
    if (stands && results.length < options.trials) {
      note(await run('scale-out', scenario('scale-out'), base));
    }
    const gone = ['RolledBack', 'Aborted'].includes(first.outcome);
    if (!gone && results.length < options.trials) {
      note(await run('destroy', scenario('destroy')));
    }
    const last = results.at(-1);
    if (!gone && last?.outcome !== 'destroyed') await cleanUp(bench, cluster);
  }
  return results;
}

interface TrialParts {
  operation: Scenario['operation'];
  scenario: Scenario;
  cluster: string;
  base: ClusterSpec;
  wide: ClusterSpec;
  before: ClusterSpec | undefined;
}

function trialOf({ operation, scenario, cluster, base, wide, before }: TrialParts): Trial {
  const spec = operation === 'scale-out' ? wide : base;
  const destroy = operation === 'destroy';
  const expect: Expectation = {
    slots: slotsOf(spec),
    topics: topicsOf(spec),
    before: before
      ? { slots: slotsOf(before), topics: topicsOf(before) }
      : { slots: [], topics: [] },
  };
  return {
    scenario,
    cluster,
    expect,
    workflowId: `odin/${cluster}/${operation}`,
    type: destroy ? 'destroyCluster' : 'provisionCluster',
    input: destroy ? { cluster, confirm: cluster } : { spec },
  };
}

/** Ends what a held operation left, without faults; a failure here is shown by the next trial. */
async function cleanUp(bench: Bench, cluster: string): Promise<void> {
  await bench.client.workflow
    .execute('destroyCluster', {
      taskQueue: 'asgard',
      workflowId: `odin/${cluster}/clean-up`,
      args: [{ cluster, confirm: cluster }],
    })
    .catch(() => undefined);
}

/** One broker-controller, or three; a scale-out adds a broker and a topic. */
function specOf(name: string, nodes: number, extra: number): ClusterSpec {
  const type = { instanceType: 'local.small', diskGiB: 1 };
  const racks = ['rack-a', 'rack-b', 'rack-c'];
  return {
    name,
    kafka: { version: '4.3.1', config: extra ? { 'message.max.bytes': 2_000_000 } : {} },
    nodes: [
      { pool: 'main', count: nodes, roles: ['broker', 'controller'], racks, ...type },
      ...(extra ? [{ pool: 'extra', count: 1, roles: ['broker' as const], racks, ...type }] : []),
    ],
    topics: [
      { name: 'first', partitions: 2, replicationFactor: 1 },
      ...(extra ? [{ name: 'second', partitions: 2, replicationFactor: 1 }] : []),
    ],
    loadTest: false,
    protection: false,
  };
}

const slotsOf = ({ nodes }: ClusterSpec): string[] =>
  nodes.flatMap((p) => Array.from({ length: p.count }, (_, i) => `${p.pool}-${i}`));
const topicsOf = ({ topics = [] }: ClusterSpec): string[] => topics.map((t) => t.name);

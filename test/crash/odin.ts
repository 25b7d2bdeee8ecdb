/**
 * Odin's trials: each cluster lives through a provision, a change (one more broker, topic and
 * setting) and its end, each with something done to it. Most are tested under load.
 */
import type { ClusterSpec } from '../../contracts/spec.ts';
import { randomOf } from '../support/random.ts';
import { openBench } from './bench.ts';
import type { Wanted } from './cloud-check.ts';
import type { Moment, Scenario, VictimName } from './strike.ts';
import type { Suite } from './suite.ts';
import type { Trial } from './trial.ts';

/** In turn over a series. The lists' lengths have no common factor with the three of `moments`. */
const shaking: VictimName[] = [
  ...(['worker', 'broker', 'provider', 'load-worker', 'stop-broker', 'temporal', 'disk'] as const),
  ...(['everything', 'operation'] as const),
  ...(['broker', 'both', 'stop-worker', 'provider', 'api', 'stop-temporal', 'stop-load'] as const),
];
const ending: VictimName[] = [
  ...(['worker', 'provider', 'temporal', 'disk', 'both', 'broker', 'api', 'stop-worker'] as const),
];
const moments: Moment[] = ['before', 'during', 'after'];
const faultKinds = [
  'lost-answer',
  'lost-request',
  'throttle',
  'crash-before',
  'crash-after',
] as const;
const calls: Record<string, string[]> = {
  provision: ['createVolume', 'createInterface', 'runInstance', 'listInstances', 'listVolumes'],
  change: ['createVolume', 'createInterface', 'runInstance', 'listInterfaces'],
  destroy: ['terminateInstance', 'deleteVolume', 'deleteInterface', 'listVolumes'],
};
const operations = ['provision', 'change', 'destroy'] as const;
type Operation = (typeof operations)[number];

export const odin: Suite = {
  open: () => openBench({ likeStack: true, diskMiB: 512 }),
  trialsPerCluster: operations.length,
  trial: (options) => trialOf({ ...options, victims: { shaking, ending } }),
  farewell: farewellOf,
};

export interface TrialChoice {
  index: number;
  seed: number;
  stands: boolean;
  threeNodes: boolean;
  victims: { shaking: VictimName[]; ending: VictimName[] };
  /** Always by HTTP; default: where the API is what is struck. */
  viaApi?: boolean;
}

export function trialOf(choice: TrialChoice): Trial {
  const { index, seed, stands, threeNodes } = choice;
  const life = Math.floor(index / operations.length);
  const meant = operations[index % operations.length] ?? 'provision';
  // What was undone before is tried again, so that a series has the trials it was asked for.
  const operation: Operation = meant === 'destroy' && !stands ? 'provision' : meant;
  const cluster = `c${seed}-${life}`;
  const nodes = threeNodes ? 3 : 1;
  const gate = life % 5 !== 3;
  const spec = specOf(cluster, { nodes, wide: operation === 'change', gate });
  const standing = specOf(cluster, { nodes, wide: meant === 'destroy', gate });
  const none: Wanted = { slots: [], topics: [] };
  const scenario = scenarioOf(choice, { life, operation, gate });
  const gone = operation === 'destroy';
  return {
    scenario,
    cluster,
    viaApi: choice.viaApi ?? ['api', 'stop-api'].includes(scenario.victim),
    start: {
      cluster,
      type: gone ? 'destroyCluster' : 'provisionCluster',
      key: `${operation}-${index}`,
      input: gone ? { cluster, confirm: cluster } : { spec },
    },
    expect: { after: wantedOf(spec), before: stands ? wantedOf(standing) : none },
  };
}

function scenarioOf(
  { index, seed, victims }: TrialChoice,
  { life, operation, gate }: { life: number; operation: Operation; gate: boolean },
): Scenario {
  const random = randomOf(seed * 1_000_003 + index);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const quick = operation === 'destroy';
  // A change meets what a provision meets, half a list later.
  const turn = operation === 'change' ? life + Math.floor(victims.shaking.length / 2) : life;
  const victim = inTurn(quick ? victims.ending : victims.shaking, turn);
  const call = pick(calls[operation] ?? []);
  // What is made once is called once; only listings come up again and again.
  const nth = call.startsWith('list') && random() < 0.5 ? 2 : 1;
  const fault = { call, nth, kind: pick(faultKinds) };
  const loading = ['load-worker', 'stop-load'].includes(victim);
  const inGate = gate && !quick && (loading || random() < 0.5);
  return {
    operation,
    victim,
    moment: inGate ? 'gate' : inTurn(moments, life + index),
    where: random(),
    dice: random(),
    ...(quick ? { quick } : {}),
    ...(victim === 'provider' ? { fault } : {}),
  };
}

const inTurn = <T>(from: readonly T[], index: number): T => from[index % from.length] as T;

export function farewellOf(index: number, { cluster }: Trial): Trial {
  return {
    scenario: {
      ...{ operation: 'destroy', victim: 'provider', moment: 'before', where: 0, dice: 0 },
      quick: true,
    },
    cluster,
    viaApi: false,
    start: {
      ...{ cluster, type: 'destroyCluster', key: `farewell-${index}` },
      input: { cluster, confirm: cluster },
    },
    expect: { after: { slots: [], topics: [] }, before: { slots: [], topics: [] } },
  };
}

/** One broker-controller, or three; the wide one has a broker, a topic and a setting more. */
function specOf(
  name: string,
  { nodes, wide, gate }: { nodes: number; wide: boolean; gate: boolean },
): ClusterSpec {
  const type = { instanceType: 'local.small', diskGiB: 1 };
  const racks = ['rack-a', 'rack-b', 'rack-c'];
  const replicas = { partitions: 2, replicationFactor: nodes };
  return {
    name,
    kafka: { version: '4.3.1', config: wide ? { 'message.max.bytes': 2_000_000 } : {} },
    nodes: [
      { pool: 'main', count: nodes, roles: ['broker', 'controller'], racks, ...type },
      ...(wide ? [{ pool: 'extra', count: 1, roles: ['broker' as const], racks, ...type }] : []),
    ],
    topics: [{ name: 'first', ...replicas }, ...(wide ? [{ name: 'second', ...replicas }] : [])],
    loadTest: gate && load,
    protection: false,
  };
}

/** Small and lenient: a busy machine must not decide what a trial shows. */
const load = {
  rate: '300msg/s',
  messageBytes: 200,
  durationS: 4,
  warmupS: 1,
  thresholds: ['lost==0', 'errors==0'],
};

const wantedOf = ({ nodes, topics = [] }: ClusterSpec): Wanted => ({
  slots: nodes.flatMap((p) => Array.from({ length: p.count }, (_, i) => `${p.pool}-${i}`)),
  topics: topics.map((t) => t.name),
});

// biome-ignore-all lint/suspicious/noAssignInExpressions: a table of one-line mistakes reads best
/** What the planner refuses, and that it names the field and the remedy; the order of its input. */
import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot, PlanOptions } from '../../../contracts/rebalance.ts';
import { inputFaults, PlannerInputError } from '../../../domain/planner/input.ts';
import { planMoves } from '../../../domain/planner/plan.ts';
import {
  fromReassignmentJson,
  toReassignmentJson,
} from '../../../domain/planner/reassignment-json.ts';
import { randomOf } from '../../support/random.ts';
import { broker, brokers, part, standard, verified } from './clusters.ts';

const good = (): ClusterSnapshot => ({
  brokers: brokers(4),
  partitions: [part(0, [0, 1]), part(1, [1, 2]), part(2, [2, 3])],
});
type Spoil = (snapshot: ClusterSnapshot, options: PlanOptions) => void;
const loose = (value: unknown) => value as never;
const record = (value: unknown) => value as Record<string, unknown>;

const faults: [string, string, Spoil][] = [
  [
    'a load that is missing',
    'partitions[1].sizeBytes',
    (s) => delete record(s.partitions[1]).sizeBytes,
  ],
  [
    'a load that is NaN',
    'partitions[0].inBytesPerS',
    (s) => (s.partitions[0]!.inBytesPerS = Number.NaN),
  ],
  ['a negative load', 'partitions[0].cpuPct', (s) => (s.partitions[0]!.cpuPct = -1)],
  [
    'a load that is text',
    'partitions[0].outBytesPerS',
    (s) => (s.partitions[0]!.outBytesPerS = loose('5')),
  ],
  [
    'a capacity that is missing',
    'brokers[2].capacity.cpuPct',
    (s) => delete record(s.brokers[2]!.capacity).cpuPct,
  ],
  [
    'a capacity of nothing',
    'brokers[0].capacity.diskBytes',
    (s) => (s.brokers[0]!.capacity.diskBytes = 0),
  ],
  [
    'a capacity that is infinite',
    'brokers[0].capacity.diskBytes',
    (s) => (s.brokers[0]!.capacity.diskBytes = Infinity),
  ],
  ['a broker twice', 'brokers[4].id', (s) => void s.brokers.push(broker(1))],
  ['a partition twice', 'partitions[3]', (s) => void s.partitions.push(part(1, [0, 3]))],
  ['a replica twice', 'partitions[0].replicas', (s) => (s.partitions[0]!.replicas = [1, 1])],
  [
    'a partition without replicas',
    'partitions[0].replicas',
    (s) => (s.partitions[0]!.replicas = []),
  ],
  [
    'a broker id that is none',
    'partitions[0].replicas',
    (s) => (s.partitions[0]!.replicas = [0.5]),
  ],
  ['a rack that is empty', 'brokers[0].rack', (s) => (s.brokers[0]!.rack = '')],
  ['a leader that is no replica', 'partitions[0].leader', (s) => (s.partitions[0]!.leader = 3)],
  ['an ISR of strangers', 'partitions[0].inSync', (s) => (s.partitions[0]!.inSync = [3])],
  ['no brokers', 'brokers', (s) => void s.brokers.splice(0)],
  ['unknown dead brokers', 'deadBrokers[0]', (s) => (s.deadBrokers = [77])],
  ['unknown new brokers', 'newBrokers[0]', (s) => (s.newBrokers = [77])],
  [
    'lost replicas that are not there',
    'lostReplicas[0]',
    (s) => (s.lostReplicas = [{ topic: 't', partition: 0, broker: 3 }]),
  ],
  ['unknown excluded brokers', 'options.excludedBrokers[0]', (_, o) => (o.excludedBrokers = [77])],
  [
    'unknown destinations',
    'options.allowedDestinations[1]',
    (_, o) => (o.allowedDestinations = [1, 77]),
  ],
  ['unknown topics', 'options.excludedTopics[0]', (_, o) => (o.excludedTopics = ['tt'])],
  ['a pattern without match', 'options.excludedTopics[0]', (_, o) => (o.excludedTopics = ['x*'])],
  ['a bad budget', 'options.bytesOverBound', (_, o) => (o.bytesOverBound = -1)],
  ['a budget that is NaN', 'options.bytesOverBound', (_, o) => (o.bytesOverBound = Number.NaN)],
  ['a share above 1', 'options.limits.diskShare', (_, o) => (o.limits = { diskShare: 1.5 })],
  ['a throttle of nothing', 'options.throttleBytesPerS', (_, o) => (o.throttleBytesPerS = 0)],
  ['an option that is none', 'options.exludedTopics', (_, o) => (record(o).exludedTopics = [])],
  ['an intent that is none', 'options.intent', (_, o) => (o.intent = loose('improve'))],
  ['drain without brokers', 'options.brokers', (_, o) => (o.intent = 'drain')],
  [
    'drain of unknown brokers',
    'options.brokers[0]',
    (_, o) => Object.assign(o, { intent: 'drain', brokers: [77] }),
  ],
  ['brokers where they mean nothing', 'options.brokers', (_, o) => (o.brokers = [1])],
  ['add without new brokers', 'newBrokers', (_, o) => (o.intent = 'add')],
  [
    'a factor that is missing',
    'options.replicationFactor',
    (_, o) => (o.intent = 'replicationFactor'),
  ],
  ['directories without the risk', 'options.acceptLogDirRisk', (_, o) => (o.intent = 'logDirs')],
];

describe('the planner refuses', () => {
  it.each(faults)('%s, naming %s', (_, field, spoil) => {
    const snapshot = good();
    const options: PlanOptions = { intent: 'rebalance' };
    spoil(snapshot, options);
    const found = inputFaults(snapshot, options);
    expect(found.map((v) => v.field)).toContain(field);
    for (const v of found) expect(v.remedy).not.toBe('');
    expect(() => planMoves(snapshot, options)).toThrow(PlannerInputError);
  });

  it('nothing of a good input', () => {
    expect(inputFaults(good(), { intent: 'rebalance' })).toEqual([]);
  });
});

describe('what is lost or unknown is planned for', () => {
  it('a broker that only replica lists name is lost', () => {
    const snapshot = { brokers: brokers(4), partitions: [part(0, [9, 1]), part(1, [1, 9])] };
    const plan = verified(snapshot, { intent: 'heal' });
    expect(plan.moves).toBe(2);
    for (const r of plan.reassignments) expect(r.replicas).not.toContain(9);
  });

  it('a broker without a rack is a rack of its own', () => {
    const bare = brokers(4).map(({ rack: _, ...b }) => b);
    const snapshot = { brokers: bare, partitions: [part(0, [0, 1, 2])], deadBrokers: [2] };
    expect(verified(snapshot, { intent: 'heal' }).reassignments[0]?.replicas).toContain(3);
  });

  it('an unknown load is not balanced on, its limit not claimed, and the plan says so', () => {
    const snapshot = standard(10, 5, 1000, 'skew');
    for (const p of snapshot.partitions) p.outBytesPerS = 'unknown';
    const plan = verified(snapshot, { intent: 'rebalance' });
    expect(plan.unknownLoads).toEqual(['networkOut', 'cpu']);
    expect(plan.after.networkOut).toBeNull();
    expect(plan.after.disk?.maxOverMean).toBeLessThan(1.1);
    expect(plan.overLimit.map((o) => o.resource)).not.toContain('networkOut');
  });
});

describe('the order of the input', () => {
  it.each(['dead', 'skew', 'add'] as const)('never changes the plan: %s', (scenario) => {
    const intent = { dead: 'heal', skew: 'rebalance', add: 'add' } as const;
    const snapshot = standard(10, 5, 600, scenario);
    const first = planMoves(snapshot, { intent: intent[scenario] });
    const u = randomOf(5);
    const shuffled = <T>(list: T[]) =>
      list
        .map((x) => ({ x, key: u() }))
        .sort((a, b) => a.key - b.key)
        .map(({ x }) => x);
    const other = {
      ...snapshot,
      brokers: shuffled(snapshot.brokers),
      partitions: shuffled(snapshot.partitions),
    };
    expect(planMoves(other, { intent: intent[scenario] })).toEqual(first);
  });
});

describe('kafka-reassign-partitions’ file', () => {
  it('passes through, log directories included', () => {
    const list = [{ topic: 't', partition: 1, replicas: [1, 2], logDirs: ['/a', 'any'] }];
    expect(fromReassignmentJson(toReassignmentJson(list))).toEqual(list);
  });

  it.each([
    ['[]', 'one JSON object'],
    ['null', 'one JSON object'],
    ['{', 'no JSON'],
    ['{"version":2,"partitions":[]}', 'version'],
    ['{"version":1,"partitions":[]}', 'not empty'],
    ['{"partitions":[{"topic":1}]}', 'partitions[0].topic'],
    ['{"partitions":[null]}', 'partitions[0].topic'],
    ['{"partitions":[{"topic":"a","partition":0.5,"replicas":[1]}]}', 'partitions[0].partition'],
    ['{"partitions":[{"topic":"a","partition":0,"replicas":[]}]}', 'must not be empty'],
    ['{"partitions":[{"topic":"a","partition":0,"replicas":[1,1]}]}', 'broker 1 twice'],
    ['{"partitions":[{"topic":"a","partition":0,"replicas":["1"]}]}', 'list of broker ids'],
    ['{"partitions":[{"topic":"a","partition":0,"replicas":[1],"log_dirs":[]}]}', '0 paths for 1'],
    [
      '{"partitions":[{"topic":"a","partition":0,"replicas":[1]},{"topic":"a","partition":0,"replicas":[2]}]}',
      'a-0 is there twice',
    ],
  ])('is refused as Kafka does: %s', (text, place) => {
    expect(() => fromReassignmentJson(text)).toThrow(place);
  });
});

/** Plans that look odd and are right: the verifier must find nothing wrong with any of them. */
import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot, PlanOptions } from '../../../contracts/rebalance.ts';
import { broker, brokers, part, standard, verified } from './clusters.ts';

const some = (count: number, lists: number[][], more = {}) =>
  Array.from({ length: count }, (_, i) => part(i, lists[i % lists.length]!, more));
const odd: [string, ClusterSnapshot, PlanOptions][] = [
  ['one broker', { brokers: brokers(1), partitions: some(3, [[0]]) }, { intent: 'rebalance' }],
  ['no partitions', { brokers: brokers(3), partitions: [] }, { intent: 'rebalance' }],
  [
    'no partitions to heal',
    { brokers: brokers(3), partitions: [], deadBrokers: [1] },
    { intent: 'heal' },
  ],
  [
    'all brokers dead',
    { brokers: brokers(2), partitions: some(4, [[0, 1]]), deadBrokers: [0, 1] },
    { intent: 'heal' },
  ],
  [
    'all brokers dead, rebalanced',
    { brokers: brokers(2), partitions: some(4, [[0, 1]]), deadBrokers: [0, 1] },
    { intent: 'rebalance' },
  ],
  [
    'nowhere to go',
    { brokers: brokers(3), partitions: some(6, [[0, 1, 2]]), deadBrokers: [2] },
    { intent: 'heal' },
  ],
  [
    'nobody may receive',
    { brokers: brokers(4), partitions: some(6, [[0, 1]]), deadBrokers: [1] },
    { intent: 'heal', excludedBrokers: [0, 2, 3] },
  ],
  [
    'a topic that is excluded',
    { brokers: brokers(4), partitions: some(6, [[0, 1]]), deadBrokers: [0] },
    { intent: 'heal', excludedTopics: ['t'] },
  ],
  [
    'topics excluded by pattern',
    { brokers: brokers(4), partitions: some(6, [[0, 1]]), deadBrokers: [0] },
    { intent: 'heal', excludedTopics: ['*'] },
  ],
  ['one rack', { brokers: brokers(4, 1), partitions: some(8, [[0, 1]]) }, { intent: 'rebalance' }],
  [
    'more replicas than racks',
    { brokers: brokers(6, 2), partitions: some(9, [[0, 1, 2, 3]]) },
    { intent: 'rebalance' },
  ],
  [
    'a drain that heals a lost replica as well',
    {
      brokers: brokers(5),
      partitions: some(5, [[0, 1]]),
      lostReplicas: [{ topic: 't', partition: 1, broker: 1 }],
    },
    { intent: 'drain', brokers: [0] },
  ],
  [
    'a drain of all but one',
    { brokers: brokers(3), partitions: some(4, [[0], [1], [2]]) },
    { intent: 'drain', brokers: [0, 1] },
  ],
  [
    'a drain of everything',
    { brokers: brokers(3), partitions: some(4, [[0, 1]]) },
    { intent: 'drain', brokers: [0, 1, 2] },
  ],
  [
    'a demotion of the only replica',
    { brokers: brokers(3), partitions: some(4, [[0]]) },
    { intent: 'demote', brokers: [0] },
  ],
  [
    'a demotion of all replicas',
    { brokers: brokers(3), partitions: some(4, [[0, 1]]) },
    { intent: 'demote', brokers: [0, 1] },
  ],
  [
    'fit where everything is over',
    { brokers: brokers(2), partitions: some(9, [[0, 1]], { sizeBytes: 200 }) },
    { intent: 'fit' },
  ],
  [
    'fit with one replica each',
    { brokers: brokers(3), partitions: some(9, [[0]], { sizeBytes: 120 }) },
    { intent: 'fit' },
  ],
  [
    'an over-full rack that is not made worse',
    {
      brokers: [broker(0, 'a'), broker(1, 'a'), broker(2, 'a'), broker(3, 'b')],
      partitions: some(8, [[0, 1]]),
    },
    { intent: 'rebalance' },
  ],
  [
    'loads of nothing',
    {
      brokers: brokers(4),
      partitions: some(8, [[0, 1]], { sizeBytes: 0, inBytesPerS: 0, outBytesPerS: 0, cpuPct: 0 }),
    },
    { intent: 'rebalance' },
  ],
  [
    'loads unknown, every one',
    {
      brokers: brokers(4),
      partitions: some(8, [[0, 1]], {
        sizeBytes: 'unknown',
        inBytesPerS: 'unknown',
        outBytesPerS: 'unknown',
        cpuPct: 'unknown',
      }),
    },
    { intent: 'rebalance' },
  ],
  [
    'a capacity unknown',
    {
      brokers: [
        ...brokers(3),
        { ...broker(3), capacity: { ...broker(3).capacity, diskBytes: 'unknown' } },
      ],
      partitions: some(8, [[0, 1]]),
    },
    { intent: 'rebalance' },
  ],
  [
    'no racks',
    { brokers: brokers(4).map(({ rack: _, ...b }) => b), partitions: some(8, [[0, 1]]) },
    { intent: 'rebalance' },
  ],
  [
    'leaders elsewhere than preferred',
    { brokers: brokers(3), partitions: some(6, [[0, 1]], { leader: 1 }) },
    { intent: 'rebalance' },
  ],
  [
    'nobody leads',
    { brokers: brokers(3), partitions: some(3, [[0, 1]], { leader: null, inSync: [] }) },
    { intent: 'heal' },
  ],
  [
    'replicas behind',
    { brokers: brokers(4), partitions: some(8, [[0, 1, 2]], { inSync: [1] }) },
    { intent: 'rebalance' },
  ],
  [
    'the last one in sync is drained',
    { brokers: brokers(4), partitions: some(3, [[0, 1]], { inSync: [0] }) },
    { intent: 'drain', brokers: [0] },
  ],
  [
    'a broker that is not described',
    { brokers: brokers(4), partitions: some(4, [[7, 1]]) },
    { intent: 'heal' },
  ],
  [
    'racks in debt, repaired',
    { brokers: brokers(6, 3), partitions: some(6, [[0, 3, 1]]) },
    { intent: 'repairRacks' },
  ],
  [
    'racks in debt that nobody may repair',
    { brokers: brokers(4, 2), partitions: some(4, [[0, 2]]) },
    { intent: 'repairRacks', excludedBrokers: [1, 3] },
  ],
  [
    'a rack debt by choice',
    {
      brokers: [broker(0, 'a'), broker(1, 'b'), broker(2, 'b'), broker(3, 'a', 0.01)],
      partitions: some(4, [[0, 1]]),
      deadBrokers: [0],
    },
    { intent: 'heal', rackDebt: 'temporary' },
  ],
  [
    'a factor of three',
    { brokers: brokers(5), partitions: some(6, [[0], [1, 2]]) },
    { intent: 'replicationFactor', replicationFactor: 3 },
  ],
  [
    'a factor of one',
    {
      brokers: brokers(5),
      partitions: some(6, [
        [0, 1, 2],
        [1, 2],
      ]),
    },
    { intent: 'replicationFactor', replicationFactor: 1 },
  ],
  [
    'a factor beyond the brokers',
    { brokers: brokers(3), partitions: some(6, [[0]]) },
    { intent: 'replicationFactor', replicationFactor: 5 },
  ],
  [
    'topics spread, with leaders on each',
    { brokers: brokers(4), partitions: some(8, [[0, 1]]) },
    { intent: 'spreadTopics', minLeaders: 1 },
  ],
  [
    'brokers in sets',
    { brokers: brokers(4), partitions: some(6, [[0, 2]]) },
    { intent: 'brokerSets', brokerSets: [{ name: 's', brokers: [2, 3], topics: ['t'] }] },
  ],
  [
    'a set that is too small',
    { brokers: brokers(4), partitions: some(6, [[0, 1, 2]]) },
    { intent: 'brokerSets', brokerSets: [{ name: 's', brokers: [2, 3], topics: ['*'] }] },
  ],
  [
    'directories of a broker',
    {
      brokers: [
        {
          ...broker(0),
          logDirs: [
            { path: '/a', capacityBytes: 500 },
            { path: '/b', capacityBytes: 500 },
          ],
        },
        broker(1),
      ],
      partitions: some(8, [[0]], { logDirs: ['/a'] }),
    },
    { intent: 'logDirs', acceptLogDirRisk: true },
  ],
  ['one copy at a time', standard(10, 5, 200, 'skew'), { intent: 'rebalance', copiesPerBroker: 1 }],
  ['a budget of nothing', standard(10, 5, 200, 'skew'), { intent: 'rebalance', bytesOverBound: 0 }],
  ['evenness of loads', standard(10, 5, 200, 'skew'), { intent: 'rebalance', evenness: 'load' }],
  [
    'a limit of no leaders',
    { brokers: brokers(3), partitions: some(3, [[0, 1]]) },
    { intent: 'fit', limits: { leaders: 0 } },
  ],
];

describe('an odd plan that is right', () => {
  it.each(odd)('raises no false alarm: %s', (_, snapshot, options) => {
    expect(() => verified(snapshot, options)).not.toThrow();
  });

  it('there are at least thirty of them', () => expect(odd.length).toBeGreaterThanOrEqual(30));
});

describe('what else operators ask for', () => {
  it('a factor is raised over racks and lowered from the fullest', () => {
    const snapshot = { brokers: brokers(6, 3), partitions: some(9, [[0], [1], [2]]) };
    const plan = verified(snapshot, { intent: 'replicationFactor', replicationFactor: 3 });
    for (const r of plan.reassignments) {
      expect(new Set(r.replicas.map((id) => id % 3)).size).toBe(3);
    }
    expect(plan.moves).toBe(18);
  });

  it('rack debt is shown, and repairRacks removes it', () => {
    const snapshot = { brokers: brokers(6, 3), partitions: some(6, [[0, 3, 1]]) };
    expect(verified(snapshot, { intent: 'fit' }).rackDebt).toEqual({ before: 6, after: 6 });
    expect(verified(snapshot, { intent: 'repairRacks' }).rackDebt).toEqual({ before: 6, after: 0 });
  });

  it('a block tells what would allow it', () => {
    const full = {
      brokers: brokers(3),
      partitions: some(2, [[0, 1]], { sizeBytes: 700 }),
      deadBrokers: [0],
    };
    const plan = verified(full, { intent: 'heal' });
    expect(plan.blocked.map((b) => b.remedy).join()).toMatch(/needs 600 B of disk/);
  });

  it('topics are spread over brokers, and each broker leads some of them', () => {
    const snapshot = { brokers: brokers(4), partitions: some(8, [[0, 1]]) };
    const plan = verified(snapshot, { intent: 'spreadTopics', minLeaders: 1 });
    const after = new Map(snapshot.partitions.map((p) => [p.partition, p.replicas]));
    for (const r of plan.reassignments) after.set(r.partition, r.replicas);
    const held = [0, 1, 2, 3].map((b) => [...after.values()].filter((l) => l.includes(b)).length);
    const led = [0, 1, 2, 3].map((b) => [...after.values()].filter((l) => l[0] === b).length);
    expect(Math.max(...held)).toBe(4);
    expect(Math.min(...led)).toBeGreaterThanOrEqual(1);
  });
});

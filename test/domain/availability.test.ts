/**
 * May a node stop: a table of the cases that matter, and properties over generated clusters: what
 * is called safe leaves every partition readable, every writer served that a stop can leave served,
 * and a majority of the quorum; and a healthy cluster can always be rolled.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Availability,
  hazardOf,
  isFollowing,
  type PartitionState,
} from '../../domain/cluster/availability.ts';

const partition = (replicas: number[], isr = replicas, leader = isr[0] ?? -1): PartitionState => ({
  partition: 0,
  leader,
  replicas,
  isr,
});
const follows = (nodeId: number) => ({ nodeId, logEndOffset: 1_000n, sinceFetchMs: 100 });

interface Given {
  topics?: { [name: string]: PartitionState };
  minIsr?: Record<string, string>;
  clusterMinIsr?: string;
  voters?: Availability['quorum']['voters'];
  leaderId?: number;
}

function given({ topics = {}, minIsr = {}, clusterMinIsr, voters = [], leaderId }: Given) {
  const state: Availability = {
    topics: Object.entries(topics).map(([name, p]) => ({ name, partitions: [p] })),
    configs: new Map(
      Object.entries(minIsr).map(([name, value]) => [name, { 'min.insync.replicas': value }]),
    ),
    defaults: clusterMinIsr === undefined ? {} : { 'min.insync.replicas': clusterMinIsr },
    quorum: { leaderId: leaderId ?? voters[0]?.nodeId ?? -1, voters },
  };
  return state;
}

const all3 = partition([0, 1, 2]);
const table: [string, Given, string | undefined][] = [
  ['nothing is on it', {}, undefined],
  ['all replicas are in sync', { topics: { t: all3 }, clusterMinIsr: '2' }, undefined],
  [
    'one other is behind, and two are needed',
    { topics: { t: partition([0, 1, 2], [0, 1]) }, clusterMinIsr: '2' },
    't-0 would have 1 of 3 replicas in sync, needed 2 (min.insync.replicas 2)',
  ],
  [
    'it is itself out of sync and the others suffice',
    { topics: { t: partition([0, 1, 2], [1, 2]) }, clusterMinIsr: '2' },
    undefined,
  ],
  [
    'the topic says another number than the cluster',
    { topics: { t: partition([0, 1, 2], [0, 1]) }, clusterMinIsr: '2', minIsr: { t: '1' } },
    undefined,
  ],
  [
    'it is the last in sync, though one would be enough',
    { topics: { t: partition([0, 1], [0]) } },
    't-0 would have 0 of 2 replicas in sync, needed 1 (min.insync.replicas 1)',
  ],
  [
    'as many must be in sync as there are: the others must all be',
    { topics: { t: partition([0, 1], [0]) }, clusterMinIsr: '2' },
    't-0 would have 0 of 2 replicas in sync, needed 1 (min.insync.replicas 2)',
  ],
  [
    'as many must be in sync as there are, and they are: no stop can spare writers',
    { topics: { t: partition([0, 1]) }, clusterMinIsr: '2' },
    undefined,
  ],
  ['it has the only replica: no stop can spare it', { topics: { t: partition([0]) } }, undefined],
  [
    'a partition on it has no leader',
    { topics: { t: partition([0, 1, 2], [1], -1) } },
    't-0 has no leader',
  ],
  ['a partition elsewhere has none', { topics: { t: partition([1], [], -1) } }, undefined],
  ['three voters follow', { voters: [0, 1, 2].map(follows) }, undefined],
  [
    'one of the two other voters is silent',
    { voters: [follows(0), follows(1), { ...follows(2), sinceFetchMs: 5_000 }] },
    '1 of the other voters follow the metadata log, needed 2 (behind: 2)',
  ],
  [
    'one of the two other voters is far behind',
    { voters: [follows(1), follows(0), { ...follows(2), logEndOffset: 900n }] },
    '1 of the other voters follow the metadata log, needed 2 (behind: 2)',
  ],
  [
    'it is silent itself, and the others follow',
    { voters: [follows(1), follows(2), { ...follows(0), sinceFetchMs: 5_000 }] },
    undefined,
  ],
  [
    'the quorum has no leader',
    { voters: [0, 1, 2].map(follows), leaderId: -1 },
    '0 of the other voters follow the metadata log, needed 2 (behind: 1, 2)',
  ],
  ['it is no voter', { voters: [1, 2, 3].map(follows), leaderId: -1 }, undefined],
  ['it is the only voter: no stop can spare it', { voters: [follows(0)] }, undefined],
  ['of five voters three others follow', { voters: [0, 1, 2, 3].map(follows) }, undefined],
];

describe('node 0 and its stop when', () => {
  it.each(table)('%s', (_, state, text) => {
    expect(hazardOf(given(state), 0)?.text).toBe(text);
  });

  it('Kafka does not tell the partitions of a topic', () => {
    const state = given({});
    state.topics.push({ name: 'dark', partitions: [], unknown: 'UNKNOWN_SERVER_ERROR' });
    expect(hazardOf(state, 0)).toEqual({
      kind: 'unknown',
      text: 'Kafka does not tell the partitions of dark: UNKNOWN_SERVER_ERROR',
    });
  });
});

/** A cluster of brokers that vote, with partitions in any state that Kafka can be in. */
const clusters = fc.integer({ min: 1, max: 6 }).chain((count) => {
  const ids = Array.from({ length: count }, (_, i) => i);
  const part = fc
    .subarray(ids, { minLength: 1 })
    .chain((replicas) => fc.record({ replicas: fc.constant(replicas), isr: fc.subarray(replicas) }))
    .map(({ replicas, isr }) => partition(replicas, isr));
  return fc.record({
    ids: fc.constant(ids),
    topics: fc.array(fc.record({ part, minIsr: fc.integer({ min: 1, max: 4 }) }), { maxLength: 8 }),
    silent: fc.subarray(ids),
    leaderId: fc.constantFrom(-1, ...ids),
    nodeId: fc.constantFrom(...ids),
  });
});
type Generated = typeof clusters extends fc.Arbitrary<infer T> ? T : never;

const stateOf = ({ ids, topics, silent, leaderId }: Generated): Availability =>
  given({
    topics: Object.fromEntries(topics.map(({ part }, i) => [`t${i}`, part])),
    minIsr: Object.fromEntries(topics.map(({ minIsr }, i) => [`t${i}`, String(minIsr)])),
    voters: ids.map((id) => ({ ...follows(id), sinceFetchMs: silent.includes(id) ? 9_999 : 0 })),
    leaderId,
  });

describe('over generated clusters', () => {
  it('a stop that is called safe leaves what a stop can leave', () => {
    let safe = 0;
    const property = fc.property(clusters, (generated) => {
      const { nodeId, topics, ids } = generated;
      const state = stateOf(generated);
      if (hazardOf(state, nodeId)) return;
      safe += 1;
      for (const { part, minIsr } of topics.filter((t) => t.part.replicas.includes(nodeId))) {
        const left = part.isr.filter((id) => id !== nodeId);
        if (part.replicas.length > 1) expect(left.length).toBeGreaterThan(0);
        if (part.replicas.length > minIsr) expect(left.length).toBeGreaterThanOrEqual(minIsr);
      }
      const others = ids.filter((id) => id !== nodeId && isFollowing(state.quorum, id));
      if (ids.length > 2) expect(others.length * 2).toBeGreaterThan(ids.length);
    });
    fc.assert(property, { numRuns: 3_000 });
    expect(safe).toBeGreaterThan(300);
  });

  it('a hazard is never invented: where all is in sync and follows, every node may stop', () => {
    fc.assert(
      fc.property(clusters, (generated) => {
        const whole: Generated = {
          ...generated,
          topics: generated.topics.map((t) => ({ ...t, part: partition(t.part.replicas) })),
          silent: [],
          leaderId: 0,
        };
        for (const id of generated.ids) expect(hazardOf(stateOf(whole), id)).toBeUndefined();
      }),
    );
  });

  it('what gets worse never makes a stop safe', () => {
    fc.assert(
      fc.property(clusters, fc.nat(), (generated, dice) => {
        const { nodeId, topics } = generated;
        if (!hazardOf(stateOf(generated), nodeId)) return;
        const at = topics[dice % Math.max(1, topics.length)];
        const lost = at?.part.isr.find((id) => id !== nodeId);
        const worse = topics.map((t) =>
          t === at && lost !== undefined
            ? {
                ...t,
                part: partition(
                  t.part.replicas,
                  t.part.isr.filter((id) => id !== lost),
                ),
              }
            : t,
        );
        expect(hazardOf(stateOf({ ...generated, topics: worse }), nodeId)).toBeDefined();
      }),
    );
  });
});

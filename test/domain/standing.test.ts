/** The plan held against the world: what is missing is named, what changed is noticed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KafkaLook, MachineLook, PlannedNode, Standing } from '../../contracts/standing.ts';
import {
  brokersAllDown,
  changesSince,
  isHopeless,
  missingOf,
  patientWith,
} from '../../domain/cluster/standing.ts';
import { olderTests, testIdOf, testName } from '../../domain/load/leftovers.ts';

const nodes: PlannedNode[] = [
  { slot: 'main-0', nodeId: 0, roles: ['broker', 'controller'] },
  { slot: 'main-1', nodeId: 1, roles: ['broker', 'controller'] },
  { slot: 'main-2', nodeId: 2, roles: ['broker', 'controller'] },
  { slot: 'ctl-0', nodeId: 3, roles: ['controller'] },
];
const brokers = [0, 1, 2];
const machine = (slot: string): MachineLook => ({
  slot,
  id: `i-${slot}`,
  state: 'running',
  run: `${slot}@1`,
});
const kafka = (change: Partial<KafkaLook> = {}): KafkaLook => ({
  answered: brokers,
  brokers,
  silent: [],
  behind: [],
  lead: [0, 1, 2].map((leader) => ({ leader, epoch: 0 })),
  ...change,
});
const standing = (change: Partial<Standing> = {}): Standing => ({
  at: '2026-01-01T10:00:00.000Z',
  machines: nodes.map((n) => machine(n.slot)),
  kafka: kafka(),
  ...change,
});
const withMachine = (slot: string, change: Partial<MachineLook>): Standing =>
  standing({
    machines: nodes.map((n) => ({ ...machine(n.slot), ...(n.slot === slot ? change : {}) })),
  });
const without = (gone: number): Partial<Standing> => ({
  kafka: kafka({
    answered: brokers.filter((id) => id !== gone),
    brokers: brokers.filter((id) => id !== gone),
    silent: [{ nodeId: gone, reason: 'connection refused', refused: true }],
  }),
});

describe('what is missing', () => {
  it('is nothing when every machine runs and every broker answers', () => {
    expect(missingOf(nodes, standing())).toEqual([]);
  });

  it('is named with its machine when a broker died', () => {
    const { machines = [] } = withMachine('main-2', {
      state: 'stopped',
      reason: 'it ended; kafka.log: a long tail',
    });
    expect(missingOf(nodes, standing({ ...without(2), machines }))).toEqual([
      'broker 2 (main-2): not registered and silent (connection refused); ' +
        'its machine is stopped (it ended)',
    ]);
  });

  const silent = { nodeId: 1, reason: 'no answer', refused: false };
  it.each([
    [
      'a broker that stands still, before Kafka fences it',
      standing({ kafka: kafka({ silent: [silent] }) }),
      'broker 1 (main-1): does not answer (no answer); its machine is running',
    ],
    [
      'a broker that only some know',
      standing({
        kafka: kafka({ blind: [{ nodeId: 1, lacks: [0] }] }),
      }),
      'broker 0 (main-0): not known to main-1; its machine is running',
    ],
    [
      'a replica that is out of sync',
      standing({ kafka: kafka({ behind: [{ nodeId: 2, partitions: 4, first: 'a-1' }] }) }),
      'broker 2 (main-2): not in sync for 4 partitions, first a-1; its machine is running',
    ],
    [
      'a replica on a broker that is not in the plan',
      standing({ kafka: kafka({ behind: [{ nodeId: 9, partitions: 1, first: 'a-0' }] }) }),
      'broker 9 (not in the plan): not in sync for 1 partitions, first a-0',
    ],
    [
      'a broker that does not know the topic yet',
      standing({ kafka: kafka({ withoutTopic: [1] }) }),
      'broker 1 (main-1): does not know the test’s topic; its machine is running',
    ],
    [
      'a partition that nobody leads',
      standing({ kafka: kafka({ leaderless: { partitions: 1, first: 'b-0' } }) }),
      '1 partitions have no leader, first b-0',
    ],
    [
      'a controller whose machine is stopped',
      withMachine('ctl-0', { state: 'stopped' }),
      'controller 3 (ctl-0): its machine is stopped',
    ],
    [
      'a node without a machine',
      standing({ machines: nodes.slice(0, 3).map((n) => machine(n.slot)) }),
      'controller 3 (ctl-0): it has no machine',
    ],
  ])('%s', (_, look, text) => {
    expect(missingOf(nodes, look)).toEqual([text]);
  });

  it('is said when nobody can be asked at all', () => {
    const { machines: _, kafka: __, ...at } = standing();
    const found = missingOf(nodes, { ...at, machinesError: 'throttled', kafkaError: 'closed' });
    expect(found[0]).toBe('the machines could not be looked at: throttled');
    expect(found.filter((text) => text.includes('could not be asked (closed)'))).toHaveLength(3);
  });

  it('names every node that is gone, whatever else is told', () => {
    fc.assert(
      fc.property(fc.subarray([0, 1, 2, 3]), fc.boolean(), (gone, told) => {
        const left = brokers.filter((id) => !gone.includes(id));
        const look = standing({
          machines: nodes.filter((n) => !gone.includes(n.nodeId)).map((n) => machine(n.slot)),
          kafka: kafka({
            answered: left,
            brokers: told ? left : brokers,
            silent: gone
              .filter((id) => id < 3)
              .map((nodeId) => ({ nodeId, reason: 'reset', refused: false })),
          }),
        });
        const found = missingOf(nodes, look);
        for (const { nodeId, slot } of nodes) {
          const named = found.some((text) => text.includes(` ${nodeId} (${slot}): `));
          expect(named).toBe(gone.includes(nodeId));
        }
      }),
    );
  });
});

describe('what changed', () => {
  it('is nothing when every node is the same', () => {
    expect(changesSince(nodes, standing(), { ...standing(), at: 'later' })).toEqual([]);
  });

  it.each([
    ['started again', { run: 'main-1@2' }, 'broker 1 (main-1): its machine was started again'],
    [
      'replaced',
      { id: 'i-new' },
      'broker 1 (main-1): its machine was replaced (i-main-1, now i-new)',
    ],
  ])('is a machine that was %s, though all stand', (_, change, text) => {
    const now = withMachine('main-1', change);
    expect(missingOf(nodes, now)).toEqual([]);
    expect(changesSince(nodes, standing(), now)).toEqual([text]);
  });

  it('is a lead that was lost and came back, where the machine tells nothing', () => {
    const lead = [
      { leader: 0, epoch: 0 },
      { leader: 1, epoch: 2 },
      { leader: 0, epoch: 1 },
    ];
    expect(changesSince(nodes, standing(), standing({ kafka: kafka({ lead }) }))).toEqual([
      'broker 1 (main-1): lost the lead of 1 partitions',
      'broker 2 (main-2): lost the lead of 1 partitions',
    ]);
  });

  it('is not told where one of the looks cannot tell', () => {
    const { lead: _, ...blind } = kafka();
    expect(changesSince(nodes, standing({ kafka: blind }), standing())).toEqual([]);
    const { run: __, ...unmarked } = machine('main-0');
    const before = standing({
      machines: [unmarked, ...nodes.slice(1).map((n) => machine(n.slot))],
    });
    expect(changesSince(nodes, before, standing())).toEqual([]);
  });
});

describe('waiting', () => {
  it('is in vain when a machine is down or gone, not while one boots', () => {
    expect(isHopeless(nodes, standing())).toBe(false);
    expect(isHopeless(nodes, withMachine('main-0', { state: 'pending' }))).toBe(false);
    expect(isHopeless(nodes, withMachine('main-0', { state: 'stopped' }))).toBe(true);
    expect(isHopeless(nodes, standing({ machines: [] }))).toBe(true);
  });

  it('is over for a test when no broker’s machine is up, however many controllers run', () => {
    const withStates = (...states: MachineLook['state'][]) =>
      standing({
        machines: nodes.map(({ slot }, i) => ({ ...machine(slot), state: states[i] ?? 'running' })),
      });
    const stopped = withStates('stopped', 'stopped', 'stopped', 'running');
    expect(brokersAllDown(nodes, stopped)).toEqual([
      'broker 0 (main-0): its machine is stopped',
      'broker 1 (main-1): its machine is stopped',
      'broker 2 (main-2): its machine is stopped',
    ]);
    expect(brokersAllDown(nodes, standing({ machines: [] }))).toHaveLength(3);
    expect(brokersAllDown(nodes, withStates('stopped', 'stopped', 'pending'))).toEqual([]);
    expect(brokersAllDown(nodes, withStates('stopped', 'running', 'stopped'))).toEqual([]);
    const { machines: _, ...unknown } = stopped;
    expect(brokersAllDown(nodes, unknown)).toEqual([]);
    expect(brokersAllDown([], stopped)).toEqual([]);
  });

  it('believes one late answer, not two, and no refused connection', () => {
    const silence = (refused: boolean) =>
      standing({ kafka: kafka({ silent: [{ nodeId: 1, reason: 'late', refused }] }) });
    const late = silence(false);
    expect(missingOf(nodes, patientWith(late, standing()))).toEqual([]);
    expect(missingOf(nodes, patientWith(late, undefined))).toEqual([]);
    expect(missingOf(nodes, patientWith(late, late))).toHaveLength(1);
    expect(missingOf(nodes, patientWith(silence(true), undefined))).toHaveLength(1);
  });
});

describe('names of a load test', () => {
  const at = (startedAtMs: number) =>
    testIdOf({ startedAtMs, runId: '0199aabb-ccdd-7eee-8fff-001122334455' });

  it('tell whose an older test’s are, and never take a younger one’s or a stranger’s', () => {
    const mine = at(1_800_000_000_000);
    const older = testName(at(1_799_999_999_000));
    const younger = testName(at(1_800_000_001_000));
    const names = [older, younger, testName(mine), 'asgard-load-0199aabb', 'orders', 'asgard-x'];
    expect(olderTests(names, mine)).toEqual([older, 'asgard-load-0199aabb']);
  });
});

/**
 * The planner and its verifier over generated clusters: they never disagree, every refusal names
 * its rule, and mistakes put in on purpose are caught.
 */
import { describe, expect, it } from 'vitest';
import { generate, sha256 } from '../../bench/lib/generator.ts';
import {
  explainPlan,
  fromReassignmentJson,
  toReassignmentJson,
} from '../../domain/planner/explain.ts';
import { planMoves } from '../../domain/planner/plan.ts';
import type {
  ClusterSnapshot,
  Intent,
  MovePlan,
  PlanOptions,
} from '../../domain/planner/snapshot.ts';
import { verifyPlan } from '../../domain/planner-verifier/verify.ts';
import { randomOf } from '../support/random.ts';

const intents: Intent[] = ['heal', 'drain', 'add', 'demote', 'rebalance', 'fit'];

/** A small cluster with awkward features, and an intent; both from one seed. */
function awkward(seed: number): { snapshot: ClusterSnapshot; options: PlanOptions } {
  const u = randomOf(seed);
  const int = (low: number, high: number) => low + Math.floor(u() * (high - low + 1));
  const n = int(1, 12);
  const racks = int(1, Math.min(n, 5));
  const rf = int(1, Math.min(n, 4));
  const tight = u() < 0.25 ? 0.2 : 1;
  const brokers = Array.from({ length: n }, (_, id) => {
    const k = (u() < 0.2 ? 2 : 1) * tight;
    const capacity = {
      diskMB: 9000 * k,
      networkInKBps: 900 * k,
      networkOutKBps: 2500 * k,
      cpuPct: 100,
    };
    return { id: id * 3, rack: `r${u() < 0.8 ? id % racks : int(0, racks - 1)}`, capacity };
  });
  const partitions = Array.from({ length: int(0, 60) }, (_, i) => {
    const ids = brokers.map((b) => b.id);
    const replicas = Array.from({ length: rf }, () => ids.splice(int(0, ids.length - 1), 1)[0]!);
    const inflow = u() < 0.1 ? 0 : u() * 20;
    return {
      topic: `t${i % 5}`,
      partition: i,
      replicas,
      sizeMB: u() < 0.1 ? 0 : u() * 300,
      bytesInKBps: inflow,
      bytesOutKBps: inflow * int(0, 4),
      cpuPct: u() * 3,
    };
  });
  const some = (p: number) => brokers.filter(() => u() < p).map((b) => b.id);
  const intent = intents[seed % intents.length]!;
  const dead = intent === 'heal' ? some(0.25) : u() < 0.1 ? some(0.1) : [];
  const held = new Set(partitions.flatMap((p) => p.replicas));
  const empty = brokers.map((b) => b.id).filter((id) => !held.has(id));
  const snapshot: ClusterSnapshot = {
    brokers,
    partitions,
    deadBrokers: dead,
    newBrokers: intent === 'add' ? empty : [],
    lostReplicas: intent === 'heal' && u() < 0.3 ? lostOf(partitions, u) : [],
  };
  const options: PlanOptions = {
    intent,
    ...(intent === 'drain' || intent === 'demote' ? { brokers: some(0.3) } : {}),
    ...(u() < 0.2 ? { excludedTopics: ['t1'] } : {}),
    ...(u() < 0.2 ? { excludedBrokers: some(0.3) } : {}),
    ...(u() < 0.15 ? { allowedDestinations: some(0.6) } : {}),
    ...(u() < 0.2 ? { limits: { leaders: int(1, 30), replicas: int(5, 60) } } : {}),
  };
  return { snapshot, options };
}

const lostOf = (partitions: ClusterSnapshot['partitions'], u: () => number) =>
  partitions
    .filter(() => u() < 0.1)
    .map(({ topic, partition, replicas }) => ({ topic, partition, broker: replicas[0]! }));

/** All ten thousand take about twenty seconds of CPU; ASGARD_PLANS asks for more or fewer. */
const plans = Number(process.env.ASGARD_PLANS ?? 10_000);

describe('the planner and the verifier', () => {
  it(`never disagree over ${plans} generated plans`, () => {
    for (let seed = 1; seed <= plans; seed++) {
      const { snapshot, options } = awkward(seed);
      const plan = planMoves(snapshot, options);
      const wrong = verifyPlan(snapshot, options, plan);
      if (wrong.length > 0) expect({ seed, intent: options.intent, wrong }).toEqual({});
    }
  }, 300_000);

  it('agree on the standard clusters and on others', () => {
    const requests = [
      { brokers: 10, racks: 5, partitions: 1000 },
      { brokers: 30, racks: 3, partitions: 2000, seed: 7 },
      { brokers: 12, racks: 4, partitions: 600, rf: 2, seed: 3 },
    ];
    for (const request of requests) {
      for (const [scenario, intent] of Object.entries({
        dead: 'heal',
        skew: 'rebalance',
        add: 'add',
      })) {
        const text = generate({ ...request, scenario: scenario as 'dead' });
        const snapshot = JSON.parse(text) as ClusterSnapshot;
        const options = { intent: intent as Intent };
        expect(verifyPlan(snapshot, options, planMoves(snapshot, options))).toEqual([]);
      }
    }
  });
});

describe('a plan', () => {
  const cluster = (scenario: 'dead' | 'skew' | 'add') =>
    JSON.parse(generate({ brokers: 50, racks: 5, partitions: 10000, scenario })) as ClusterSnapshot;

  it('is the same for the same input', () => {
    const skew = cluster('skew');
    const first = planMoves(skew, { intent: 'rebalance' });
    expect(planMoves(structuredClone(skew), { intent: 'rebalance' })).toEqual(first);
  });

  it('of healing moves exactly what was lost, and evens leadership for free', () => {
    const plan = planMoves(cluster('dead'), { intent: 'heal' });
    expect(plan.movedMB).toBeCloseTo(plan.lowerBoundMB, 6);
    expect(plan.after.networkOut.maxOverMean).toBeLessThanOrEqual(1.11);
    expect(plan.leadershipOnly).toBeLessThanOrEqual(16);
  });

  it('of rebalancing is near its bound and even in every load', () => {
    const plan = planMoves(cluster('skew'), { intent: 'rebalance' });
    expect(plan.movedMB / plan.lowerBoundMB).toBeLessThanOrEqual(1.12 + 1e-9);
    for (const name of ['disk', 'networkIn', 'networkOut', 'leaders'] as const) {
      expect(plan.after[name].maxOverMean, name).toBeLessThanOrEqual(1.09);
    }
  });

  it('of adding brokers moves only to them', () => {
    const plan = planMoves(cluster('add'), { intent: 'add' });
    expect(plan.movedMB / plan.lowerBoundMB).toBeLessThanOrEqual(1.05);
    for (const name of ['disk', 'networkIn', 'networkOut', 'leaders'] as const) {
      expect(plan.after[name].maxOverMean, name).toBeLessThanOrEqual(1.09);
    }
  });

  it('of draining empties the broker with exactly its bytes', () => {
    const snapshot = cluster('skew');
    const plan = planMoves(snapshot, { intent: 'drain', brokers: [30] });
    expect(plan.blocked).toEqual([]);
    expect(plan.movedMB).toBeCloseTo(plan.lowerBoundMB, 6);
    const after = plan.reassignments.flatMap((r) => r.replicas);
    expect(after).not.toContain(30);
  });

  it('of demoting moves no byte', () => {
    const plan = planMoves(cluster('skew'), { intent: 'demote', brokers: [0] });
    expect(plan.movedMB).toBe(0);
    expect(plan.leadershipOnly).toBeGreaterThan(0);
  });

  it('of fitting brings every broker under its limits, near the bound', () => {
    const snapshot = cluster('skew');
    const before = planMoves(snapshot, { intent: 'demote', brokers: [] });
    expect(before.overLimit.length).toBeGreaterThan(0);
    const plan = planMoves(snapshot, { intent: 'fit' });
    expect(plan.overLimit).toEqual([]);
    expect(plan.movedMB / plan.lowerBoundMB).toBeLessThanOrEqual(1.1);
  });

  it('places what can be placed, and names the rule for the rest', () => {
    const capacity = { diskMB: 100, networkInKBps: 100, networkOutKBps: 100, cpuPct: 100 };
    const broker = (id: number, rack: string) => ({ id, rack, capacity });
    const partition = (p: number, replicas: number[], sizeMB: number) => ({
      ...{ topic: 't', partition: p, replicas, sizeMB },
      ...{ bytesInKBps: 0, bytesOutKBps: 0, cpuPct: 0 },
    });
    const snapshot: ClusterSnapshot = {
      brokers: [broker(1, 'a'), broker(2, 'b'), broker(3, 'b')],
      partitions: [partition(0, [1, 2], 10), partition(1, [1, 2], 90), partition(2, [3, 1], 5)],
      deadBrokers: [2],
    };
    const plan = planMoves(snapshot, { intent: 'heal' });
    expect(plan.reassignments).toEqual([{ topic: 't', partition: 0, replicas: [1, 3] }]);
    expect(plan.blocked).toMatchObject([{ partition: 1, broker: 2, rule: 'limit' }]);
  });

  it('reads well, and passes through Kafka’s own file', () => {
    const plan = planMoves(cluster('dead'), { intent: 'heal' });
    expect(explainPlan(plan)).toMatch(/^heal: 570 replica moves, \d+ leader changes/);
    expect(explainPlan(plan)).toContain('ratio 1.000');
    expect(fromReassignmentJson(toReassignmentJson(plan.reassignments))).toEqual(
      plan.reassignments,
    );
    expect(() => fromReassignmentJson('{"partitions":[{"topic":1}]}')).toThrow(
      'partitions[0].topic',
    );
  });
});

describe('a mistake put into a plan', () => {
  const snapshot = JSON.parse(
    generate({ brokers: 10, racks: 5, partitions: 1000, scenario: 'dead' }),
  ) as ClusterSnapshot;
  const options: PlanOptions = { intent: 'heal' };
  const mistakes: [string, (plan: MovePlan) => void][] = [
    ['a replica lost', (plan) => void plan.reassignments[0]?.replicas.pop()],
    [
      'a broker twice',
      (plan) => {
        const first = plan.reassignments[0]!;
        first.replicas[1] = first.replicas[0]!;
      },
    ],
    [
      'a broker that is dead',
      (plan) => {
        plan.reassignments[0]!.replicas[0] = 5;
      },
    ],
    [
      'a broker that does not exist',
      (plan) => {
        plan.reassignments[0]!.replicas[0] = 99;
      },
    ],
    [
      'two replicas in one rack',
      (plan) => {
        const { replicas } = plan.reassignments[0]!;
        replicas[0] = ((replicas[1] ?? 0) + 5) % 10;
      },
    ],
    [
      'a partition that does not exist',
      (plan) => {
        plan.reassignments[0]!.partition = 1_000_000;
      },
    ],
    ['a change forgotten', (plan) => void plan.reassignments.shift()],
    [
      'bytes told wrongly',
      (plan) => {
        plan.movedMB -= 100;
      },
    ],
    [
      'a load told wrongly',
      (plan) => {
        plan.after.networkOut.maxOverMean -= 0.05;
      },
    ],
    ['a change in no batch', (plan) => void plan.batches.pop()],
    [
      'a replica taken from a healthy broker',
      (plan) => {
        const other = snapshot.partitions.find((p) => !p.replicas.includes(5))!;
        const to = [0, 1, 2, 3, 4, 6, 7, 8, 9].find(
          (b) => !other.replicas.some((r) => r % 5 === b % 5),
        )!;
        const replicas = [...other.replicas.slice(0, -1), to];
        plan.reassignments.push({ topic: other.topic, partition: other.partition, replicas });
      },
    ],
  ];

  it.each(mistakes)('is caught: %s', (_, spoil) => {
    const plan = planMoves(snapshot, options);
    expect(verifyPlan(snapshot, options, plan)).toEqual([]);
    spoil(plan);
    expect(verifyPlan(snapshot, options, plan)).not.toEqual([]);
  });

  it('is caught when a limit is broken', () => {
    const tight: PlanOptions = { ...options, limits: { diskShare: 0.3 } };
    const plan = planMoves(snapshot, options);
    expect(verifyPlan(snapshot, tight, plan).join()).toMatch(/over its limit/);
  });
});

describe('the generator', () => {
  it.each([
    [10, 5, 1000, 'a8ea36bcef3b', '17bb2890da1f', '3e0ee3b566b3'],
    [50, 5, 10000, '979c8c46d0e0', '451b503c671e', '1b4786d5bb80'],
    [100, 10, 20000, 'ae4afd703f41', '4c2871e35074', '2701ef5c6234'],
  ])(
    'makes the same bytes as the original at %d/%d/%d',
    (brokers, racks, partitions, ...hashes) => {
      const made = (['dead', 'skew', 'add'] as const).map((scenario) =>
        sha256(generate({ brokers, racks, partitions, scenario })).slice(0, 12),
      );
      expect(made).toEqual(hashes);
    },
  );
});

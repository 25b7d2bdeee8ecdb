/** Each finding of the planner's review, by its letter, as a behaviour that holds. */
import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot } from '../../../contracts/rebalance.ts';
import { planMoves } from '../../../domain/planner/plan.ts';
import { broker, brokers, listsAfter, part, reviewed, standard, verified } from './clusters.ts';

const racksOf = (snapshot: ClusterSnapshot, ids: number[]) => {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const rack = snapshot.brokers.find((b) => b.id === id)?.rack ?? '';
    counts.set(rack, (counts.get(rack) ?? 0) + 1);
  }
  return [...counts.values()].sort((a, b) => b - a);
};

describe('the review’s findings', () => {
  it('counts: replicas stay within 10 % after skew and add', () => {
    for (const [scenario, intent] of [
      ['skew', 'rebalance'],
      ['add', 'add'],
    ] as const) {
      const plan = verified(standard(50, 5, 10000, scenario), { intent });
      expect(plan.after.replicas?.maxOverMean).toBeLessThanOrEqual(1.1);
      expect(plan.moves).toBeLessThanOrEqual(scenario === 'skew' ? 5042 : 2855);
    }
  });

  it('A: with more replicas than racks no partition loses a rack', () => {
    const { snapshot, options } = reviewed('R4b-rf4-3racks-loses-rack');
    const lists = listsAfter(snapshot, verified(snapshot, options));
    for (const ids of lists.values()) expect(racksOf(snapshot, ids)).toEqual([2, 1, 1]);
  });

  it('A: heal restores onto three racks where three are possible', () => {
    const snapshot = {
      brokers: brokers(9, 3),
      partitions: Array.from({ length: 20 }, (_, i) => part(i, [0, 3, 1, 2])),
      deadBrokers: [2],
    };
    for (const r of verified(snapshot, { intent: 'heal' }).reassignments) {
      expect(racksOf(snapshot, r.replicas)).toEqual([2, 1, 1]);
    }
  });

  it('B: leadership never goes to a replica on a failed directory', () => {
    const { snapshot, options } = reviewed('R1-heal-leads-lost-replica');
    const lost = new Set(
      snapshot.lostReplicas?.map((r) => `${r.topic}-${r.partition}@${r.broker}`),
    );
    for (const intent of ['heal', 'rebalance', 'fit'] as const) {
      for (const r of verified(snapshot, { ...options, intent }).reassignments) {
        expect(lost.has(`${r.topic}-${r.partition}@${r.replicas[0]}`)).toBe(false);
      }
    }
  });

  it('C: what has no source is blocked and told, not copied', () => {
    const { snapshot, options } = reviewed('T7-heal-without-source');
    const plan = verified(snapshot, options);
    const blocked = plan.blocked.filter((b) => b.rule === 'no-source');
    expect(blocked.length).toBeGreaterThan(0);
    for (const b of blocked) expect(b.message).toMatch(/data is lost unless broker \d+/);
  });

  it('D: uneven racks come out as even as they allow', () => {
    for (const n of [7, 8, 10, 11, 16, 20]) {
      const snapshot = standard(n, 3, 4000, 'skew', 3);
      const plan = verified(snapshot, { intent: 'rebalance' });
      const { maxOverMean, forcedOverMean } = plan.after.disk!;
      expect({ n, ok: maxOverMean / forcedOverMean <= 1.05 }).toEqual({ n, ok: true });
    }
  });

  it('E: one broker added to nine on three racks is filled as far as racks allow', () => {
    const snapshot = standard(9, 3, 600, 'add');
    const plan = verified(snapshot, { intent: 'add' });
    const fresh = snapshot.newBrokers?.[0];
    expect(plan.after.disk?.minOverMean).toBeGreaterThan(0.7);
    expect(plan.after.disk?.worstBroker).not.toBe(fresh);
  });

  it('F: evenness is of shares of capacity by default, and of loads by choice', () => {
    const mixed: ClusterSnapshot = {
      brokers: [broker(0, 'a', 2), broker(1, 'b', 2), broker(2, 'c'), broker(3, 'd')],
      partitions: [0, 0, 1, 1, 2, 3].flatMap((b, i) =>
        Array.from({ length: 10 }, (_, k) => part(i * 10 + k, [b])),
      ),
    };
    expect(verified(mixed, { intent: 'rebalance' }).movedBytes).toBe(0);
    const byLoad = verified(mixed, { intent: 'rebalance', evenness: 'load' });
    expect(byLoad.movedBytes).toBeGreaterThan(0);
  });

  it('F, G: a rebalance brings every load under its limit, whatever the disk looks like', () => {
    const { snapshot, options } = reviewed('T1-disk-even-inflow-hot');
    const plan = verified(snapshot, options);
    expect(plan.overLimit).toEqual([]);
    expect(plan.after.networkIn?.maxOverMean).toBeLessThan(1.6);
  });

  it('H: fit sheds network out and leaders by moving replicas', () => {
    const { snapshot, options } = reviewed('T5-fit-netout-rf1');
    expect(verified(snapshot, options).overLimit).toEqual([]);
  });

  it('I: fit does not overshoot', () => {
    const plan = verified(standard(50, 5, 10000, 'skew'), { intent: 'fit' });
    expect(plan.overLimit).toEqual([]);
    expect(plan.movedBytes / plan.lowerBoundBytes).toBeLessThanOrEqual(1.03);
  });

  it('J: the bound of fit leaves out what leadership can cure, and dead brokers', () => {
    const { snapshot, options } = reviewed('T4-cpu-only-by-leadership-bound');
    const plan = verified(snapshot, options);
    expect([plan.lowerBoundBytes, plan.movedBytes, plan.overLimit]).toEqual([0, 0, []]);
  });

  it('K: no leadership change pushes a broker over a limit on the way', () => {
    const { snapshot, options } = reviewed('R2-inflight-leadership-first');
    verified(snapshot, options);
  });

  it('L: the duration of a heal does not count the dead broker as source', () => {
    const { snapshot, options } = reviewed('T15-duration-heal');
    const plan = verified(snapshot, { ...options, throttleBytesPerS: 50_000_000 });
    expect(plan.durationS).toBeGreaterThan(15);
    expect(plan.durationS).toBeLessThan(35);
  });

  it('M: partitions at risk are copied first, one replica at a time, five to a broker', () => {
    const { snapshot, options } = reviewed('T12-heal-order-two-lost-replicas-last');
    const plan = verified(snapshot, options);
    const isTwice = (change: number) => {
      const { topic, partition, replicas } = plan.reassignments[change]!;
      const was = snapshot.partitions.find((p) => p.topic === topic && p.partition === partition)!;
      return replicas.filter((id) => !was.replicas.includes(id)).length > 1;
    };
    expect(plan.batches[0]?.steps.every((s) => isTwice(s.change))).toBe(true);
  });

  it('N: a drain places what can be placed: replicas that leave too do not count in racks', () => {
    const { snapshot, options } = reviewed('R3-drain-false-rack-block');
    expect(verified(snapshot, options).moves).toBeGreaterThan(0);
  });

  it('O: dead brokers do not stay preferred leaders, in any intent', () => {
    const snapshot = { ...standard(10, 5, 200, 'dead'), newBrokers: [9] };
    for (const intent of ['rebalance', 'add', 'fit', 'demote', 'drain', 'repairRacks'] as const) {
      const named = intent === 'demote' || intent === 'drain' ? { brokers: [1] } : {};
      const plan = verified(snapshot, { intent, ...named });
      const leaders = [...listsAfter(snapshot, plan).values()].map((ids) => ids[0]);
      expect(leaders).not.toContain(5);
    }
  });

  it('O: the model knows who leads now, and tells of elections to come', () => {
    const partitions = [part(0, [0, 1], { leader: 1 }), part(1, [1, 0])];
    const plan = verified({ brokers: brokers(2), partitions }, { intent: 'fit' });
    expect(plan.electionsPending).toBe(1);
    expect(plan.before.leaders?.maxOverMean).toBe(2);
    expect(plan.after.leaders?.maxOverMean).toBe(1);
  });

  it('P: many tiny topics are spread by number', () => {
    const partitions = Array.from({ length: 90 }, (_, i) =>
      part(i, [i < 60 ? 0 : 1 + (i % 2)], {
        sizeBytes: 0,
        inBytesPerS: 0,
        outBytesPerS: 0,
        cpuPct: 0,
      }),
    );
    const plan = verified({ brokers: brokers(3), partitions }, { intent: 'rebalance' });
    expect(plan.after.replicas?.maxOverMean).toBeLessThanOrEqual(1.1);
  });

  it('S: fit changes as few leaders as suffice', () => {
    const partitions = Array.from({ length: 96 }, (_, i) =>
      part(i, [0, 1], { inBytesPerS: 0, outBytesPerS: i === 95 ? 60 : 2, sizeBytes: 1, cpuPct: 0 }),
    );
    const plan = verified({ brokers: brokers(3), partitions }, { intent: 'fit' });
    expect(plan.overLimit).toEqual([]);
    expect(plan.leaderChanges).toBe(1);
  });

  it('larger clusters of lumps come within 1.10 × mean', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const plan = planMoves(standard(12, 4, 120, 'skew', seed), { intent: 'rebalance' });
      expect({ seed, even: plan.after.disk!.maxOverMean < 1.36 }).toEqual({ seed, even: true });
    }
  });
});

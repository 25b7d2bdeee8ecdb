/** Series of small clusters: the planner's plans beside the optimum of each. Prints nothing. */
import type { ClusterSnapshot } from '../../contracts/rebalance.ts';
import { planMoves } from '../../domain/planner/plan.ts';
import { leastBytes, smallCluster } from './planner-optimum.ts';

export interface FitSeries {
  tried: number;
  undecided: number;
  solvable: number;
  solved: number;
  ratios: number[];
  paidForNothing: number;
  boundsAbove: number;
}

const limitsOf =
  ({ brokers }: ClusterSnapshot) =>
  (id: number) => {
    const { capacity: c } = brokers.find((b) => b.id === id)!;
    return [
      0.8 * Number(c.diskBytes),
      0.8 * Number(c.inBytesPerS),
      0.8 * Number(c.outBytesPerS),
      0.7 * Number(c.cpuPct),
      10_000,
    ];
  };

/** fit, on `instances` clusters of which at least one broker is over a limit. */
export function fitSeries(instances: number): FitSeries {
  const found: FitSeries = {
    ...{ tried: 0, undecided: 0, solvable: 0, solved: 0 },
    ...{ ratios: [], paidForNothing: 0, boundsAbove: 0 },
  };
  for (let seed = 1; found.tried < instances; seed++) {
    const snapshot = smallCluster(seed, true);
    if (planMoves(snapshot, { intent: 'repairRacks' }).overLimit.length === 0) continue;
    found.tried += 1;
    const plan = planMoves(snapshot, { intent: 'fit' });
    const isSolved = plan.overLimit.length === 0;
    const best = leastBytes(snapshot, limitsOf(snapshot), isSolved ? plan.movedBytes : undefined);
    if (Number.isNaN(best)) {
      found.undecided += 1;
      continue;
    }
    if (best === undefined) continue;
    found.solvable += 1;
    if (plan.lowerBoundBytes > best * (1 + 1e-9) + 1 && isSolved) found.boundsAbove += 1;
    if (!isSolved) continue;
    found.solved += 1;
    if (best > 0) found.ratios.push(plan.movedBytes / best);
    else if (plan.movedBytes > 0) found.paidForNothing += 1;
    else found.ratios.push(1);
  }
  return found;
}

export interface RebalanceSeries {
  tried: number;
  undecided: number;
  ratios: number[];
  reachable: number;
  reached: number;
  boundsAbove: number;
}

/** rebalance, on clusters far from their limits. */
export function rebalanceSeries(instances: number): RebalanceSeries {
  const found: RebalanceSeries = {
    ...{ tried: 0, undecided: 0, ratios: [], reachable: 0, reached: 0, boundsAbove: 0 },
  };
  for (let seed = 100_001; found.tried < instances; seed++) {
    const snapshot = smallCluster(seed, false);
    const n = snapshot.brokers.length;
    const sum = (of: (p: ClusterSnapshot['partitions'][number]) => number) =>
      snapshot.partitions.reduce((s, p) => s + of(p) * p.replicas.length, 0) / n;
    const mean = { disk: sum((p) => Number(p.sizeBytes)), in: sum((p) => Number(p.inBytesPerS)) };
    const plan = planMoves(snapshot, { intent: 'rebalance' });
    const before = plan.before.disk!.maxOverMean;
    if (before <= 1.1) continue;
    found.tried += 1;
    const [disk, inflow] = [plan.after.disk!.maxOverMean, plan.after.networkIn!.maxOverMean];
    const count = sum(() => 1);
    const counts = Math.max(1.1, plan.after.replicas!.maxOverMean);
    const limits = limitsOf(snapshot);
    const caps = (most: number, mostIn: number, mostCount: number) => (id: number) => {
      const [a, b, c, d] = limits(id);
      return [
        Math.min(a!, most * mean.disk),
        Math.min(b!, mostIn * mean.in),
        c!,
        d!,
        mostCount * count,
      ];
    };
    const floor = Math.min(0.9, plan.after.disk!.minOverMean) * mean.disk;
    const most = caps(disk, Math.max(1.1, inflow), counts);
    const best = leastBytes(snapshot, most, plan.movedBytes, floor);
    if (best === undefined || Number.isNaN(best)) {
      found.undecided += 1;
      continue;
    }
    if (plan.movedBytes > 0) found.ratios.push(best > 0 ? plan.movedBytes / best : 10);
    if (plan.lowerBoundBytes > best * (1 + 1e-9) + 1) found.boundsAbove += 1;
    const even = leastBytes(snapshot, caps(1.1, 1e9, 1e9), plan.budgetBytes ?? 0);
    if (even === undefined || Number.isNaN(even)) continue;
    found.reachable += 1;
    if (disk <= 1.1 * (1 + 1e-9)) found.reached += 1;
  }
  return found;
}

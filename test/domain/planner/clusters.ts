/** Small clusters for the planner's tests, in few words. */
import { readFileSync } from 'node:fs';
import { generate } from '../../../bench/lib/generator.ts';
import { snapshotOf } from '../../../bench/lib/planner-cluster.ts';
import type {
  BrokerSnapshot,
  ClusterSnapshot,
  MovePlan,
  PartitionSnapshot,
  PlanOptions,
} from '../../../contracts/rebalance.ts';
import { planMoves } from '../../../domain/planner/plan.ts';
import { verifyPlan } from '../../../domain/planner-verifier/verify.ts';

export const broker = (id: number, rack = `r${id}`, factor = 1): BrokerSnapshot => ({
  id,
  rack,
  capacity: {
    diskBytes: 1000 * factor,
    inBytesPerS: 100 * factor,
    outBytesPerS: 300 * factor,
    cpuPct: 100,
  },
});

export const part = (
  partition: number,
  replicas: number[],
  more: Partial<PartitionSnapshot> = {},
): PartitionSnapshot => ({
  topic: 't',
  partition,
  replicas,
  sizeBytes: 10,
  inBytesPerS: 1,
  outBytesPerS: 1,
  cpuPct: 1,
  ...more,
});

export const brokers = (count: number, racks = count): BrokerSnapshot[] =>
  Array.from({ length: count }, (_, id) => broker(id, `r${id % racks}`));

/** A plan that the verifier finds nothing wrong with; else an error that says what. */
export function verified(snapshot: ClusterSnapshot, options: PlanOptions): MovePlan {
  const plan = planMoves(snapshot, options);
  const wrong = verifyPlan(snapshot, options, plan);
  if (wrong.length > 0) throw new Error(wrong.slice(0, 5).join('\n'));
  return plan;
}

/** Lists after the plan, by partition number (of topic `t`). */
export function listsAfter(snapshot: ClusterSnapshot, plan: MovePlan): Map<string, number[]> {
  const lists = new Map(snapshot.partitions.map((p) => [`${p.topic}-${p.partition}`, p.replicas]));
  for (const r of plan.reassignments) lists.set(`${r.topic}-${r.partition}`, r.replicas);
  return lists;
}

export const standard = (
  count: number,
  racks: number,
  partitions: number,
  scenario: 'dead' | 'skew' | 'add',
  seed = 1,
): ClusterSnapshot => snapshotOf(generate({ brokers: count, racks, partitions, scenario, seed }));

/** One of the review's inputs, kept beside the tests. */
export function reviewed(name: string): { snapshot: ClusterSnapshot; options: PlanOptions } {
  const file = new URL(`./reviewed/${name}.json`, import.meta.url);
  const { options, ...cluster } = JSON.parse(readFileSync(file, 'utf8'));
  return { snapshot: snapshotOf(cluster), options };
}

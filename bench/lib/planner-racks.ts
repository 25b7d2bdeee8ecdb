/**
 * `node bench/planner-racks.ts`: uneven racks; disk's maximum over the least that the racks force,
 * after a rebalance of skewed clusters and after one broker is added to nine on three racks.
 */
import type { ClusterSnapshot, Intent } from '../../contracts/rebalance.ts';
import { planMoves } from '../../domain/planner/plan.ts';
import { generate } from './generator.ts';
import { snapshotOf } from './planner-cluster.ts';

/** Brokers per rack; the generator deals them out round robin, so racks are given anew. */
const shapes = [
  [7, 7, 6],
  [3, 3, 2],
  [4, 3, 3],
  [20, 7, 3],
];

function print(label: string, snapshot: ClusterSnapshot, intent: Intent): number {
  const plan = planMoves(snapshot, { intent });
  const [before, after] = [plan.before.disk!, plan.after.disk!];
  const ratio = after.maxOverMean / after.forcedOverMean;
  const figures = [before.maxOverMean, after.maxOverMean, after.forcedOverMean, ratio];
  const cells = figures.map((x) => x.toFixed(3).padStart(8));
  console.log(`${label.padEnd(24)} ${cells.join(' ')}`);
  return ratio;
}

/** Skew over racks of these sizes: a partition on one broker of each, the first ones hot. */
function skewed(sizes: number[], seed: number): ClusterSnapshot {
  const n = sizes.reduce((a, b) => a + b);
  const text = generate({ brokers: n, racks: 3, partitions: n * 200, scenario: 'skew', seed });
  const snapshot = snapshotOf(text);
  const racks = sizes.flatMap((size, k) => Array.from({ length: size }, () => `r${k}`));
  for (const [i, b] of snapshot.brokers.entries()) b.rack = racks[i]!;
  // Three small racks of 30 brokers would be over every limit: as much room as that takes.
  for (const b of snapshot.brokers)
    b.capacity = { diskBytes: 6e13, inBytesPerS: 2e9, outBytesPerS: 2e9, cpuPct: 800 };
  const starts = sizes.map((_, k) => sizes.slice(0, k).reduce((a, b) => a + b, 0));
  for (const [i, p] of snapshot.partitions.entries()) {
    const list = sizes.map(
      (size, k) => starts[k]! + Math.floor(size * ((i * 0.618034 * (k + 1)) % 1) ** 1.5),
    );
    p.replicas = [...list.slice(i % 3), ...list.slice(0, i % 3)];
  }
  return snapshot;
}

console.log(`racks                      before    after   forced    ratio`);
let worst = 0;
for (const sizes of shapes) {
  for (const seed of [1, 2]) {
    const label = `${sizes.join('/')} seed ${seed}`;
    worst = Math.max(worst, print(label, skewed(sizes, seed), 'rebalance'));
  }
}
for (const seed of [1, 2]) {
  const text = generate({ brokers: 9, racks: 3, partitions: 1800, scenario: 'add', seed });
  worst = Math.max(worst, print(`9 + 1 on 3 racks seed ${seed}`, snapshotOf(text), 'add'));
}
console.log(`largest ratio ${worst.toFixed(3)} (goal 1.05)`);
if (worst > 1.05) process.exitCode = 1;

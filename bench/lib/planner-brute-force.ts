/**
 * `node bench/planner-brute-force.ts [--instances 400]`: fit and rebalance on small clusters beside
 * the optimum found by trying everything.
 */
import { parseArgs } from 'node:util';
import { fitSeries, rebalanceSeries } from './planner-series.ts';

const { values } = parseArgs({ options: { instances: { type: 'string' } } });
const instances = Number(values.instances ?? 400);
const fit = fitSeries(instances);
const percent = (part: number, all: number) => `${((100 * part) / Math.max(1, all)).toFixed(1)} %`;
const at = (list: number[], p: number) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(p * list.length))] ?? 1;
const ratios = (list: number[]) =>
  `p50 ${at(list, 0.5).toFixed(3)}, p90 ${at(list, 0.9).toFixed(3)}, max ${Math.max(1, ...list).toFixed(2)}`;

console.log(
  `fit, ${fit.tried} instances over a limit, ${fit.undecided} too large to try everything`,
);
console.log(
  `  solved ${fit.solved} of ${fit.solvable} solvable (${percent(fit.solved, fit.solvable)})`,
);
console.log(`  bytes ÷ optimum: ${ratios(fit.ratios)} (${fit.ratios.length} solved)`);
console.log(`  optimum 0 bytes, and bytes paid: ${fit.paidForNothing}`);
console.log(`  bounds above the optimum: ${fit.boundsAbove}`);
const even = rebalanceSeries(instances);
console.log(`rebalance, ${even.tried} instances, ${even.undecided} too large to try everything`);
console.log(`  bytes ÷ optimum for equal evenness: ${ratios(even.ratios)} (${even.ratios.length})`);
console.log(
  `  disk ≤ 1.10 × mean reached in ${even.reached} of ${even.reachable} where the budget allows` +
    ` (${percent(even.reached, even.reachable)})`,
);
console.log(`  bounds above the optimum: ${even.boundsAbove}`);

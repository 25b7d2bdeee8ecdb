/** Small clusters beside their optimum; the full series is `npm run bench:planner:brute-force`. */
import { describe, expect, it } from 'vitest';
import { fitSeries, rebalanceSeries } from '../../../bench/lib/planner-series.ts';

const at = (list: number[], p: number) =>
  [...list].sort((a, b) => a - b)[Math.floor(p * (list.length - 1))] ?? 1;

describe('small clusters, beside the optimum of trying everything', () => {
  it('fit moves hardly more than the least bytes, and its bounds are bounds', () => {
    const found = fitSeries(40);
    expect(at(found.ratios, 0.5)).toBeLessThanOrEqual(1.001);
    expect(at(found.ratios, 0.9)).toBeLessThanOrEqual(1.25);
    expect([found.paidForNothing, found.boundsAbove]).toEqual([0, 0]);
  });

  it('rebalance moves hardly more than equal evenness asks for', () => {
    const found = rebalanceSeries(40);
    expect(at(found.ratios, 0.5)).toBeLessThanOrEqual(1.001);
    expect(found.boundsAbove).toBe(0);
    expect(found.reached / found.reachable).toBeGreaterThanOrEqual(0.9);
  });
});

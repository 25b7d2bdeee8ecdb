/**
 * Goal: nothing is left behind by a crash. Method: a seeded few of the crash trials with real
 * brokers (the whole series is `npm run test:crash`).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, openBench } from './bench.ts';
import { runSeries } from './series.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

describe('killing worker, Temporal or broker, or losing an answer', () => {
  it('never leaves a broker, directory or user behind', async () => {
    const options = { trials: 12, seed: 3, threeNodesEvery: 0, onResult: () => {} };
    const results = await runSeries(bench, options);
    expect(results.flatMap((r) => r.violations)).toEqual([]);
    expect(results.filter((r) => r.struck).length).toBeGreaterThan(6);
  }, 900_000);
});

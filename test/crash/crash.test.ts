/**
 * Goal: whatever is done to an operation, nothing is left behind, nothing is lost, and no word of
 * the product is untrue. Method: a seeded few of the crash trials with real brokers (the whole
 * series is `npm run test:crash`).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrialBench } from './bench.ts';
import { odin } from './odin.ts';
import { runSeries } from './series.ts';

let bench: TrialBench;
beforeAll(async () => {
  bench = await odin.open();
});
afterAll(() => bench.close());

describe('killing, stopping or filling what an operation runs on', () => {
  it('never leaves anything behind, and never lets a broken cluster pass', async () => {
    const results = await runSeries(bench, {
      ...{ suite: odin, from: 27, to: 36, seed: 31, threeNodesEvery: 5 },
      onResult: () => undefined,
    });
    expect(results.flatMap((r) => r.violations)).toEqual([]);
    expect(results.filter((r) => r.struck).length).toBeGreaterThan(4);
  }, 900_000);
});

/**
 * Goal: a gate never passes with a broker missing. Method: a seeded few of the struck gates with
 * real brokers (the whole series is `npm run test:gate-kills`).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, openBench } from './bench.ts';
import { calmGate, calmTest, pointsOf, strikeGates, terminateGate } from './gate-series.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

describe('a broker that dies while the gate runs', () => {
  it('is named by a verdict that is no pass, and nothing of the test is left', async () => {
    expect(await calmGate(bench, 'calm-before')).toEqual([]);
    const points = pointsOf(20, 7).map((point, index) => ({ point, index }));
    const chosen = [1, 6, 13].flatMap((i) => points.slice(i, i + 1));
    const results = await strikeGates(bench, chosen, () => {});
    expect(results.flatMap((r) => r.violations)).toEqual([]);
    expect(results.filter((r) => !r.late).length).toBeGreaterThan(1);
    expect(await calmGate(bench, 'calm-after')).toEqual([]);
  }, 600_000);
});

describe('a load test that was terminated', () => {
  it('leaves its topic to the next gate, which removes it', async () => {
    expect(await terminateGate(bench, 'terminated')).toEqual([]);
    expect(await calmTest(bench, 'calm-after-terminated')).toEqual([]);
  }, 300_000);
});

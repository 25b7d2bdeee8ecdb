/**
 * Plans over hostile clusters, looked at by the verifier and by a checker that shares code with
 * neither. The full series of 20,000 is `npm run bench:planner:hostile`.
 */
import { describe, expect, it } from 'vitest';
import { violationsOf } from '../../../bench/lib/planner-checker.ts';
import { hostile } from '../../../bench/lib/planner-hostile-clusters.ts';
import { planMoves } from '../../../domain/planner/plan.ts';
import { verifyPlan } from '../../../domain/planner-verifier/verify.ts';

/** ASGARD_PLANS asks for more or fewer. */
const plans = Number(process.env.ASGARD_PLANS ?? 1500);

describe('plans over hostile clusters', () => {
  it(`are safe and as told, ${plans} of them`, () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= plans; seed++) {
      const { snapshot, options } = hostile(seed);
      const plan = planMoves(snapshot, options);
      const found = [
        ...violationsOf(snapshot, options, plan),
        ...verifyPlan(snapshot, options, plan),
      ];
      if (found.length > 0) wrong.push(`seed ${seed} ${options.intent}: ${found[0]}`);
    }
    expect(wrong).toEqual([]);
  }, 300_000);
});

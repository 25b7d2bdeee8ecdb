/** Plans of the standard clusters: near their bounds, even, and readable. */
import { describe, expect, it } from 'vitest';
import { explainPlan } from '../../../domain/planner/explain.ts';
import { planMoves } from '../../../domain/planner/plan.ts';
import {
  fromReassignmentJson,
  toReassignmentJson,
} from '../../../domain/planner/reassignment-json.ts';
import { standard, verified } from './clusters.ts';

const cluster = (scenario: 'dead' | 'skew' | 'add') => standard(50, 5, 10000, scenario);
const loads = ['disk', 'networkIn', 'networkOut', 'leaders', 'replicas'] as const;

describe('a plan', () => {
  it('is the same for the same input', () => {
    const skew = cluster('skew');
    const first = planMoves(skew, { intent: 'rebalance' });
    expect(planMoves(structuredClone(skew), { intent: 'rebalance' })).toEqual(first);
  });

  it('of healing moves exactly what was lost, and evens leadership for free', () => {
    const plan = verified(cluster('dead'), { intent: 'heal' });
    expect(plan.movedBytes).toBe(plan.lowerBoundBytes);
    expect(plan.moves).toBe(570);
    expect(plan.after.networkOut?.maxOverMean).toBeLessThanOrEqual(1.11);
  });

  it('of rebalancing is near its bound and even in every load', () => {
    const plan = verified(cluster('skew'), { intent: 'rebalance' });
    expect(plan.movedBytes / plan.lowerBoundBytes).toBeLessThanOrEqual(1.12 + 1e-9);
    for (const name of loads) expect(plan.after[name]?.maxOverMean, name).toBeLessThanOrEqual(1.09);
  });

  it('of adding brokers moves only to them', () => {
    const plan = verified(cluster('add'), { intent: 'add' });
    expect(plan.movedBytes / plan.lowerBoundBytes).toBeLessThanOrEqual(1.05);
    for (const name of loads) expect(plan.after[name]?.maxOverMean, name).toBeLessThanOrEqual(1.1);
  });

  it('of draining empties the broker with exactly its bytes', () => {
    const plan = verified(cluster('skew'), { intent: 'drain', brokers: [30] });
    expect(plan.blocked).toEqual([]);
    expect(plan.movedBytes).toBe(plan.lowerBoundBytes);
    expect(plan.reassignments.flatMap((r) => r.replicas)).not.toContain(30);
  });

  it('of demoting moves no byte', () => {
    const plan = verified(cluster('skew'), { intent: 'demote', brokers: [0] });
    expect(plan.movedBytes).toBe(0);
    expect(plan.leadershipOnly).toBeGreaterThan(0);
  });

  it('reads well, and passes through Kafka’s own file', () => {
    const plan = planMoves(cluster('dead'), { intent: 'heal' });
    expect(explainPlan(plan)).toMatch(/^heal: 570 replica moves, \d+ leader changes/);
    expect(explainPlan(plan)).toContain('ratio 1.000');
    expect(fromReassignmentJson(toReassignmentJson(plan.reassignments))).toEqual(
      plan.reassignments,
    );
  });
});

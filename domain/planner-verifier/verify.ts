/**
 * The verifier: checks a plan against its snapshot from first principles. It shares no code with
 * the planner (types of the data apart): racks, leaders, sources, limits, loads, bytes, bounds,
 * batches and durations are computed anew, the slow and plain way. Pure.
 */
import type { ClusterSnapshot, MovePlan, PlanOptions } from '../../contracts/rebalance.ts';
import { checkEntries, checkPart } from './assignment.ts';
import { buildCase } from './case.ts';
import { evenOf } from './even.ts';
import { checkBytes, checkCounts, checkLimits, checkSummaries, checkUnknown } from './figures.ts';
import { checkBatches } from './flight.ts';
import { checkIntents } from './intent.ts';
import { checkLogDirs } from './log-dirs.ts';
import { checkBlocked, checkDrainedLeaders } from './refused.ts';

/** Every way in which the plan is wrong; empty for a right one. Takes what planMoves takes. */
export function verifyPlan(
  snapshot: ClusterSnapshot,
  options: PlanOptions,
  plan: MovePlan,
): string[] {
  if (plan.intent !== options.intent) {
    return [`intent: the plan is for ${plan.intent}, asked was ${options.intent}`];
  }
  const c = buildCase(snapshot, options, plan);
  const entries = checkEntries(c);
  if (entries.length > 0) return entries;
  const assignments = c.parts.flatMap((part) => checkPart(c, part));
  if (assignments.length > 0) return assignments;
  const even = evenOf(c);
  if (options.intent === 'logDirs') return checkLogDirs(c, even);
  return [
    ...checkLimits(c),
    ...checkCounts(c),
    ...checkUnknown(c),
    ...checkSummaries(c, even),
    ...checkBytes(c, even),
    ...checkBlocked(c),
    ...checkDrainedLeaders(c),
    ...checkBatches(c),
    ...checkIntents(c, even),
  ];
}

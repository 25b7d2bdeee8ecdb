/**
 * A cluster plan applied: Odin's steps on the saga that all services share. In a fresh plan what
 * lives inside Kafka goes with its disks, so only resources are undone: a half-made Kafka may not
 * be able to answer.
 */
import type { StepStatus } from '../../contracts/operation.ts';
import type { ClusterPlan, PlanStep } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { Operation } from '../operation/operation.ts';
import { runSaga, type SagaEnd, stagesOf } from '../operation/saga.ts';
import { ways } from './steps.ts';

export interface ApplyOptions {
  plan: ClusterPlan;
  scope: StepScope;
  onFailure: 'rollback' | 'hold';
}

/** How it ended; `bootMs` was spent waiting for brokers to boot and join. */
export type Applied = { how: 'applied'; bootMs: number } | Exclude<SagaEnd, { how: 'applied' }>;

/** Runs the plan to its end or back to its beginning. Does not throw. */
export async function applySteps(op: Operation, options: ApplyOptions): Promise<Applied> {
  const { plan, scope, onFailure } = options;
  const steps = plan.fresh ? plan.steps.map(goesWithItsDisk) : plan.steps;
  const site = { ...scope, fresh: plan.fresh };
  op.touched = true;
  const end = await runSaga(op, { steps, ways, scope: site, onFailure });
  op.touched = end.how === 'applied' || end.how === 'held';
  return end.how === 'applied' ? { how: 'applied', bootMs: bootMs(plan, op.status.steps) } : end;
}

function goesWithItsDisk(step: PlanStep): PlanStep {
  return 'insideKafka' in ways[step.action.kind] ? { ...step, undo: 'unneeded' } : step;
}

/** Milliseconds of the stages that wait for nodes. */
function bootMs({ steps }: ClusterPlan, statuses: StepStatus[]): number {
  const byId = new Map(statuses.map((s) => [s.id, s]));
  const waits = stagesOf(steps.filter((s) => s.action.kind === 'awaitNode'));
  const spent = waits.map((stage) => {
    const times = stage.map(({ id }) => byId.get(id));
    const begun = Math.min(...times.map((t) => Date.parse(t?.startedAt ?? '')));
    return Math.max(...times.map((t) => Date.parse(t?.endedAt ?? ''))) - begun;
  });
  return spent.reduce((sum, ms) => sum + (ms || 0), 0);
}

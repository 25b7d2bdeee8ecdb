/**
 * applyPlan: executes exactly the plan that was read and approved, without a gate. Refused as
 * PlanStale when the world has moved: the digest no longer fits.
 */
import { ApplyInput, type OperationResult } from '../../contracts/operations.ts';
import { cloud } from '../lib/activities.ts';
import { applySteps } from '../lib/apply.ts';
import { type Asked, failedEnding, standing } from '../lib/endings.ts';
import { acquireLease, prepareLease } from '../lib/lease.ts';
import { type Operation, startOperation } from '../lib/operation.ts';
import { planNow, requireDigest } from '../lib/planning.ts';
import { type Ending, runOperation } from '../lib/run.ts';
import { scopeOf } from '../lib/scope.ts';
import { requireInput, requireSpec } from '../lib/validate.ts';

/** Safe to start again: the second time its plan is stale or empty. */
export async function applyPlan(input: ApplyInput): Promise<OperationResult> {
  const requester = input?.requester ?? 'temporal-cli';
  const op = startOperation('apply', { cluster: input?.spec?.name ?? '?', requester });
  const lease = prepareLease();
  return runOperation(op, lease, async () => {
    requireInput(ApplyInput, input);
    const spec = requireSpec(input.spec);
    const granted = await op.scope.run(() => acquireLease(op, lease));
    return apply(op, { spec, input, granted }, input);
  });
}

async function apply(op: Operation, asked: Asked, input: ApplyInput): Promise<Ending> {
  const scope = scopeOf(op, asked.spec);
  op.enter('planning', 'planning under the lease');
  const { plan } = await op.scope.run(() => planNow(scope, asked.spec));
  op.status.plan = plan;
  requireDigest(plan, input.expectDigest);
  if (plan.steps.length === 0) return { outcome: 'unchanged' };
  const applied = await applySteps(op, { plan, scope, onFailure: input.onFailure ?? 'rollback' });
  if (applied.how !== 'applied') return failedEnding(applied, asked.granted);
  const connection = await cloud.describeConnection({ scope });
  const phase = phaseAfter(asked);
  return {
    outcome: 'applied',
    connection,
    bootMs: applied.bootMs,
    cluster: { ...standing(asked), connection, phase },
  };
}

/** A change without a gate keeps a tested cluster's phase; a new cluster is untested. */
function phaseAfter({ granted }: Asked) {
  const { phase } = granted.status;
  return granted.known && phase !== 'held' ? phase : 'untested';
}

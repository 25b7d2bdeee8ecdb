/**
 * From a spec to a plan that may run: observe, check the transition, plan, and (when asked) wait
 * for the approval that names the digest. The lease is held only from the approval on, so that
 * waiting people do not block the cluster; the plan is made again under the lease and must be the
 * same.
 */
import { condition } from '@temporalio/workflow';
import type { StepScope } from '../../activities/lib/deps.ts';
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import { planCluster, planDestroy } from '../../domain/cluster/plan.ts';
import { checkTransition } from '../../domain/cluster/transition.ts';
import { kafka } from './activities.ts';
import { type Operation, refuse } from './operation.ts';

export interface Planned {
  plan: ClusterPlan;
  observed: ObservedCluster;
}

/** Reads the world and plans; InvalidInput when the spec cannot be reached from there. */
export async function planNow(scope: StepScope, spec: NormalSpec): Promise<Planned> {
  const { cluster, provider } = scope;
  const observed = await kafka.observeCluster({ cluster, provider });
  const violations = checkTransition(spec, observed);
  if (violations.length > 0) {
    const first = violations[0];
    throw refuse('InvalidInput', `${first?.field}: ${first?.message}`, { violations });
  }
  return { plan: planCluster(spec, observed), observed };
}

export async function planDestroyNow(scope: StepScope): Promise<Planned> {
  const { cluster, provider } = scope;
  const observed = await kafka.observeCluster({ cluster, provider });
  return { plan: planDestroy(cluster, observed), observed };
}

/** Shows the plan and waits until its digest is approved or the operation is aborted. */
export async function awaitApproval(op: Operation, plan: ClusterPlan): Promise<void> {
  op.status.plan = plan;
  op.enter('awaiting-approval', `waiting for approval of ${plan.digest}`);
  await op.scope.run(() => condition(() => op.approvedDigest === plan.digest));
}

/** Refuses a plan that is no longer the one that was read. */
export function requireDigest(plan: ClusterPlan, expected: string | undefined): void {
  if (expected === undefined || plan.digest === expected) return;
  throw refuse('PlanStale', `the plan is now ${plan.digest}, approved was ${expected}`, {
    digest: plan.digest,
    expected,
  });
}

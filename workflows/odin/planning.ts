/**
 * From a spec to a plan that may run: observe, check the transition, plan, and (when asked) wait
 * for the approval that names the digest. The lease is held only from the approval on, so that
 * waiting people do not block the cluster; the plan is made again under the lease and must be the
 * same.
 */
import { condition } from '@temporalio/workflow';
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { kafkaVersion } from '../../contracts/settings.ts';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { checkPlanSize, planCluster, planDestroy, shownPlan } from '../../domain/cluster/plan.ts';
import { checkTransition } from '../../domain/cluster/transition.ts';
import { cloud } from '../lib/activities.ts';
import { fail, invalid } from '../operation/failure.ts';
import type { Operation } from '../operation/operation.ts';
import { scopeOf } from '../operation/scope.ts';
import { inSpec } from '../operation/validate.ts';
import { observe, observeMachines } from './observe.ts';

export interface Planned {
  plan: ClusterPlan;
  observed: ObservedCluster;
}

/** Reads the world and plans; InvalidInput when the spec cannot be reached from there. */
export async function planNow(scope: StepScope, spec: NormalSpec): Promise<Planned> {
  const observed = await observe(
    scope,
    spec.topics.map((t) => t.name),
  );
  requireNone(checkTransition(spec, observed));
  const plan = planCluster(spec, observed);
  requireNone(checkPlanSize(plan));
  return { plan, observed };
}

/** Reads the world and plans to take all of it away. */
export async function planDestroyNow(scope: StepScope): Promise<Planned> {
  const observed = await observeMachines(scope);
  return { plan: planDestroy(scope.cluster, observed), observed };
}

function requireNone(violations: Violation[]): void {
  if (violations.length > 0) throw invalid(inSpec(violations));
}

/**
 * The scope of a removal. Of a cluster that Asgard remembers the provider is known; else every
 * provider is asked where something of this name is, so that nothing is overlooked.
 */
export async function scopeOfRemoval(removal: {
  cluster: string;
  provider?: string | undefined;
  kafkaVersion?: string | undefined;
}): Promise<StepScope> {
  const { cluster, provider, kafkaVersion: version = kafkaVersion } = removal;
  return scopeOf({
    cluster,
    provider: provider ?? (await providerOf(cluster)),
    kafkaVersion: version,
  });
}

async function providerOf(cluster: string): Promise<string> {
  const found = await cloud.findCluster({ cluster });
  const [only] = found;
  if (!only) throw fail('NotFound', `no cluster called \`${cluster}\``);
  if (found.length === 1) return only;
  throw fail('InvalidInput', `provider: \`${cluster}\` is on ${found.join(' and ')}; name one`);
}

/** Shows the plan and waits until its digest is approved or the operation is aborted. */
export async function awaitApproval(op: Operation, plan: ClusterPlan): Promise<void> {
  op.status.plan = shownPlan(plan);
  op.enter('awaiting-approval', `waiting for approval of ${plan.digest}`);
  await condition(() => op.approvedDigest === plan.digest);
}

/** Refuses a plan that is no longer the one that was read. */
export function requireDigest(plan: ClusterPlan, expected: string | undefined): void {
  if (expected === undefined || plan.digest === expected) return;
  throw fail('PlanStale', `the plan is now ${plan.digest}, approved was ${expected}`, {
    digest: plan.digest,
    expected,
  });
}

/** True when anything of the cluster is there already. */
export const stands = ({ identity, nodes }: ObservedCluster): boolean =>
  identity || nodes.length > 0;

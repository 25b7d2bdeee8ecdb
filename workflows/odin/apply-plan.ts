/**
 * applyPlan: executes exactly the plan that was read and approved, without a gate. Refused as
 * PlanStale when the world has moved: the digest no longer fits.
 */
import { type ApplyInput, odin } from '../../contracts/services/odin.ts';
import { shownPlan } from '../../domain/cluster/plan.ts';
import { cloud } from '../lib/activities.ts';
import { applySteps } from '../lib/apply.ts';
import { defineOperation, type Ending, type Running } from '../operation/frame.ts';
import { requireSpec } from '../operation/validate.ts';
import { type Asked, failedEnding, foundCluster, standing } from './endings.ts';
import { planNow, requireDigest, stands } from './planning.ts';
import { scopeOfSpec } from './provision-cluster.ts';

/** Safe to start again: the second time its plan is stale or empty. */
export const applyPlan = defineOperation(odin.applyPlan, async (op, input) => {
  const spec = requireSpec(input.spec);
  const { provider, kafkaVersion } = scopeOfSpec(spec);
  const granted = await op.lease({ provider, kafkaVersion });
  return apply(op, { spec, granted }, input);
});

async function apply(op: Running, asked: Asked, input: ApplyInput): Promise<Ending> {
  const scope = scopeOfSpec(asked.spec);
  op.enter('planning', 'planning under the lease');
  const { plan, observed } = await planNow(scope, asked.spec);
  const found = foundCluster(asked.granted, stands(observed));
  op.status.plan = shownPlan(plan);
  op.cluster = found;
  requireDigest(plan, input.expectDigest);
  if (plan.steps.length === 0) return { outcome: 'unchanged', cluster: found };
  const applied = await applySteps(op, { plan, scope, onFailure: input.onFailure ?? 'rollback' });
  if (applied.how !== 'applied') return failedEnding(applied, found);
  op.touched = true;
  op.cluster = standing(asked);
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
  const { phase } = granted.cluster;
  return granted.known && phase !== 'held' ? phase : 'untested';
}

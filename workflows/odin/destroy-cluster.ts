/**
 * destroyCluster: takes a cluster away for good. Refused under protection, which lives in the
 * cluster's state (not in the spec) and is lifted in a separate step. A name of which nothing is
 * known is protected too: its machines may stand although Temporal's memory is gone.
 */
import type { LeaseGranted } from '../../contracts/lease.ts';
import { type DestroyInput, odin } from '../../contracts/services/odin.ts';
import { shownPlan } from '../../domain/cluster/plan.ts';
import { applySteps } from '../lib/apply.ts';
import { fail } from '../operation/failure.ts';
import { defineOperation, type Ending, type Running } from '../operation/frame.ts';
import { requireName } from '../operation/validate.ts';
import { failedEnding, foundCluster } from './endings.ts';
import { planDestroyNow, scopeOfRemoval, stands } from './planning.ts';

/** Safe to start again: it goes on with what an interrupted one left. */
export const destroyCluster = defineOperation(odin.destroyCluster, async (op, input) => {
  if (input.confirm !== input.cluster) {
    throw fail('ConfirmationMismatch', `confirm is \`${input.confirm}\``);
  }
  requireName(input.cluster);
  return destroy(op, input, await op.lease());
});

async function destroy(
  op: Running,
  { cluster, provider }: DestroyInput,
  granted: LeaseGranted,
): Promise<Ending> {
  const { known } = granted;
  if (known && granted.cluster.protection) throw isProtected(cluster);
  const { provider: home } = granted.cluster;
  if (provider && home && provider !== home) {
    throw fail('InvalidInput', `provider: \`${cluster}\` is on ${home}, not on ${provider}`);
  }
  op.enter('planning', 'planning under the lease');
  const scope = await scopeOfRemoval({ provider, ...granted.cluster, cluster });
  const { plan, observed } = await planDestroyNow(scope);
  op.status.plan = shownPlan(plan);
  op.cluster = foundCluster(granted, stands(observed));
  if (plan.steps.length === 0 && !known) throw fail('NotFound', `no cluster called \`${cluster}\``);
  if (granted.cluster.protection) throw isProtected(cluster);
  const applied = await applySteps(op, { plan, scope, onFailure: 'hold' });
  if (applied.how === 'applied') {
    return { outcome: 'destroyed', cluster: { phase: 'destroyed', reason: '' } };
  }
  return failedEnding(applied, op.cluster);
}

const isProtected = (cluster: string) =>
  fail('Protected', `\`${cluster}\` is protected from deletion`);

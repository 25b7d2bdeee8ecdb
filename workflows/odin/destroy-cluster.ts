/**
 * destroyCluster: takes a cluster away for good. Refused under protection, which lives in the
 * cluster's state (not in the spec) and is lifted in a separate step.
 */
import type { LeaseGranted } from '../../contracts/lease.ts';
import { DestroyInput, type OperationResult } from '../../contracts/operations.ts';
import { kafkaVersion } from '../../contracts/settings.ts';
import { applySteps } from '../lib/apply.ts';
import { failedEnding } from '../lib/endings.ts';
import { acquireLease, prepareLease } from '../lib/lease.ts';
import { type Operation, refuse, startOperation } from '../lib/operation.ts';
import { planDestroyNow } from '../lib/planning.ts';
import { type Ending, runOperation } from '../lib/run.ts';
import { scopeOf } from '../lib/scope.ts';
import { requireInput } from '../lib/validate.ts';

/** Safe to start again: it goes on with what an interrupted one left. */
export async function destroyCluster(input: DestroyInput): Promise<OperationResult> {
  const requester = input?.requester ?? 'temporal-cli';
  const op = startOperation('destroy', { cluster: input?.cluster ?? '?', requester });
  const lease = prepareLease();
  return runOperation(op, lease, async () => {
    requireInput(DestroyInput, input);
    if (input.confirm !== input.cluster) {
      throw refuse('ConfirmationMismatch', `confirm is \`${input.confirm}\``);
    }
    const granted = await op.scope.run(() => acquireLease(op, lease));
    return destroy(op, granted);
  });
}

async function destroy(op: Operation, granted: LeaseGranted): Promise<Ending> {
  const { status, known } = granted;
  if (known && status.protection) {
    throw refuse('Protected', `\`${status.name}\` is protected from deletion`);
  }
  const provider = status.spec?.provider ?? 'local';
  const scope = scopeOf(op, { provider, kafka: { version: kafkaVersion, config: {} } });
  op.enter('planning', 'planning under the lease');
  const { plan } = await op.scope.run(() => planDestroyNow(scope));
  op.status.plan = plan;
  if (plan.steps.length === 0 && !known) {
    throw refuse('NotFound', `no cluster called \`${status.name}\``);
  }
  const applied = await applySteps(op, { plan, scope, onFailure: 'hold' });
  if (applied.how === 'applied') {
    return { outcome: 'destroyed', cluster: { phase: 'destroyed', reason: '' } };
  }
  return failedEnding(applied, granted);
}

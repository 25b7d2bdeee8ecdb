/**
 * The entity's `submit` update: the API's way to start an operation. The entity is single-threaded,
 * so "is something running?" and "reserve the lease" are one step, and a repeated submission gets
 * the first answer.
 */
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { taskQueues, workflowTypes } from '../../contracts/names.ts';
import type {
  Lease,
  OperationKind,
  ProvisionInput,
  SubmitInput,
  SubmitResult,
} from '../../contracts/operations.ts';
import { type ClusterState, rememberSubmitted, reserve } from './cluster-state.ts';
import { now, refuse } from './operation.ts';

const types: Record<OperationKind, string> = {
  provision: workflowTypes.provisionCluster,
  apply: workflowTypes.applyPlan,
  'load-test': workflowTypes.loadTest,
  destroy: workflowTypes.destroyCluster,
};

/** Throws the refusal; must stay synchronous (an async validator hangs its caller). */
export function validateSubmit(state: ClusterState, submitted: SubmitInput): void {
  const before = state.submitted.find((s) => s.operationId === submitted?.operationId);
  if (before) {
    if (before.requestDigest === submitted.requestDigest) return;
    throw refuse('IdempotencyKeyReused', `${before.operationId} was started with another body`);
  }
  if (!submitted?.operationId || !(submitted.kind in types)) {
    throw refuse('InvalidInput', 'operationId and kind are required');
  }
  const running = state.lease ?? state.waiting[0];
  if (running) {
    throw refuse('OperationRunning', `${running.operationId} holds the cluster`, running);
  }
  const needsCluster = submitted.kind === 'destroy' || submitted.kind === 'load-test';
  if (needsCluster && !state.known) throw refuse('NotFound', `no cluster called \`${state.name}\``);
  if (submitted.kind === 'destroy' && state.protection) {
    throw refuse('Protected', `\`${state.name}\` is protected from deletion`);
  }
}

/**
 * Starts the operation with the lease reserved for it; an approval is awaited without the lease.
 */
export async function startSubmitted(
  state: ClusterState,
  submitted: SubmitInput,
): Promise<SubmitResult> {
  const before = state.submitted.find((s) => s.operationId === submitted.operationId);
  if (before) return { operationId: before.operationId, runId: before.runId };
  const lease = leaseFor(submitted);
  const reserves = (submitted.input as ProvisionInput).approval !== 'required';
  if (reserves) reserve(state, lease);
  try {
    const child = await start(submitted);
    const runId = child.firstExecutionRunId;
    // The operation may have asked already and so filled in its run id itself.
    if (state.lease === lease) state.lease = { ...lease, runId };
    const { operationId, requestDigest } = submitted;
    rememberSubmitted(state, { operationId, runId, ...(requestDigest ? { requestDigest } : {}) });
    return { operationId, runId };
  } catch (error) {
    if (state.lease === lease) delete state.lease;
    throw refuse('Internal', `could not start ${submitted.operationId}: ${String(error)}`);
  }
}

const leaseFor = ({ operationId, kind, requester }: SubmitInput): Lease => ({
  operationId,
  runId: '',
  kind,
  requester,
  since: now(),
});

function start({ operationId, kind, input, requester, requestDigest }: SubmitInput) {
  return startChild(types[kind], {
    workflowId: operationId,
    taskQueue: taskQueues.workflows,
    args: [{ ...input, requester }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    memo: { requester, requestDigest: requestDigest ?? '' },
    staticSummary: `${kind} ${operationId.split('/')[1] ?? ''}, asked for by ${requester}`,
  });
}

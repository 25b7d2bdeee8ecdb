/**
 * The frame of every operation: whatever the body ends with, the lease is given back with the
 * cluster's new state, handlers are finished, and the run ends completed, failed or cancelled.
 */

import type { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { ErrorType } from '../../contracts/errors.ts';
import type { LeaseReleased } from '../../contracts/lease.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import type { Connection, OperationOutcome, OperationResult } from '../../contracts/operations.ts';
import { releaseLease } from './lease.ts';
import { now, type Operation, refuse } from './operation.ts';
import { causeOf, messageOf, typeOf } from './problem.ts';

/** How a body ended. */
export interface Ending {
  outcome: OperationOutcome;
  reason?: string;
  /** How the cluster is now; sent with the release of the lease. */
  cluster?: LeaseReleased['cluster'];
  verdict?: LoadVerdict;
  connection?: Connection;
  bootMs?: number;
  loadTestMs?: number;
}

/** Outcomes that fail the run, and the error type that says so. */
const failures: Partial<Record<OperationOutcome, ErrorType>> = {
  'rolled-back': 'RolledBack',
  held: 'Held',
  aborted: 'Aborted',
};

/**
 * Runs the body. `leased` tells whether the lease was taken and so must be given back. Rejects with
 * a failure of the catalogue for a refused, rolled back, held or aborted operation.
 */
export async function runOperation(
  op: Operation,
  lease: { granted: unknown },
  body: () => Promise<Ending>,
): Promise<OperationResult> {
  let refusal: unknown;
  const ending = await body().catch((error: unknown): Ending => {
    refusal = causeOf(error);
    return { outcome: isCancellation(error) ? 'aborted' : 'refused', reason: messageOf(error) };
  });
  await CancellationScope.nonCancellable(() => finish(op, lease, ending));
  const result = resultOf(op, ending);
  const type = failures[ending.outcome];
  if (refusal !== undefined) throw refusalOf(op, refusal);
  if (type) throw refuse(type, ending.reason ?? ending.outcome, result);
  return result;
}

/** A refusal of the catalogue passes as it is; anything else would retry the task for ever. */
function refusalOf(op: Operation, error: unknown): unknown {
  if (isCancellation(error)) {
    return op.status.abortRequested ? refuse('Aborted', 'aborted before anything was done') : error;
  }
  return typeOf(error) ? (error as ApplicationFailure) : refuse('Internal', messageOf(error));
}

async function finish(op: Operation, lease: { granted: unknown }, ending: Ending): Promise<void> {
  const { status } = op;
  status.outcome = ending.outcome;
  status.finishedAt = now();
  if (ending.reason) status.reason = ending.reason;
  if (ending.connection) status.connection = ending.connection;
  op.enter('finished', `finished: ${ending.outcome}${ending.reason ? `: ${ending.reason}` : ''}`);
  if (lease.granted) await releaseLease(op, releaseOf(op, ending));
  await condition(allHandlersFinished);
}

function releaseOf({ status }: Operation, ending: Ending): LeaseReleased {
  const { operationId, runId, kind, requester, startedAt, finishedAt, reason, plan } = status;
  return {
    operationId,
    runId,
    cluster: ending.cluster ?? {},
    summary: {
      operationId,
      runId,
      kind,
      requester,
      startedAt,
      outcome: ending.outcome,
      ...(finishedAt ? { finishedAt } : {}),
      ...(reason ? { reason } : {}),
      ...(plan ? { digest: plan.digest } : {}),
    },
  };
}

function resultOf({ status }: Operation, ending: Ending): OperationResult {
  return {
    operationId: status.operationId,
    cluster: status.cluster,
    outcome: ending.outcome,
    ...(ending.reason ? { reason: ending.reason } : {}),
    ...(status.plan ? { digest: status.plan.digest } : {}),
    ...(ending.verdict ? { verdict: ending.verdict } : {}),
    ...(ending.connection ? { connection: ending.connection } : {}),
    timings: {
      totalMs: Date.now() - workflowInfo().startTime.getTime(),
      bootMs: ending.bootMs ?? 0,
      loadTestMs: ending.loadTestMs ?? 0,
    },
  };
}

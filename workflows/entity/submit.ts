/**
 * The entity's `submit` update: the API's way to start an operation. The entity is single-threaded,
 * so "is something running?" and "reserve the lease" are one step, and a repeated submission gets
 * the first answer.
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { SubmitInput, type SubmitResult } from '../../contracts/cluster.ts';
import type { LeaseBook } from '../../contracts/lease.ts';
import { taskQueues } from '../../contracts/names.ts';
import type { OperationDefinition } from '../../contracts/operation.ts';
import { definitionOf, operationTypes } from '../../contracts/services/index.ts';
import {
  cancelReservation,
  confirm,
  mayRunBeside,
  rememberSubmitted,
  reserve,
} from '../../domain/cluster/lease.ts';
import { fail } from '../operation/failure.ts';
import { now } from '../operation/operation.ts';
import { requireInput } from '../operation/validate.ts';

/** Throws the refusal; must stay synchronous (an async validator hangs its caller). */
export function validateSubmit(book: LeaseBook, submitted: SubmitInput): void {
  requireInput(SubmitInput, submitted);
  const before = book.submitted.find((s) => s.operationId === submitted.operationId);
  if (before) {
    if (before.requestDigest === submitted.requestDigest) return;
    throw fail('IdempotencyKeyReused', `${before.operationId} was started with another body`);
  }
  const definition = requireDefinition(book, submitted);
  requireFree(book, definition);
  requireNeeds(book, definition);
}

function requireDefinition(book: LeaseBook, submitted: SubmitInput): OperationDefinition {
  const definition = definitionOf(submitted.type);
  if (!definition) {
    const known = operationTypes.join(', ');
    throw fail('InvalidInput', `type: \`${submitted.type}\` is none of ${known}`);
  }
  requireInput(definition.input, submitted.input);
  const cluster = definition.clusterOf(submitted.input as never);
  if (cluster === book.name) return definition;
  throw fail('InvalidInput', `input: is about \`${cluster}\`, this is \`${book.name}\``);
}

function requireFree(book: LeaseBook, { type }: OperationDefinition): void {
  const first = book.waiting[0];
  const blocking = book.holders.find((h) => !mayRunBeside(h.type, type)) ?? first;
  if (!blocking) return;
  const { operationId } = blocking;
  throw fail('OperationRunning', `${operationId} holds the cluster`, { operationId });
}

/**
 * A cluster that is not known may stand all the same, when Temporal's memory of it is gone: it can
 * be destroyed once somebody has lifted the protection that every name begins with.
 */
function requireNeeds(book: LeaseBook, { needs }: OperationDefinition): void {
  if (needs === 'nothing') return;
  const forgotten = needs === 'an unprotected cluster' && !book.protection;
  if (!book.known && !forgotten) throw fail('NotFound', `no cluster called \`${book.name}\``);
  if (needs === 'an unprotected cluster' && book.protection) {
    throw fail('Protected', `\`${book.name}\` is protected from deletion`);
  }
}

/**
 * Starts the operation with the lease reserved for it; an approval is awaited without the lease.
 */
export async function startSubmitted(
  book: LeaseBook,
  submitted: SubmitInput,
): Promise<SubmitResult> {
  const { operationId, type, requester, requestDigest, input } = submitted;
  const before = book.submitted.find((s) => s.operationId === operationId);
  if (before) return { operationId, runId: before.runId };
  const waits = (input as { approval?: string }).approval === 'required';
  if (!waits) reserve(book, { operationId, type, requester, since: now() });
  try {
    const { firstExecutionRunId: runId } = await start(submitted);
    confirm(book, operationId, runId);
    rememberSubmitted(book, { operationId, runId, ...(requestDigest ? { requestDigest } : {}) });
    return { operationId, runId };
  } catch (error) {
    cancelReservation(book, operationId);
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw fail('IdempotencyKeyReused', `${operationId} was started before; look at it`);
    }
    throw fail('Internal', `could not start ${operationId}: ${String(error)}`);
  }
}

function start({ operationId, type, input, requester }: SubmitInput) {
  return startChild(type, {
    workflowId: operationId,
    taskQueue: taskQueues.workflows,
    args: [{ ...(input as object), requester }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    // An id is used once: a repeated key must never start a second operation.
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    staticSummary: `${type} ${operationId.split('/')[1] ?? ''}, asked for by ${requester}`,
  });
}

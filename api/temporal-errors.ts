/**
 * Every way in which a call to Temporal can fail, as a problem that tells the real cause. Where the
 * error itself does not say (a deadline), Temporal is asked: is it there, does the workflow's task
 * fail, does a worker poll. Nothing is guessed from an absent answer.
 */
import {
  type Client,
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  NamespaceNotFoundError,
  TerminatedFailure,
} from '@temporalio/common';
import { type ErrorType, errorCatalogue } from '../contracts/errors.ts';
import type { Violation } from '../contracts/spec.ts';
import { inTime, LateError } from './deadline.ts';
import { Problem } from './problem.ts';
import type { Readiness } from './readiness.ts';

/** Within which a question about a failure must be answered. */
const askMs = 1_000;

/** gRPC's status codes, of which the client exports no enumeration. */
const grpc = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface Failed {
  client: Client;
  readiness: Readiness;
  /** The workflow that the call was about. */
  workflowId?: string | undefined;
}

/** Temporal itself does not answer. That no worker polls is its own word, which has no cause. */
export const isTemporalAway = ({ type, cause }: Problem): boolean =>
  type === 'Unavailable' && cause !== undefined;

/** Never throws. Safe to repeat; asks at most three short questions. */
export async function problemOf(error: unknown, failed: Failed): Promise<Problem> {
  if (error instanceof Problem) return error;
  const told = fromWorkflow(error) ?? fromQuery(error, failed);
  if (told) return told;
  if (error instanceof NamespaceNotFoundError) {
    const detail = `it has no namespace \`${error.namespace}\``;
    return new Problem('TemporalRefused', detail, { cause: error });
  }
  const status = grpcOf(error);
  if (error instanceof WorkflowNotFoundError || status?.code === grpc.notFound) {
    return notFound(error, failed);
  }
  if (status) return fromGrpc(status, failed);
  return new Problem('Internal', 'an unexpected error; the log has the details', { cause: error });
}

interface GrpcStatus {
  code: number;
  details: string;
  error: unknown;
}

/** The gRPC status in the chain of causes. */
function grpcOf(error: unknown): GrpcStatus | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof LateError) {
      return { code: grpc.deadlineExceeded, details: cause.message, error };
    }
    if (isGrpcServiceError(cause)) {
      return { code: cause.code, details: cause.details || cause.message, error };
    }
  }
  return undefined;
}

/** What the workflow itself answered: a refusal of an update, or how its run failed. */
function fromWorkflow(error: unknown): Problem | undefined {
  if (!(error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError)) {
    return undefined;
  }
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return fromFailure(cause, error);
    if (cause instanceof TerminatedFailure) {
      // The server itself ends a run whose result it cannot carry.
      const type = isTooLarge(cause.message) ? 'TooLarge' : 'Terminated';
      return new Problem(type, `the workflow was terminated: ${cause.message}`, { cause: error });
    }
    if (cause instanceof CancelledFailure) return new Problem('Aborted', 'it was cancelled');
  }
  const message = error.cause instanceof Error ? error.cause.message : error.message;
  return new Problem('Internal', message, { cause: error });
}

function fromFailure({ type, message, details }: ApplicationFailure, cause: Error): Problem {
  if (hasNoHandler(message)) return new Problem('NotFound', message, { cause });
  const known = type && Object.hasOwn(errorCatalogue, type) ? (type as ErrorType) : 'Internal';
  const [detail] = (details ?? []) as { violations?: Violation[]; operationId?: string }[];
  return new Problem(known, message, {
    cause,
    ...(detail?.violations ? { violations: detail.violations } : {}),
    ...(detail?.operationId ? { operationId: detail.operationId } : {}),
  });
}

function fromQuery(error: unknown, { workflowId }: Failed): Problem | undefined {
  if (!(error instanceof QueryNotRegisteredError)) return undefined;
  const { message } = error;
  if (hasNoHandler(message)) {
    return new Problem('NotFound', `\`${workflowId}\` is no operation and no cluster`, {
      cause: error,
    });
  }
  if (isTooLarge(message)) return new Problem('TooLarge', message, { cause: error });
  return new Problem('Internal', `the query failed: ${message}`, { cause: error });
}

/** The SDK's words for a query or an update that the workflow does not have. */
const hasNoHandler = (message: string): boolean =>
  /did not register a handler|No registered handler for update/.test(message);

/** The worker's, the server's and gRPC's words for a payload above their limit. */
const isTooLarge = (message: string): boolean =>
  /TMPRL1103|larger than max|exceeds? (size )?limit|message too large/i.test(message);

/** Temporal says NOT_FOUND of a workflow that is not there, and of an update to one that ended. */
async function notFound(error: unknown, { client, workflowId }: Failed): Promise<Problem> {
  if (workflowId === undefined) {
    // Nothing else that is asked for can be missing but the namespace itself.
    const text = grpcOf(error)?.details ?? String(error);
    return new Problem('TemporalRefused', text, { cause: error });
  }
  const [kind, name] = workflowId.split('/');
  if (kind === 'cluster') return new Problem('NotFound', `no cluster \`${name}\``);
  const found = await within(client, () => client.workflow.getHandle(workflowId).describe());
  if (!found) return new Problem('NotFound', `no operation \`${workflowId}\``);
  if (found.status.name === 'TERMINATED') {
    return new Problem('Terminated', `\`${workflowId}\` was terminated`);
  }
  return new Problem('NotAwaiting', 'the operation has finished');
}

async function fromGrpc(status: GrpcStatus, failed: Failed): Promise<Problem> {
  const { code, details, error: cause } = status;
  switch (code) {
    case grpc.deadlineExceeded:
    case grpc.unavailable:
    case grpc.cancelled:
    case grpc.failedPrecondition:
      return noAnswer(status, failed);
    case grpc.resourceExhausted:
      return new Problem(isTooLarge(details) ? 'TooLarge' : 'TemporalBusy', details, { cause });
    case grpc.invalidArgument:
      if (isTooLarge(details)) return new Problem('TooLarge', details, { cause });
      return (
        (await failed.readiness.missingAttributes()) ??
        new Problem('TemporalRefused', details, { cause })
      );
    case grpc.permissionDenied:
    case grpc.unauthenticated:
    case grpc.unimplemented:
      return new Problem('TemporalRefused', details, { cause });
    default:
      return new Problem('Internal', `Temporal answered: ${details}`, { cause });
  }
}

/** Why there was none: Temporal away, its workflow failing, no worker, or all of it just slow. */
async function noAnswer(status: GrpcStatus, failed: Failed): Promise<Problem> {
  const { client, readiness, workflowId } = failed;
  const cause = status.error;
  const alive = await within(client, () => client.workflowService.getSystemInfo({}));
  if (!alive)
    return new Problem('Unavailable', `no answer from Temporal: ${status.details}`, { cause });
  if (workflowId !== undefined) {
    const stuck = await stuckProblem(client, workflowId, cause);
    if (stuck) return stuck;
  }
  const missing = await within(client, () => readiness.missingAttributes());
  const away = missing ?? (await within(client, () => readiness.away(['workflows'])));
  if (away) return away;
  const what = workflowId === undefined ? 'the call' : `\`${workflowId}\``;
  return new Problem('NoAnswer', `no answer in time for ${what}: ${status.details}`, { cause });
}

/** Set when the workflow's task fails over and over, so that no answer will come. Never rejects. */
export async function stuckProblem(
  client: Client,
  workflowId: string,
  cause?: unknown,
): Promise<Problem | undefined> {
  const failure = await within(client, () => failureOfTask(client, workflowId));
  if (!failure) return undefined;
  const type = isTooLarge(failure) ? 'TooLarge' : 'WorkflowStuck';
  return new Problem(type, `the workflow \`${workflowId}\` fails: ${failure}`, { cause });
}

/** What the workflow's task fails with, over and over; undefined when it does not. */
async function failureOfTask(client: Client, workflowId: string): Promise<string | undefined> {
  const { raw, runId } = await client.workflow.getHandle(workflowId).describe();
  if ((raw.pendingWorkflowTask?.attempt ?? 1) <= 1) return undefined;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 10,
  });
  // A task that timed out says nothing against the workflow: its worker was killed, or is slow.
  const last = (history?.events ?? []).find(
    (e) => e.workflowTaskFailedEventAttributes || e.workflowTaskTimedOutEventAttributes,
  );
  return last?.workflowTaskFailedEventAttributes?.failure?.message ?? undefined;
}

/** The answer to a short question, or undefined when there is none. */
const within = <T>(client: Client, ask: () => Promise<T>): Promise<T | undefined> =>
  inTime(client, askMs, ask).catch(() => undefined);

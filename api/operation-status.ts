/** Operations as they are now: one in full, and those of a cluster beside its history. */
import {
  type Client,
  isGrpcServiceError,
  QueryNotRegisteredError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { ClusterStatus, OperationSummary } from '../contracts/cluster.ts';
import type { OpenOperation, OperationView } from '../contracts/http.ts';
import { clusterWorkflowId, clusterWorkflowType, searchAttributes } from '../contracts/names.ts';
import { type OperationStatus, statusQuery } from '../contracts/operation.ts';
import type { OperationOutcome } from '../contracts/outcomes.ts';
import { definitionOf } from '../contracts/services/index.ts';
import { pendingWork } from './pending.ts';
import { Problem } from './problem.ts';

/** A cluster has a handful; more than this are not asked one by one. */
const openMax = 50;
/** Of those that are over and in no history; each is asked as well. */
const endedMax = 10;

/**
 * The workflow's own status, with what its pending activities say while it runs. One whose run is
 * over without a word of its own (terminated, timed out, failed before its frame was there) is told
 * as finished with what Temporal knows of its end: its status would show the last phase for ever.
 */
export async function operationStatus(client: Client, id: string): Promise<OperationView> {
  const handle = client.workflow.getHandle(id);
  const asked = handle.query<OperationStatus>(statusQuery);
  asked.catch(() => undefined);
  const now = await handle.describe();
  const { name } = now.status;
  const status = await asked.catch((error: unknown) => {
    // One that ended before its first task has no status.
    const mute = definitionOf(now.type) && endings[name] && isServiceError(error);
    if (mute) return blank(id, now);
    throw error;
  });
  if (status.phase === 'finished') return status;
  if (name === 'RUNNING') {
    const pending = pendingWork(now.raw.pendingActivities ?? []);
    return pending.length > 0 ? { ...status, pending } : status;
  }
  const end = endings[name];
  // It ended between the two answers.
  if (!end) return handle.query<OperationStatus>(statusQuery);
  const begun = status.steps.some((step) => step.startedAt !== undefined);
  return {
    ...status,
    cluster: clusterOf(status, id),
    phase: 'finished',
    outcome: begun ? 'interrupted' : end,
    reason: await reasonOfEnd(client, id, now),
    finishedAt: (now.closeTime ?? new Date()).toISOString(),
  };
}

/** What an end without a word comes to, when no step had begun. */
const endings: Partial<Record<string, OperationOutcome>> = {
  TERMINATED: 'interrupted',
  TIMED_OUT: 'interrupted',
  FAILED: 'refused',
  CANCELLED: 'aborted',
};

/** Temporal's refusal to ask; not the word of the workflow that it has no such query. */
const isServiceError = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof QueryNotRegisteredError) &&
  (isGrpcServiceError(error) || isGrpcServiceError(error.cause));

const blank = (id: string, now: WorkflowExecutionDescription): OperationStatus => ({
  operationId: id,
  runId: now.runId,
  type: now.type,
  cluster: '?',
  requester: '?',
  phase: 'validating',
  startedAt: now.startTime.toISOString(),
  steps: [],
  events: [],
  abortRequested: false,
});

/** A run that was refused before it read its input does not know; its id does. */
const clusterOf = ({ cluster }: OperationStatus, id: string): string =>
  cluster === '?' ? (id.split('/')[1] ?? cluster) : cluster;

async function reasonOfEnd(
  client: Client,
  workflowId: string,
  { runId, status }: WorkflowExecutionDescription,
): Promise<string> {
  if (status.name === 'TIMED_OUT') return 'the operation timed out; nothing was undone';
  if (status.name === 'CANCELLED') return 'the operation was cancelled; nothing was undone';
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const [last] = history?.events ?? [];
  const failure = last?.workflowExecutionFailedEventAttributes?.failure;
  if (failure) {
    const type = failure.applicationFailureInfo?.type;
    return `${type ? `${type}: ` : ''}${failure.message}`;
  }
  const end = last?.workflowExecutionTerminatedEventAttributes;
  const by = end?.identity ? ` by ${end.identity}` : '';
  const why = end?.reason ? `: ${end.reason}` : '';
  return `the operation was terminated${by}${why}; nothing was undone`;
}

/** Operations of a cluster, as each is now. */
export interface Operations {
  open: OpenOperation[];
  /** Ended so lately, or without ever holding the lease, that the entity does not tell of them. */
  ended: OperationSummary[];
}

/**
 * Operations that the entity's history does not have: those in Temporal's index, which may lag, and
 * those that the entity knows of, which does not. Each is asked for its phase.
 */
export async function currentOperations(
  client: Client,
  cluster: string,
  entity: ClusterStatus | undefined,
): Promise<Operations> {
  const [indexed, children] = await Promise.all([
    indexedIds(client, cluster, entity?.history[0]?.startedAt),
    childIds(client, cluster),
  ]);
  const known = [...(entity?.leases ?? []), ...(entity?.waiting ?? [])].map((l) => l.operationId);
  const past = new Set(entity?.history.map((h) => h.operationId));
  const found = [...children, ...indexed].filter((id) => !past.has(id));
  const ids = [...new Set([...known, ...found])].slice(0, openMax + endedMax);
  const holders = (entity?.leases ?? []).map((l) => l.operationId);
  const asked = await Promise.all(ids.map((id) => askOperation(client, id, holders.includes(id))));
  return {
    open: asked.flatMap((o) => o?.open ?? []),
    ended: asked
      .flatMap((o) => o?.ended ?? [])
      .sort((x, y) => (x.startedAt < y.startedAt ? -1 : 1)),
  };
}

/** The open ones, and the newest that are over since `since`: older ones have left the history. */
async function indexedIds(client: Client, cluster: string, since?: string): Promise<string[]> {
  const over = `ExecutionStatus != 'Running'${since ? ` AND StartTime >= '${since}'` : ''}`;
  const found = await Promise.all([
    idsWhere(client, cluster, "ExecutionStatus = 'Running'", openMax),
    idsWhere(client, cluster, over, endedMax),
  ]);
  return found.flat();
}

async function idsWhere(
  client: Client,
  cluster: string,
  where: string,
  pageSize: number,
): Promise<string[]> {
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query:
      `${searchAttributes.cluster} = '${cluster}' AND ${where}` +
      ` AND WorkflowType != '${clusterWorkflowType}'`,
    pageSize,
  });
  return (executions ?? []).flatMap(({ execution }) => execution?.workflowId ?? []);
}

/** What the entity has started and what still runs: from its own state, so without a lag. */
async function childIds(client: Client, cluster: string): Promise<string[]> {
  try {
    const { raw } = await client.workflow.getHandle(clusterWorkflowId(cluster)).describe();
    return (raw.pendingChildren ?? []).flatMap(({ workflowId }) => workflowId ?? []);
  } catch {
    return []; // Without an entity there are no children of one.
  }
}

/** Undefined when it is no operation. */
async function askOperation(
  client: Client,
  operationId: string,
  holdsLease: boolean,
): Promise<{ open?: OpenOperation; ended?: OperationSummary } | undefined> {
  try {
    const status = await operationStatus(client, operationId);
    if (status.phase === 'finished') return { ended: summaryOf(status) };
    const { type, phase, requester, startedAt, plan } = status;
    const digest = plan ? { digest: plan.digest } : {};
    return { open: { operationId, type, phase, requester, startedAt, ...digest, holdsLease } };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return { open: { operationId, type: 'unknown', phase: 'unknown', holdsLease, reason } };
  }
}

function summaryOf(status: OperationView): OperationSummary {
  const { operationId, runId, type, requester, startedAt, finishedAt, outcome, reason, plan } =
    status;
  return {
    ...{ operationId, runId, type, requester, startedAt },
    ...(finishedAt ? { finishedAt } : {}),
    ...(outcome ? { outcome } : {}),
    ...(reason ? { reason } : {}),
    ...(plan ? { digest: plan.digest } : {}),
  };
}

const isAbsent = (error: unknown): boolean =>
  (error instanceof Problem && error.type === 'NotFound') ||
  (error instanceof Error &&
    ['WorkflowNotFoundError', 'QueryNotRegisteredError'].includes(error.name));

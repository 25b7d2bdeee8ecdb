/** Operations as they are now: one in full, and those of a cluster that are open. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { ClusterStatus } from '../contracts/cluster.ts';
import type { OpenOperation, OperationView } from '../contracts/http.ts';
import { clusterWorkflowId, clusterWorkflowType, searchAttributes } from '../contracts/names.ts';
import { type OperationStatus, statusQuery } from '../contracts/operation.ts';
import { pendingWork } from './pending.ts';
import { Problem } from './problem.ts';

/** A cluster has a handful; more than this are not asked one by one. */
const openMax = 50;

/**
 * The workflow's own status, with what its pending activities say while it runs. One that Temporal
 * ended without a word of its own (terminated, timed out) is told as finished and `interrupted`,
 * for its own status would show the last phase for ever.
 */
export async function operationStatus(client: Client, id: string): Promise<OperationView> {
  const handle = client.workflow.getHandle(id);
  const [status, now] = await Promise.all([
    handle.query<OperationStatus>(statusQuery),
    handle.describe(),
  ]);
  if (status.phase === 'finished') return status;
  if (now.status.name === 'RUNNING') {
    const pending = pendingWork(now.raw.pendingActivities ?? []);
    return pending.length > 0 ? { ...status, pending } : status;
  }
  if (now.status.name !== 'TERMINATED' && now.status.name !== 'TIMED_OUT') {
    // It ended between the two answers.
    return handle.query<OperationStatus>(statusQuery);
  }
  return {
    ...status,
    phase: 'finished',
    outcome: 'interrupted',
    reason: await reasonOfEnd(client, id, now),
    finishedAt: (now.closeTime ?? new Date()).toISOString(),
  };
}

async function reasonOfEnd(
  client: Client,
  workflowId: string,
  { runId, status }: WorkflowExecutionDescription,
): Promise<string> {
  if (status.name === 'TIMED_OUT') return 'the operation timed out; nothing was undone';
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const end = history?.events?.[0]?.workflowExecutionTerminatedEventAttributes;
  const by = end?.identity ? ` by ${end.identity}` : '';
  const why = end?.reason ? `: ${end.reason}` : '';
  return `the operation was terminated${by}${why}; nothing was undone`;
}

/**
 * Operations of the cluster that have not ended: those in Temporal's index, which may lag, and
 * those that the entity knows of, which does not. Each is asked for its phase.
 */
export async function openOperations(
  client: Client,
  cluster: string,
  entity: ClusterStatus | undefined,
): Promise<OpenOperation[]> {
  const [indexed, children] = await Promise.all([
    indexedIds(client, cluster),
    childIds(client, cluster),
  ]);
  const known = [...(entity?.leases ?? []), ...(entity?.waiting ?? [])].map((l) => l.operationId);
  const ids = [...new Set([...known, ...children, ...indexed])].slice(0, openMax);
  const holders = (entity?.leases ?? []).map((l) => l.operationId);
  const asked = await Promise.all(ids.map((id) => openOperation(client, id, holders.includes(id))));
  return asked.filter((o) => o !== undefined);
}

async function indexedIds(client: Client, cluster: string): Promise<string[]> {
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query:
      `${searchAttributes.cluster} = '${cluster}' AND ExecutionStatus = 'Running'` +
      ` AND WorkflowType != '${clusterWorkflowType}'`,
    pageSize: openMax,
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

/** Undefined when it has ended, or is no operation. */
async function openOperation(
  client: Client,
  operationId: string,
  holdsLease: boolean,
): Promise<OpenOperation | undefined> {
  try {
    const status = await operationStatus(client, operationId);
    if (status.phase === 'finished') return undefined;
    const { type, phase, requester, startedAt, plan } = status;
    const digest = plan ? { digest: plan.digest } : {};
    return { operationId, type, phase, requester, startedAt, ...digest, holdsLease };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return { operationId, type: 'unknown', phase: 'unknown', holdsLease, reason };
  }
}

const isAbsent = (error: unknown): boolean =>
  (error instanceof Problem && error.type === 'NotFound') ||
  (error instanceof Error &&
    ['WorkflowNotFoundError', 'QueryNotRegisteredError'].includes(error.name));

/**
 * What Temporal knows of a trial: how the operation ended, what its history says, and whether
 * anything of it still runs. Read-only, but for the end of an operation that hangs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  TerminatedFailure,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import { clusterWorkflowId } from '../../contracts/names.ts';
import type { OperationResult, OperationStatus } from '../../contracts/operation.ts';

export interface End {
  /** Of the catalogue of outcomes, or the failure's type. */
  outcome: string;
  reason: string;
  verdict?: LoadVerdict;
}

/** How it ended; undefined when it did not within `patienceMs`. Outlives Temporal's absence. */
export async function endOf(handle: WorkflowHandle, patienceMs: number): Promise<End | undefined> {
  const deadline = AbortSignal.timeout(patienceMs);
  while (!deadline.aborted) {
    const end = await Promise.race([
      handle.result().then(
        (result) => ({ reason: '', ...(result as OperationResult) }),
        (error: unknown) => failedEnd(error),
      ),
      sleep(patienceMs, 'late' as const, { signal: deadline, ref: false }).catch(() => 'late'),
    ]);
    if (typeof end === 'object') return end;
    if (end === 'away') await sleep(200);
  }
  return undefined;
}

/** `away`: it is not the workflow that failed, but the question. */
function failedEnd(error: unknown): End | 'away' {
  if (!(error instanceof WorkflowFailedError)) return 'away';
  if (error.cause instanceof TerminatedFailure) return { outcome: 'Terminated', reason: '' };
  const { type, message, details } = (error.cause ?? {}) as {
    type?: string;
    message?: string;
    details?: [OperationResult?];
  };
  const verdict = details?.[0]?.verdict;
  return {
    outcome: type ?? 'failed',
    reason: message ?? String(error),
    ...(verdict ? { verdict } : {}),
  };
}

export interface Story {
  /** Causes of failed workflow tasks, in this run. */
  failedTasks: string[];
  /** When the last activity was scheduled that could still see a broker missing. */
  lastLookAt: number;
  /** When the measurement that brought the report ran. */
  measured?: { from: number; to: number };
}

/** What comes after the last look: the verdict is fixed by then. */
const afterwards = /^(clean|describe)/;
/** A message came while the task was worked on: Temporal repeats it, nothing is wrong. */
const harmlessCause = 1;

/** Reads a run's history. */
export async function storyOf(handle: WorkflowHandle): Promise<Story> {
  const { events } = await handle.fetchHistory();
  const story: Story = { failedTasks: [], lastLookAt: 0 };
  const measuring = new Map<string, number>();
  for (const event of events ?? []) {
    const at = msOf(event.eventTime);
    const scheduled = event.activityTaskScheduledEventAttributes;
    const started = event.activityTaskStartedEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const failed = event.workflowTaskFailedEventAttributes;
    const name = scheduled?.activityType?.name ?? '';
    if (name && !afterwards.test(name)) story.lastLookAt = at;
    if (name === 'runLoadTest') measuring.set(String(event.eventId), at);
    if (started && measuring.has(String(started.scheduledEventId))) {
      measuring.set(String(started.scheduledEventId), at);
    }
    const from = completed && measuring.get(String(completed.scheduledEventId));
    if (from) story.measured = { from, to: at };
    if (failed && Number(failed.cause) !== harmlessCause) {
      story.failedTasks.push(`${failed.cause} ${failed.failure?.message ?? ''}`.trim());
    }
  }
  return story;
}

const msOf = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;

/** The cluster's own status; undefined when there is no entity, or none answers in time. */
export async function entityOf(
  client: Client,
  cluster: string,
): Promise<ClusterStatus | undefined> {
  const entity = client.workflow.getHandle(clusterWorkflowId(cluster));
  return quickly(entity.query<ClusterStatus>('status'));
}

/** The operation's own status; undefined when none answers in time. */
export const statusOf = (handle: WorkflowHandle): Promise<OperationStatus | undefined> =>
  quickly(handle.query<OperationStatus>('status'));

const quickly = <T>(question: Promise<T>): Promise<T | undefined> =>
  Promise.race([
    question.catch(() => undefined),
    sleep(5_000, undefined, { ref: false }).then(() => undefined),
  ]);

/** Ids of what still runs for the cluster, the entity aside. */
export async function openWorkflows(client: Client, cluster: string): Promise<string[]> {
  const found: string[] = [];
  for (const query of [`AsgardCluster = "${cluster}"`, ...prefixes(cluster)]) {
    const running = client.workflow.list({ query: `${query} AND ExecutionStatus = "Running"` });
    for await (const { workflowId } of running) {
      if (workflowId !== clusterWorkflowId(cluster)) found.push(workflowId);
    }
  }
  return [...new Set(found)];
}

const prefixes = (cluster: string): string[] => [`WorkflowId STARTS_WITH "odin/${cluster}/"`];

/** Everything that says why it does not end, and ends it, so that the next trial can begin. */
export async function hung(client: Client, handle: WorkflowHandle, cluster: string) {
  const status = await statusOf(handle);
  const entity = await entityOf(client, cluster);
  const { raw } = await handle.describe();
  const pending = (raw.pendingActivities ?? []).map((p) =>
    `${p.activityType?.name} attempt ${p.attempt} ${p.lastFailure?.message ?? ''}`.trim(),
  );
  await handle.terminate('a crash trial that hangs').catch(() => undefined);
  const leases = entity?.leases.map((l) => l.operationId).join() ?? '';
  return [
    `${handle.workflowId} hangs in phase ${status?.phase ?? 'unknown (its query is not answered)'}`,
    `pending: ${pending.join('; ') || 'none'}`,
    `last event: ${status?.events.at(-1)?.text ?? 'none'}`,
    `entity: ${entity ? `${entity.phase}, leases ${leases || 'none'}` : 'does not answer'}`,
  ].join(' | ');
}

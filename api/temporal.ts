/**
 * The API's only way to Temporal: every call has a deadline, and every failure becomes a problem of
 * the catalogue. Temporal or its workers being away is 503, told before anything is started.
 */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure, type Workflow } from '@temporalio/common';
import type {
  ClusterStatus,
  ProtectionInput,
  ProtectionResult,
  SubmitInput,
  SubmitResult,
} from '../contracts/cluster.ts';
import { type ErrorType, errorCatalogue } from '../contracts/errors.ts';
import { clusterWorkflowId, clusterWorkflowType, taskQueues } from '../contracts/names.ts';
import { type OperationStatus, statusQuery, updates } from '../contracts/operation.ts';
import type { ClusterPlan } from '../contracts/plan.ts';
import { type PlanInput, planWorkflowType } from '../contracts/services/odin.ts';
import type { Violation } from '../contracts/spec.ts';
import { pendingWork } from './pending.ts';
import { Problem } from './problem.ts';

const deadlineMs = 5_000;
/** A plan reads the whole cluster; a cluster that is down keeps it waiting for a while. */
const planDeadlineMs = 60_000;
/** A poller seen within this time counts as a worker that is there; they poll once a minute. */
const pollerFreshMs = 75_000;

export interface Temporal {
  /** Throws 503 unless Temporal answers and a worker polls every queue. */
  requireReady(): Promise<void>;
  submit(cluster: string, input: SubmitInput, mayStart: boolean): Promise<SubmitResult>;
  clusterStatus(cluster: string): Promise<ClusterStatus>;
  clusters(): Promise<ClusterStatus[]>;
  /** Also of a cluster that nobody remembers: its machines may stand. */
  protect(cluster: string, input: ProtectionInput): Promise<ProtectionResult>;
  operationStatus(operationId: string): Promise<OperationStatus>;
  updateOperation<T>(operationId: string, update: string, argument?: unknown): Promise<T>;
  plan(input: PlanInput, workflowId: string): Promise<ClusterPlan>;
}

export function createTemporal(client: Client): Temporal {
  const within = <T>(ms: number, work: () => Promise<T>): Promise<T> =>
    client.withDeadline(Date.now() + ms, work).catch((error: unknown) => {
      throw toProblem(error);
    });
  const brief = <T>(work: () => Promise<T>) => within(deadlineMs, work);
  const query = <T>(workflowId: string) =>
    brief(() => client.workflow.getHandle(workflowId).query<T>(statusQuery));
  const update = <T>(workflowId: string, name: string, argument?: unknown) =>
    brief(() =>
      client.workflow
        .getHandle(workflowId)
        .executeUpdate<T, [unknown]>(name, { args: [argument ?? null] }),
    );

  return {
    requireReady: () => brief(() => requirePollers(client)),
    submit: (cluster, input, mayStart) => brief(() => submit(client, cluster, input, mayStart)),
    clusterStatus: (cluster) => query<ClusterStatus>(clusterWorkflowId(cluster)),
    clusters: () =>
      brief(async () => {
        const listed = client.workflow.list({
          query: `WorkflowType = '${clusterWorkflowType}' AND ExecutionStatus = 'Running'`,
        });
        const found: ClusterStatus[] = [];
        for await (const { workflowId } of listed) {
          found.push(await client.workflow.getHandle(workflowId).query<ClusterStatus>(statusQuery));
        }
        return found.filter((c) => c.phase !== 'absent').sort((a, b) => (a.name < b.name ? -1 : 1));
      }),
    protect: (cluster, input) =>
      brief(() =>
        client.workflow.executeUpdateWithStart<Workflow, ProtectionResult, [ProtectionInput]>(
          updates.setProtection,
          { args: [input], startWorkflowOperation: entityOf(cluster) },
        ),
      ),
    operationStatus: (operationId) => brief(() => operationStatus(client, operationId)),
    updateOperation: update,
    plan: (input, workflowId) =>
      within(planDeadlineMs, async () => {
        const { plan } = await client.workflow.execute<
          (i: PlanInput) => Promise<{ plan: ClusterPlan }>
        >(planWorkflowType, {
          taskQueue: taskQueues.workflows,
          workflowId,
          args: [input],
          workflowExecutionTimeout: planDeadlineMs,
          staticSummary: 'Plan only: reads, changes nothing',
        });
        return plan;
      }),
  };
}

/** The workflow's own status, and what its pending activities say while it runs. */
async function operationStatus(client: Client, operationId: string): Promise<OperationStatus> {
  const handle = client.workflow.getHandle(operationId);
  const status = await handle.query<OperationStatus>(statusQuery);
  if (status.phase === 'finished') return status;
  const { raw } = await handle.describe();
  const pending = pendingWork(raw.pendingActivities ?? []);
  return pending.length > 0 ? { ...status, pending } : status;
}

/** Starts the cluster's entity unless it runs. */
const entityOf = (cluster: string) =>
  new WithStartWorkflowOperation(clusterWorkflowType, {
    workflowId: clusterWorkflowId(cluster),
    taskQueue: taskQueues.workflows,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [{ name: cluster }],
    staticSummary: `Cluster ${cluster}: state, lease and history`,
  });

/** Starts the entity when `mayStart`, and hands it the operation in the same call. */
function submit(
  client: Client,
  cluster: string,
  input: SubmitInput,
  mayStart: boolean,
): Promise<SubmitResult> {
  const workflowId = clusterWorkflowId(cluster);
  // The body's digest is part of the id: another body under the same key must reach the validator.
  const updateId = `${input.operationId}/${input.requestDigest ?? ''}`;
  const options = { args: [input] as [SubmitInput], updateId };
  if (!mayStart) {
    return client.workflow
      .getHandle(workflowId)
      .executeUpdate<SubmitResult, [SubmitInput]>(updates.submit, options);
  }
  return client.workflow.executeUpdateWithStart<Workflow, SubmitResult, [SubmitInput]>(
    updates.submit,
    {
      ...options,
      startWorkflowOperation: entityOf(cluster),
    },
  );
}

async function requirePollers(client: Client): Promise<void> {
  const { namespace } = client.options;
  const queues = [
    { name: taskQueues.workflows, taskQueueType: 1 },
    ...[taskQueues.cloud, taskQueues.kafka, taskQueues.load].map((name) => ({
      name,
      taskQueueType: 2,
    })),
  ];
  for (const { name, taskQueueType } of queues) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType,
    });
    const fresh = (pollers ?? []).some(
      (p) => Date.now() - Number(p.lastAccessTime?.seconds ?? 0) * 1000 < pollerFreshMs,
    );
    if (!fresh) throw new Problem('Unavailable', `no worker polls the task queue \`${name}\``);
  }
}

/** Every way in which a call can fail, as a problem. */
function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // Temporal says NOT_FOUND of a finished workflow too, so this must come first.
  if (/already completed/.test(String((error as Error).message) + String((error as Error).cause))) {
    return new Problem('NotAwaiting', 'the operation has finished');
  }
  if (error instanceof WorkflowNotFoundError) {
    return new Problem('NotFound', 'no such cluster or operation');
  }
  const wrapped =
    error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError;
  if (wrapped && error.cause instanceof ApplicationFailure) return fromFailure(error.cause);
  if (/not found|NOT_FOUND/.test(String(error))) {
    return new Problem('NotFound', 'no such cluster or operation');
  }
  return new Problem('Unavailable', 'Temporal did not answer in time');
}

function fromFailure({ type, message, details }: ApplicationFailure): Problem {
  const known = (type ?? '') in errorCatalogue ? (type as ErrorType) : 'Internal';
  const [detail] = (details ?? []) as { violations?: Violation[]; operationId?: string }[];
  return new Problem(known, message, {
    ...(detail?.violations ? { violations: detail.violations } : {}),
    ...(detail?.operationId ? { operationId: detail.operationId } : {}),
  });
}

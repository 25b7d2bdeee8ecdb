/**
 * The API's only way to Temporal: every call has a deadline, and every failure becomes a problem of
 * the catalogue that tells its cause (temporal-errors.ts).
 */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type {
  ClusterStatus,
  ProtectionInput,
  ProtectionResult,
  SubmitInput,
  SubmitResult,
} from '../contracts/cluster.ts';
import type { ClusterList, ClusterSummary, Inspection, OperationView } from '../contracts/http.ts';
import { clusterWorkflowId, clusterWorkflowType, taskQueues } from '../contracts/names.ts';
import { statusQuery, updates } from '../contracts/operation.ts';
import type { ClusterPlan } from '../contracts/plan.ts';
import {
  type InspectInput,
  inspectWorkflowType,
  type PlanInput,
  planWorkflowType,
} from '../contracts/services/odin.ts';
import { clusterPage, clusterSummary, type Page } from './cluster-index.ts';
import { inTime } from './deadline.ts';
import { currentOperations, type Operations, operationStatus } from './operation-status.ts';
import { Problem } from './problem.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { problemOf, stuckProblem } from './temporal-errors.ts';

/** With the second that finding the cause may take, an answer comes within 5 s. */
const deadlineMs = 3_900;
/** A look at the world: its own limits are below (workflows/odin/inspect-cluster.ts). */
const inspectDeadlineMs = 13_000;
/** A plan reads the whole cluster; a cluster that is down keeps it waiting for a while. */
const planDeadlineMs = 58_000;
/** How often a plan that takes long is looked after. */
const stuckCheckMs = 3_000;
/** Later than the deadline, so that the cause can still be asked of the workflow. */
const workflowSpareMs = 5_000;

export interface Temporal {
  /** Throws unless Temporal answers and a worker polls every queue named; kept for seconds. */
  requireReady: Readiness['require'];
  /** Starts the entity when `mayStart`, and hands it the operation in the same call. */
  submit(cluster: string, input: SubmitInput, mayStart: boolean): Promise<SubmitResult>;
  /** The entity's answer; NotFound when there is none, or when it was ended from outside. */
  clusterStatus(cluster: string): Promise<ClusterStatus>;
  /** What the index knows of it; asks no worker. */
  clusterSummary(cluster: string): Promise<ClusterSummary>;
  clusters(page: Page): Promise<ClusterList>;
  /** Also of a cluster that nobody remembers: its machines may stand. */
  protect(cluster: string, input: ProtectionInput): Promise<ProtectionResult>;
  operationStatus(operationId: string): Promise<OperationView>;
  /** Those that are not in the entity's history. */
  operations(cluster: string, entity: ClusterStatus | undefined): Promise<Operations>;
  updateOperation<T>(operationId: string, update: string, argument?: unknown): Promise<T>;
  plan(input: PlanInput, workflowId: string): Promise<ClusterPlan>;
  /** Machines and brokers at this moment. Callers at the same time share one look. */
  inspect(input: InspectInput): Promise<Inspection>;
}

export function createTemporal(client: Client): Temporal {
  const readiness = createReadiness(client);
  const within = <T>(ms: number, workflowId: string | undefined, work: () => Promise<T>) =>
    inTime(client, ms, work).catch(async (error: unknown): Promise<never> => {
      throw await problemOf(error, { client, readiness, workflowId });
    });
  const brief = <T>(workflowId: string | undefined, work: () => Promise<T>) =>
    within(deadlineMs, workflowId, work);
  const update = <T>(workflowId: string, name: string, argument?: unknown) =>
    brief(workflowId, () =>
      client.workflow
        .getHandle(workflowId)
        .executeUpdate<T, [unknown]>(name, { args: [argument ?? null] }),
    );
  const entity = clusterWorkflowId;
  return {
    requireReady: (queues) => brief(undefined, () => readiness.require(queues)),
    submit: (cluster, input, mayStart) =>
      brief(entity(cluster), () => submit(client, cluster, input, mayStart)),
    clusterStatus: (cluster) => brief(entity(cluster), () => clusterStatus(client, cluster)),
    clusterSummary: (cluster) => brief(entity(cluster), () => clusterSummary(client, cluster)),
    clusters: (page) => brief(undefined, () => clusterPage(client, page)),
    protect: (cluster, input) => brief(entity(cluster), () => protect(client, cluster, input)),
    operationStatus: (id) => brief(id, () => operationStatus(client, id)),
    operations: (cluster, status) =>
      brief(undefined, () => currentOperations(client, cluster, status)),
    updateOperation: update,
    plan: (input, id) => within(planDeadlineMs, id, () => plan(client, input, id)),
    inspect: (input) => {
      const { cluster, provider } = input;
      const id = `odin/${cluster}/${provider ? 'inspect' : 'find'}`;
      return within(inspectDeadlineMs, id, () => inspect(client, input, id));
    },
  };
}

/** An ended entity still answers queries, from a history that nobody goes on with. */
async function clusterStatus(client: Client, cluster: string): Promise<ClusterStatus> {
  const handle = client.workflow.getHandle(clusterWorkflowId(cluster));
  const asked = handle.query<ClusterStatus>(statusQuery);
  // One that ended before its first task fails the query: how it ended says more.
  asked.catch(() => undefined);
  const { status: run } = await handle.describe();
  if (['TERMINATED', 'TIMED_OUT', 'FAILED', 'CANCELLED'].includes(run.name)) {
    const how = run.name.toLowerCase().replace('_', ' ');
    throw new Problem('NotFound', `no cluster \`${cluster}\`: its entity was ${how}`);
  }
  return asked;
}

async function plan(client: Client, input: PlanInput, workflowId: string): Promise<ClusterPlan> {
  const handle = await client.workflow.start<(i: PlanInput) => Promise<{ plan: ClusterPlan }>>(
    planWorkflowType,
    {
      taskQueue: taskQueues.workflows,
      workflowId,
      args: [input],
      workflowExecutionTimeout: planDeadlineMs + workflowSpareMs,
      staticSummary: 'Plan only: reads, changes nothing',
    },
  );
  // Nobody waits a minute for a workflow that will never answer.
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_, reject) => {
    timer = setInterval(async () => {
      const problem = await stuckProblem(client, workflowId);
      if (problem) reject(problem);
    }, stuckCheckMs);
  });
  try {
    return (await Promise.race([handle.result(), stuck])).plan;
  } finally {
    clearInterval(timer);
  }
}

/** One id per cluster, so that other processes' callers share the look as well. */
function inspect(client: Client, input: InspectInput, workflowId: string): Promise<Inspection> {
  return client.workflow.execute<(i: InspectInput) => Promise<Inspection>>(inspectWorkflowType, {
    taskQueue: taskQueues.workflows,
    workflowId,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [input],
    workflowExecutionTimeout: inspectDeadlineMs + workflowSpareMs,
    staticSummary: 'A look at machines and brokers: reads, changes nothing',
  });
}

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
    { ...options, startWorkflowOperation: entityOf(cluster) },
  );
}

const protect = (
  client: Client,
  cluster: string,
  input: ProtectionInput,
): Promise<ProtectionResult> =>
  client.workflow.executeUpdateWithStart<Workflow, ProtectionResult, [ProtectionInput]>(
    updates.setProtection,
    { args: [input], startWorkflowOperation: entityOf(cluster) },
  );

/** Starts the cluster's entity unless it runs. */
const entityOf = (cluster: string) =>
  new WithStartWorkflowOperation(clusterWorkflowType, {
    workflowId: clusterWorkflowId(cluster),
    taskQueue: taskQueues.workflows,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [{ name: cluster }],
    staticSummary: `Cluster ${cluster}: state, lease and history`,
  });

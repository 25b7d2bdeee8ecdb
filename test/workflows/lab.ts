/** Workflows on a real Temporal server with a world of names behind the activities. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import { taskQueues } from '../../contracts/names.ts';
import type { OperationStatus } from '../../contracts/operation.ts';
import { bundle, startTemporal } from '../support/temporal.ts';
import { createWorld, type World } from './world.ts';

export interface Lab {
  env: TestWorkflowEnvironment;
  /** Runs `work` with workers for a fresh world. */
  withWorld<T>(work: (world: World) => Promise<T>): Promise<T>;
  start(type: string, input: unknown, id?: string): Promise<WorkflowHandle>;
  status(handle: WorkflowHandle): Promise<OperationStatus>;
  cluster(name: string): Promise<ClusterStatus>;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const env = await startTemporal();
  const workflowBundle: WorkflowBundle = await bundle();
  const { client } = env;
  return {
    env,
    withWorld: async (work) => {
      const world = createWorld();
      const workers = await Promise.all([
        Worker.create({ ...common(env), taskQueue: taskQueues.workflows, workflowBundle }),
        ...(['cloud', 'kafka', 'load'] as const).map((name) =>
          Worker.create({
            ...common(env),
            taskQueue: taskQueues[name],
            activities: world.activities[name],
          }),
        ),
      ]);
      const runs = workers.map((w) => w.run());
      try {
        return await work(world);
      } finally {
        for (const worker of workers) worker.shutdown();
        await Promise.all(runs);
      }
    },
    start: (type, input, id = `test/${randomUUID()}`) =>
      client.workflow.start(type, {
        taskQueue: taskQueues.workflows,
        workflowId: id,
        args: [input],
      }),
    status: (handle) => handle.query<OperationStatus>('status'),
    cluster: (name) => client.workflow.getHandle(`cluster/${name}`).query<ClusterStatus>('status'),
    close: () => env.teardown(),
  };
}

const common = (env: TestWorkflowEnvironment) => ({
  connection: env.nativeConnection,
  namespace: env.namespace ?? 'default',
});

/** How a run ended: its outcome, or the type of its failure. */
export async function ending(
  handle: WorkflowHandle,
): Promise<{ outcome: string; message: string; details: unknown }> {
  try {
    const { outcome, reason } = (await handle.result()) as { outcome: string; reason?: string };
    return { outcome, message: reason ?? '', details: undefined };
  } catch (error) {
    const { type, message, details } = (
      error as { cause: { type: string; message: string; details?: unknown[] } }
    ).cause;
    return { outcome: type, message, details: details?.[0] };
  }
}

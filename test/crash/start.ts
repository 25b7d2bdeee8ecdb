/**
 * Starting an operation, in the two ways that users have: a workflow with the client, or a request
 * to the API with an Idempotency-Key, repeated until it is answered. Then it must run once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { ProtectionInput } from '../../contracts/cluster.ts';
import { clusterWorkflowId, taskQueues } from '../../contracts/names.ts';
import { updates } from '../../contracts/operation.ts';
import type { TrialBench } from './bench.ts';

export interface Start {
  cluster: string;
  type: 'provisionCluster' | 'destroyCluster' | 'loadTest';
  /** Unique among the cluster's operations. */
  key: string;
  input: { spec?: unknown; cluster?: string; confirm?: string };
}

export interface Started {
  handle: WorkflowHandle;
  lost: string[];
}

const answerWithinMs = 120_000;

/** Repeats it while Temporal is away: the id makes sure that it is one operation. */
export async function byTemporal({ client }: TrialBench, start: Start): Promise<Started> {
  const workflowId = `odin/${start.cluster}/${start.key}`;
  const { workflows: taskQueue } = taskQueues;
  for (const end = Date.now() + answerWithinMs; ; await sleep(200)) {
    try {
      const options = { taskQueue, workflowId, args: [start.input] };
      return { handle: await client.workflow.start(start.type, options), lost: [] };
    } catch (error) {
      // The answer to the first try was lost.
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        return { handle: client.workflow.getHandle(workflowId), lost: [] };
      }
      if (Date.now() > end) throw error;
    }
  }
}

/** Fails when nobody accepts it in two minutes. */
export async function byApi(bench: TrialBench, start: Start): Promise<Started> {
  const { client, api } = bench;
  if (!api) throw new Error('this bench has no API');
  let last = 'nothing answers';
  for (const end = Date.now() + answerWithinMs; Date.now() < end; await sleep(200)) {
    const response = await send(api, start).catch((error: Error) => {
      last = error.message;
      return undefined;
    });
    if (!response) continue;
    const body = (await response.json().catch(() => ({}))) as { operationId?: string };
    if (response.status === 202 && body.operationId) {
      const handle = client.workflow.getHandle(body.operationId);
      return { handle, lost: await twice(bench, start, body.operationId) };
    }
    last = `${response.status} ${JSON.stringify(body)}`;
    if (response.status < 500) break;
  }
  throw new Error(`the API did not accept ${start.type}: ${last}`);
}

function send(api: NonNullable<TrialBench['api']>, start: Start): Promise<Response> {
  const { cluster, key, type, input } = start;
  const routes = {
    provisionCluster: ['POST', '/v1/clusters', input],
    destroyCluster: ['DELETE', `/v1/clusters/${cluster}`, { confirm: input.confirm }],
    loadTest: ['POST', `/v1/clusters/${cluster}/load-tests`, {}],
  } as const;
  const [method, path, body] = routes[type];
  return fetch(api.url + path, {
    method,
    headers: {
      authorization: `Bearer ${api.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
}

/** However often it was asked for: no other operation of the type runs on the cluster. */
async function twice({ client }: TrialBench, start: Start, own: string): Promise<string[]> {
  const query =
    `WorkflowId STARTS_WITH "odin/${start.cluster}/" AND WorkflowType = "${start.type}"` +
    ' AND ExecutionStatus = "Running"';
  const others: string[] = [];
  try {
    for await (const { workflowId } of client.workflow.list({ query })) {
      if (workflowId !== own) others.push(`${workflowId} runs beside ${own}, asked for by one key`);
    }
  } catch {
    return []; // Temporal is what was struck; the look at the end asks again for what still runs.
  }
  return others;
}

/**
 * Lifts the protection that a cluster has until an operation on it ended well, as a user must
 * before a destroy. Nothing to do where no entity runs.
 */
export async function liftProtection({ client }: TrialBench, cluster: string): Promise<void> {
  const args: [ProtectionInput] = [{ enabled: false, by: 'crash-trials' }];
  const entity = client.workflow.getHandle(clusterWorkflowId(cluster));
  await entity.executeUpdate(updates.setProtection, { args }).catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
}

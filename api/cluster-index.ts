/**
 * Clusters as Temporal's index knows them: what their entities last wrote down as search attributes
 * and memo. One call for a whole page, no worker is asked, so one broken entity disturbs nobody.
 */
import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { ClusterMemo, ClusterPhase } from '../contracts/cluster.ts';
import type { ClusterList, ClusterSummary } from '../contracts/http.ts';
import {
  clusterMemo,
  clusterWorkflowId,
  clusterWorkflowType,
  searchAttributes,
} from '../contracts/names.ts';
import { refuse } from './validation.ts';

export interface Page {
  /** At most this many; 1 to 1000. */
  limit: number;
  /** `next` of the page before. */
  cursor?: string | undefined;
}

/** One page of the clusters that are there, by name within the page. */
export async function clusterPage(client: Client, { limit, cursor }: Page): Promise<ClusterList> {
  const { executions, nextPageToken } = await client.workflowService.listWorkflowExecutions({
    namespace: client.options.namespace,
    query: `WorkflowType = '${clusterWorkflowType}' AND ExecutionStatus = 'Running'`,
    pageSize: limit,
    ...(cursor ? { nextPageToken: tokenOf(cursor) } : {}),
  });
  const clusters = (executions ?? [])
    .map(summaryOf)
    .filter((c) => c.phase !== 'absent')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const next = cursorOf(nextPageToken ?? new Uint8Array());
  return { clusters, ...(next ? { next } : {}) };
}

/** One cluster, for when its entity does not answer. Rejects when there is none. */
export async function clusterSummary(client: Client, name: string): Promise<ClusterSummary> {
  const { raw } = await client.workflow.getHandle(clusterWorkflowId(name)).describe();
  return summaryOf(raw.workflowExecutionInfo ?? {});
}

/** Temporal's token with a digest before it: what somebody made up is told from what we gave. */
const cursorOf = (token: Uint8Array): string =>
  token.length === 0 ? '' : Buffer.concat([checksum(token), token]).toString('base64url');

function tokenOf(cursor: string): Uint8Array {
  const bytes = Buffer.from(cursor, 'base64url');
  const token = bytes.subarray(checksumBytes);
  if (token.length > 0 && cursorOf(token) === cursor) return token;
  refuse([
    {
      field: 'cursor',
      rule: 'cursor',
      message: 'is none that this API gave',
      remedy: 'give `next` of the page before, or leave it out',
    },
  ]);
  return token;
}

const checksumBytes = 8;
const checksum = (token: Uint8Array): Buffer =>
  createHash('sha256').update(token).digest().subarray(0, checksumBytes);

/** The fields that matter of Temporal's WorkflowExecutionInfo. */
interface Indexed {
  execution?: { workflowId?: string | null } | null;
  searchAttributes?: { indexedFields?: Record<string, Payload> | null } | null;
  memo?: { fields?: Record<string, Payload> | null } | null;
}

function summaryOf({ execution, searchAttributes: found, memo }: Indexed): ClusterSummary {
  const attribute = (name: string) => decoded(found?.indexedFields?.[name]);
  const told = (decoded(memo?.fields?.[clusterMemo]) ?? {}) as ClusterMemo;
  const phase = attribute(searchAttributes.phase) as ClusterPhase | undefined;
  const problems = attribute('TemporalReportedProblems');
  return {
    name: (execution?.workflowId ?? '').replace(/^cluster\//, ''),
    phase: phase ?? 'unknown',
    ...told,
    ...(problems ? { problem: `its entity cannot go on: ${[problems].flat().join(', ')}` } : {}),
  };
}

const decoded = (payload: Payload | undefined): unknown =>
  payload ? defaultPayloadConverter.fromPayload(payload) : undefined;

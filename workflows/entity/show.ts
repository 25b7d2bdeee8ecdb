/** Shows the entity's phase to operators: search attributes and the Web UI's current details. */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterMemo, ClusterStatus } from '../../contracts/cluster.ts';
import { clusterMemo, searchAttributes } from '../../contracts/names.ts';
import { clip } from '../../contracts/text.ts';

const key = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** Writes only what changed, so that an idle entity adds nothing to its history. */
export function showPhase(status: ClusterStatus, details: string): void {
  const { name, phase } = status;
  if (workflowInfo().typedSearchAttributes.get(key(searchAttributes.phase)) !== phase) {
    upsertSearchAttributes([
      { key: key(searchAttributes.service), value: 'odin' },
      { key: key(searchAttributes.cluster), value: name },
      { key: key(searchAttributes.phase), value: phase },
    ]);
  }
  const memo = memoOf(status);
  if (JSON.stringify(workflowInfo().memo?.[clusterMemo]) !== JSON.stringify(memo)) {
    upsertMemo({ [clusterMemo]: memo });
  }
  setCurrentDetails(details);
}

/** Lists are made from the index alone: an answer for hundreds of clusters, so each is short. */
function memoOf({ since, reason, leases }: ClusterStatus): ClusterMemo {
  const operationId = leases[0]?.operationId;
  return {
    since,
    ...(reason ? { reason: clip(reason, 300) } : {}),
    ...(operationId ? { operationId } : {}),
  };
}

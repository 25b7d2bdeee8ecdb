/** Shows the entity's phase to operators: search attributes and the Web UI's current details. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import { searchAttributes } from '../../contracts/names.ts';

const key = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** Writes only what changed, so that an idle entity adds nothing to its history. */
export function showPhase({ name, phase }: ClusterStatus, details: string): void {
  if (workflowInfo().typedSearchAttributes.get(key(searchAttributes.phase)) !== phase) {
    upsertSearchAttributes([
      { key: key(searchAttributes.service), value: 'odin' },
      { key: key(searchAttributes.cluster), value: name },
      { key: key(searchAttributes.phase), value: phase },
    ]);
  }
  setCurrentDetails(details);
}

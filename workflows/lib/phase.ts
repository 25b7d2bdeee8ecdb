/** Shows an entity's phase to operators: search attributes and the Web UI's current details. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes } from '../../contracts/names.ts';
import type { ClusterStatus } from '../../contracts/operations.ts';

/** Writes only what changed, so that an idle entity adds nothing to its history. */
export function showPhase({ name, phase }: ClusterStatus, details: string): void {
  const shown = workflowInfo().typedSearchAttributes;
  const phaseKey = defineSearchAttributeKey(searchAttributes.phase, 'KEYWORD');
  if (shown.get(phaseKey) !== phase) {
    upsertSearchAttributes([
      { key: defineSearchAttributeKey(searchAttributes.service, 'KEYWORD'), value: 'odin' },
      { key: defineSearchAttributeKey(searchAttributes.cluster, 'KEYWORD'), value: name },
      { key: phaseKey, value: phase },
    ]);
  }
  setCurrentDetails(details);
}

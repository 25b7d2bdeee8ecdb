/** What every activity of an operation is told. */
import { workflowInfo } from '@temporalio/workflow';
import type { StepScope } from '../../contracts/scope.ts';

/** The scope of this run on a cluster. */
export function scopeOf(place: {
  cluster: string;
  provider: string;
  kafkaVersion: string;
}): StepScope {
  const { workflowId, originalExecutionRunId } = workflowInfo();
  return { ...place, operationId: workflowId, runId: originalExecutionRunId };
}

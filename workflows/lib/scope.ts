/** What every activity of an operation is told. */
import { workflowInfo } from '@temporalio/workflow';
import type { StepScope } from '../../activities/lib/deps.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import type { Operation } from './operation.ts';

export function scopeOf(op: Operation, spec: Pick<NormalSpec, 'provider' | 'kafka'>): StepScope {
  return {
    cluster: op.status.cluster,
    provider: spec.provider,
    kafkaVersion: spec.kafka.version,
    operationId: workflowInfo().workflowId,
  };
}

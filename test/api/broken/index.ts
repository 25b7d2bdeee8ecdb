/** Workflows that break in every way that an API must tell apart. For tests only. */

import { ApplicationFailure, defineSearchAttributeKey } from '@temporalio/common';
import {
  condition,
  defineQuery,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

const tooLarge = 'x'.repeat(3_000_000);

/** An entity whose task fails for ever. */
export async function cluster(): Promise<void> {
  throw new Error('a fault in the workflow’s code');
}

/** A plan that Temporal does not carry. */
export async function planCluster(): Promise<{ plan: string }> {
  return { plan: tooLarge };
}

/** An operation whose status Temporal does not carry. */
export async function provisionCluster(): Promise<void> {
  setHandler(defineQuery('status'), () => tooLarge);
  await condition(() => false);
}

/** A workflow that is no operation. */
export async function loadTest(): Promise<void> {
  await condition(() => false);
}

/** Sets an attribute that the namespace does not have. */
export async function inspectCluster(): Promise<void> {
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('AsgardPhase', 'KEYWORD'), value: 'lost' },
  ]);
  await condition(() => false);
}

/** An operation whose run ends without a word in its status. */
export async function destroyCluster(end: 'fails' | 'fails late' | 'is cancelled'): Promise<void> {
  const steps = end === 'fails late' ? [{ id: 'a', state: 'running', startedAt: 'x' }] : [];
  setHandler(defineQuery('status'), () => ({
    operationId: workflowInfo().workflowId,
    cluster: '?',
    phase: 'validating',
    steps,
    events: [],
  }));
  if (end === 'is cancelled') await condition(() => false);
  throw ApplicationFailure.create({ type: 'InvalidInput', message: 'spec.name: must be text' });
}

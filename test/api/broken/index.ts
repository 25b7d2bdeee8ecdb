/** Workflows that break in every way that an API must tell apart. For tests only. */

import { defineSearchAttributeKey } from '@temporalio/common';
import { condition, defineQuery, setHandler, upsertSearchAttributes } from '@temporalio/workflow';

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

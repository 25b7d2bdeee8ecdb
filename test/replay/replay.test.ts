/**
 * Histories of earlier releases run through today's workflows: a change that would break running
 * operations fails here. A broken twin shows that the suite can fail.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { clusterWorkflowType } from '../../contracts/names.ts';
import { operationTypes } from '../../contracts/services/index.ts';
import { inspectWorkflowType, planWorkflowType } from '../../contracts/services/odin.ts';
import { root } from '../support/processes.ts';
import { bundle } from '../support/temporal.ts';

const dir = join(root, 'test/replay/histories');
const files = readdirSync(dir).flatMap((version) =>
  readdirSync(join(dir, version)).map((name) => join(version, name)),
);
const historyOf = (file: string) =>
  historyFromJSON(JSON.parse(readFileSync(join(dir, file), 'utf8')));

/** An entity knows its cluster by its id. */
const idOf = (file: string): string =>
  historyOf(file).events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '?';

describe('a stored history', () => {
  let workflowBundle: WorkflowBundle;
  beforeAll(async () => {
    workflowBundle = await bundle();
  });

  it('exists for every workflow type', () => {
    const types = files.map((file) => {
      const first = historyOf(file).events?.[0];
      return first?.workflowExecutionStartedEventAttributes?.workflowType?.name;
    });
    const readers = [planWorkflowType, inspectWorkflowType];
    const wanted = [...operationTypes, ...readers, clusterWorkflowType].sort();
    expect([...new Set(types)].sort()).toEqual(wanted);
  });

  it.each(files)('%s is replayed without a difference', async (file) => {
    await Worker.runReplayHistory({ workflowBundle }, historyOf(file), idOf(file));
  });
});

describe('a broken twin', () => {
  it('is caught', async () => {
    const workflowBundle = await bundle('test/replay/broken');
    const file = files.find((f) => f.endsWith('provision-ready.json')) ?? '';
    const replay = Worker.runReplayHistory({ workflowBundle }, historyOf(file));
    await expect(replay).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});

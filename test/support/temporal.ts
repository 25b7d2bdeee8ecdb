/** A real Temporal dev server for workflow tests, with the search attributes that workflows set. */

import { join } from 'node:path';
import { SearchAttributeType } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  type WorkflowBundle,
} from '@temporalio/worker';
import { searchAttributes } from '../../contracts/names.ts';
import { root, temporalPath } from './processes.ts';

/** Started by path: the SDK must not download one. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalPath() },
      searchAttributes: Object.values(searchAttributes).map((name) => ({
        name,
        type: SearchAttributeType.KEYWORD,
      })) as never,
      log: { format: 'json', level: 'error' },
    },
  });
}

/** The real workflows, or others of a folder, bundled once. */
export function bundle(folder = 'workflows'): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: join(root, folder, 'index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
}

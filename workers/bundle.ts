/**
 * The build step of the workflows: bundles their code for the sandbox into the file that
 * ASGARD_HOME's settings name, for workers that start with ASGARD_WORKFLOW_BUNDLE. No logic.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { settingsFrom } from '../contracts/settings.ts';

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  logger: new DefaultLogger('WARN'),
});
const { workflowBundle } = settingsFrom(process.env, homedir()).paths;
mkdirSync(dirname(workflowBundle), { recursive: true });
writeFileSync(`${workflowBundle}.${process.pid}`, code);
renameSync(`${workflowBundle}.${process.pid}`, workflowBundle);

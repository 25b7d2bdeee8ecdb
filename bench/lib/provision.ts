/**
 * `npm run bench:provision [-- --runs N]`: how much of a provision is Asgard's own. Overhead =
 * start to ready, minus the brokers' boot and the load test. Real brokers, real Temporal; loopback
 * only.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import type { OperationResult } from '../../contracts/operation.ts';
import { settingsFrom } from '../../contracts/settings.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { temporalServer, workerProcess } from '../../test/support/processes.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
const example = new URL('../../deploy/examples/cluster.json', import.meta.url);
const spec = JSON.parse(readFileSync(example, 'utf8')) as ClusterSpec;
const home = mkdtempSync(join(tmpdir(), 'asgard-bench-'));
const { server, address } = await temporalServer(home);
const worker = await workerProcess({ home, address });
const connection = await Connection.connect({ address });
const client = new Client({ connection });

const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(8);
const overheads: number[] = [];
try {
  console.log('3 brokers, load test included; seconds');
  console.log('run   total     boot load test overhead');
  for (let run = 1; run <= Number(values.runs); run++) {
    const name = `bench-${run}`;
    const { timings } = await operate('provisionCluster', `odin/${name}/provision`, {
      spec: { ...spec, name, protection: false },
    });
    const overhead = timings.totalMs - timings.bootMs - timings.loadTestMs;
    overheads.push(overhead);
    const row = [timings.totalMs, timings.bootMs, timings.loadTestMs, overhead].map(seconds);
    console.log(`${String(run).padStart(3)}${row.join(' ')}`);
    await operate('destroyCluster', `odin/${name}/destroy`, { cluster: name, confirm: name });
  }
  const median = overheads.sort((a, b) => a - b)[Math.floor(overheads.length / 2)] ?? 0;
  console.log(`median overhead ${(median / 1000).toFixed(1)} s (goal: at most 10 s)`);
} finally {
  await connection.close();
  await worker.kill();
  await server.kill();
  const { paths } = settingsFrom({ ...process.env, ASGARD_HOME: home }, homedir());
  const cloud = createLocalCloud({ dir: paths.localCloud, kafkaLibs: paths.kafkaLibs });
  for (const { id } of await cloud.listInstances({ tags: {} }))
    await cloud.terminateInstance({ id });
  rmSync(home, { recursive: true, force: true });
}
process.exit();

function operate(type: string, workflowId: string, input: unknown): Promise<OperationResult> {
  return client.workflow.execute(type, {
    taskQueue: 'asgard',
    workflowId,
    args: [input],
  }) as Promise<OperationResult>;
}

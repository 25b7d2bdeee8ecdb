/**
 * `npm run bench:status [-- --clusters N --runs N]`: how long a list of many clusters takes, by
 * HTTP and by the command line. Real entities on a real Temporal, one of them broken; no worker is
 * asked, so none runs while it is measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { buildApp } from '../../api/app.ts';
import { createTemporal } from '../../api/temporal.ts';
import type { ClusterList } from '../../contracts/http.ts';
import { clusterWorkflowId, clusterWorkflowType, taskQueues } from '../../contracts/names.ts';
import { newBook } from '../../domain/cluster/lease.ts';
import { asgard } from '../../test/support/commands.ts';
import { temporalServer, workerProcess } from '../../test/support/processes.ts';

const { values } = parseArgs({
  options: {
    clusters: { type: 'string', default: '500' },
    runs: { type: 'string', default: '20' },
  },
});
const wanted = Number(values.clusters);
const runs = Number(values.runs);
const token = 'a-token-for-benches-only';
const home = mkdtempSync(join(tmpdir(), 'asgard-bench-'));
const { server, address } = await temporalServer(home);
const worker = await workerProcess({ home, address, env: { ASGARD_QUEUES: 'workflows' } });
const connection = await Connection.connect({ address });
const client = new Client({ connection });
const app = await buildApp({ temporal: createTemporal(client), token });
try {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  await makeClusters();
  await untilListed(url);
  await worker.kill();
  console.log(`${wanted} clusters, one of them broken, no worker running; ${runs} runs each; ms`);
  console.log('                 median      max');
  const byHttp = await measure(async () => {
    const { clusters } = await list(url);
    if (clusters.length !== wanted) throw new Error(`${clusters.length} of ${wanted} are listed`);
  });
  tell('GET /v1/clusters', byHttp);
  const byCli = await measure(async () => {
    const env = { ASGARD_API: url, ASGARD_TOKEN: token };
    const { out, err } = await asgard(['status'], env);
    const lines = out.trim().split('\n').length - 1;
    if (lines !== wanted) throw new Error(`${lines} of ${wanted} are shown: ${err}`);
  });
  tell('asgard status', byCli);
  console.log(`goal: at most 1000 (${Math.max(...byCli) <= 1000 ? 'kept' : 'missed'})`);
} finally {
  await app.close();
  await connection.close();
  await worker.kill();
  await server.kill();
  rmSync(home, { recursive: true, force: true });
}
process.exit();

/** Entities as they are after a provision; the last one is on a queue that nobody polls. */
async function makeClusters(): Promise<void> {
  const names = Array.from({ length: wanted }, (_, i) => `team-${String(i).padStart(3, '0')}`);
  for (let from = 0; from < wanted; from += 50) {
    await Promise.all(names.slice(from, from + 50).map((name) => makeCluster(name, names.at(-1))));
  }
}

async function makeCluster(name: string, broken: string | undefined): Promise<void> {
  const since = new Date().toISOString();
  const rest = { phase: 'quarantined', reason: 'load test fail: p(99)<250 is 312.4 ms', since };
  const book = { ...newBook(name, since), known: true, rest };
  await client.workflow.start(clusterWorkflowType, {
    workflowId: clusterWorkflowId(name),
    taskQueue: name === broken ? 'nobody' : taskQueues.workflows,
    args: [{ name, book }],
  });
}

async function list(url: string): Promise<ClusterList> {
  const response = await fetch(`${url}/v1/clusters?limit=1000`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as ClusterList;
}

async function untilListed(url: string): Promise<void> {
  for (;;) {
    const { clusters } = await list(url);
    const decided = clusters.filter((c) => c.phase === 'quarantined' && c.reason);
    if (decided.length === wanted - 1) return;
    await sleep(500);
  }
}

async function measure(work: () => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    await work();
    took.push(performance.now() - begun);
  }
  return took.sort((a, b) => a - b);
}

function tell(name: string, took: number[]): void {
  const median = took[Math.floor(took.length / 2)] ?? 0;
  const cells = [median, Math.max(...took)].map((ms) => ms.toFixed(0).padStart(8));
  console.log(`${name.padEnd(16)}${cells.join(' ')}`);
}

/**
 * `npm run bench:failover [-- --rounds N]`: how long an operation stands still when a control
 * worker is killed and another one is there. Real Temporal, workers and broker; loopback only.
 * Two cases: a message to a workflow that the dead worker had in its cache, and a call (activity)
 * that the dead worker was making.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { settingsFrom } from '../../contracts/settings.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { temporalServer, type Victim, workerProcess } from '../../test/support/processes.ts';
import { endMachinesWithThisProcess } from '../../test/support/real-cluster.ts';
import { oneNodeSpec } from '../../test/support/specs.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const home = mkdtempSync(join(tmpdir(), 'asgard-bench-'));
endMachinesWithThisProcess(home);
const { server, address } = await temporalServer(home);
const workers = [await workerProcess({ home, address }), await workerProcess({ home, address })];
const connection = await Connection.connect({ address });
const client = new Client({ connection });

try {
  await operate('provisionCluster', 'odin/failover/provision', { spec: oneNodeSpec('failover') });
  const cached: number[] = [];
  const calls: number[] = [];
  for (let round = 0; round < rounds; round++) {
    cached.push(await messageAfterKill(round));
    await reviveAll();
    const call = await callAfterKill(round);
    if (call !== undefined) calls.push(call);
    await reviveAll();
  }
  console.log('seconds from SIGKILL of a control worker until the other one goes on');
  console.log('                                        n  median     max');
  console.log(row('message to a workflow in its cache', cached));
  console.log(row('call it was making, made again', calls));
} finally {
  await connection.close();
  for (const worker of workers) await worker.kill();
  await server.kill();
  const { paths } = settingsFrom({ ...process.env, ASGARD_HOME: home }, homedir());
  const cloud = createLocalCloud({ dir: paths.localCloud, kafkaLibs: paths.kafkaLibs });
  for (const { id } of await cloud.listInstances({ tags: {} }))
    await cloud.terminateInstance({ id });
  rmSync(home, { recursive: true, force: true });
}
process.exit();

/** The cluster's entity answers an update as soon as somebody runs its next task. */
async function messageAfterKill(round: number): Promise<number> {
  const handle = client.workflow.getHandle('cluster/failover');
  const protect = () => handle.executeUpdate('setProtection', { args: [{ enabled: false }] });
  await protect();
  await victimOf(await lastWorker(handle)).kill();
  const killed = Date.now();
  await protect();
  return told(`message ${round}`, killed);
}

/** Provisions another cluster and kills the worker that makes one of the longer calls of it. */
async function callAfterKill(round: number): Promise<number | undefined> {
  const name = `failover-${round}`;
  const workflowId = `odin/${name}/provision`;
  const ended = operate('provisionCluster', workflowId, { spec: oneNodeSpec(name) });
  const over = ended.then(() => true);
  const handle = client.workflow.getHandle(workflowId);
  let seconds: number | undefined;
  while (seconds === undefined && !(await Promise.race([over, sleep(50)]))) {
    const [call] = await callsOf(handle);
    if (!call || Date.now() - call.startedAt < 300) continue;
    await victimOf(call.worker).kill();
    const killed = Date.now();
    for (;;) {
      const same = (await callsOf(handle)).find((c) => c.id === call.id);
      if (!same || same.attempt > call.attempt) break;
      await sleep(20);
    }
    seconds = told(`call ${round} (${call.type})`, killed);
  }
  await reviveAll();
  await ended;
  await operate('destroyCluster', `odin/${name}/destroy`, { cluster: name, confirm: name });
  return seconds;
}

async function callsOf(handle: WorkflowHandle) {
  const { raw } = await handle.describe();
  return (raw.pendingActivities ?? [])
    .filter((a) => a.state === 2) // started
    .map((a) => ({
      id: a.activityId,
      type: a.activityType?.name ?? '?',
      attempt: a.attempt ?? 1,
      worker: a.lastWorkerIdentity ?? '',
      startedAt: Number(a.lastStartedTime?.seconds ?? 0) * 1000,
    }));
}

/** Identity (`pid@host`) of the worker that ran the workflow's last task. */
async function lastWorker(handle: WorkflowHandle): Promise<string> {
  const { events } = await handle.fetchHistory();
  const tasks = (events ?? []).flatMap((e) => e.workflowTaskCompletedEventAttributes ?? []);
  return tasks.at(-1)?.identity ?? '';
}

function victimOf(identity: string): Victim {
  const victim = workers.find((w) => identity.startsWith(`${w.pid}@`));
  if (!victim) throw new Error(`${identity} is none of the workers`);
  return victim;
}

async function reviveAll(): Promise<void> {
  for (const worker of workers) await worker.revive();
}

function told(what: string, since: number): number {
  const seconds = (Date.now() - since) / 1000;
  console.log(`${what.padEnd(40)} ${seconds.toFixed(1)}`);
  return seconds;
}

function row(what: string, seconds: number[]): string {
  const sorted = [...seconds].sort((a, b) => a - b);
  const figures = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  const columns = figures.map((s) => (s ?? Number.NaN).toFixed(1).padStart(7));
  return `${what.padEnd(36)} ${String(seconds.length).padStart(4)} ${columns.join(' ')}`;
}

function operate(type: string, workflowId: string, input: unknown): Promise<unknown> {
  return client.workflow.execute(type, { taskQueue: 'asgard', workflowId, args: [input] });
}

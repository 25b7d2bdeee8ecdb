/**
 * Goal: what the local cloud promises of real brokers. Method: one secured cluster of three; a
 * fourth broker joins, a machine is replaced on its disk, the host restarts. The tests follow each
 * other, and what was produced at first must be there at the end.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { kafkaTool } from '../support/commands.ts';
import { type RealCluster, type RealNode, startRealCluster } from '../support/real-cluster.ts';
import { until } from './cloud-contract.ts';

const home = mkdtempSync(join(tmpdir(), 'asgard-real-'));
let cluster: RealCluster;
const topic = 'kept';
const records = ['one', 'two', 'three'];

beforeAll(async () => {
  cluster = await startRealCluster({ nodes: 3, dir: join(home, 'cluster') });
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(home, { recursive: true, force: true });
});

const server = () => ['--bootstrap-server', cluster.bootstrap];
const config = () => ['--command-config', cluster.clientProperties];

async function consume(): Promise<string[]> {
  const args = ['--topic', topic, '--from-beginning', '--timeout-ms', '60000'];
  const most = ['--max-messages', String(records.length)];
  const tool = 'consumer.ConsoleConsumer';
  const ran = await kafkaTool(tool, [...server(), ...args, ...most, ...config()]);
  return ran.out.trim().split('\n').sort();
}
const stateOf = async (node: RealNode) =>
  (await cluster.cloud.listInstances({ tags: {} })).find((i) => i.id === node.instanceId)?.state;

describe('three real brokers', () => {
  it('take and give records to those who have credentials', async () => {
    const shape = ['--create', '--topic', topic, '--partitions', '3', '--replication-factor', '3'];
    const created = await kafkaTool('TopicCommand', [...server(), ...shape, ...config()]);
    expect(created.code, created.out + created.err).toBe(0);
    const input = `${records.join('\n')}\n`;
    const args = [...server(), '--topic', topic, '--request-required-acks', 'all', ...config()];
    const produced = await kafkaTool('ConsoleProducer', args, input);
    expect(produced.code, produced.out + produced.err).toBe(0);
    expect(await consume()).toEqual([...records].sort());
  });

  it('show no password to others on the host', () => {
    const { password } = cluster.access;
    const lines = readdirSync('/proc').flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return [];
      }
    });
    expect(lines.filter((line) => line.includes(password))).toEqual([]);
  });

  it('are joined by a fourth', async () => {
    await cluster.addBroker();
    await cluster.answers(4);
  });
});

describe('a disk', () => {
  it('outlives its machine: another one goes on with it, and formats nothing', async () => {
    const [node] = cluster.nodes;
    if (!node) throw new Error('there is no node');
    const before = node.instanceId;
    // Replication would fill a disk formatted anew, but formatting makes another directory.
    const data = join(home, 'cluster/cloud/volumes', node.volume.id, 'data');
    const { ino } = statSync(data);
    await cluster.cloud.terminateInstance({ id: before });
    await until(async () => (await stateOf(node)) === 'terminated');
    await cluster.answers(3);
    await cluster.relaunch(node);
    expect(node.instanceId).not.toBe(before);
    await cluster.answers(4);
    expect(statSync(data).ino).toBe(ino);
    expect(await consume()).toEqual([...records].sort());
  });
});

describe('a restart of the host', () => {
  it('brings the whole cluster back, with its records', async () => {
    const pids = cluster.nodes.map((node) => findProcess(node.instanceId) ?? 0);
    expect(pids.every((pid) => pid > 1)).toBe(true);
    for (const pid of pids) signalGroup(pid, 'SIGKILL');
    await until(async () => cluster.nodes.every((n) => findProcess(n.instanceId) === undefined));
    const after = cluster.reopen('second-boot');
    await after.listInstances({ tags: {} });
    await cluster.answers(4);
    const now = cluster.nodes.map((node) => findProcess(node.instanceId));
    expect(new Set([...pids, ...now]).size).toBe(8);
    expect(await consume()).toEqual([...records].sort());
  });
});

describe('a test process that crashes', () => {
  it('leaves no broker behind', async () => {
    const dir = join(home, 'crash');
    const module = fileURLToPath(new URL('../support/real-cluster.ts', import.meta.url));
    const program = `
      import { startRealCluster } from '${module}';
      await startRealCluster({ nodes: 1, dir: '${dir}' });
      process.kill(process.pid, 'SIGKILL');
    `;
    const args = ['--input-type=module-typescript', '--eval', program];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    const signal = await new Promise((resolve) => child.once('exit', (_, s) => resolve(s)));
    expect(signal).toBe('SIGKILL');
    const [id = ''] = readdirSync(join(dir, 'cloud/instances'));
    expect(id).toMatch(/^i-/);
    await until(async () => findProcess(id) === undefined);
  });
});

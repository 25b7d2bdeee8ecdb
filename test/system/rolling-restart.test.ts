/**
 * Goal: a rolling restart costs no writer anything. Method: three real brokers, a topic of three
 * replicas of which two must be in sync, Kafka's own VerifiableProducer writing with acks=all all
 * the while; a change of static configuration restarts every node, one after the other.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationResult } from '../../contracts/operation.ts';
import { settingsFrom } from '../../contracts/settings.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { type Bench, openBench } from '../crash/bench.ts';
import { watchdog } from '../support/processes.ts';
import { oneNodeSpec } from '../support/specs.ts';

const name = 'rolling';
const racks = ['rack-a', 'rack-b', 'rack-c'];
let bench: Bench;
let producer: ChildProcess | undefined;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  producer?.kill('SIGKILL');
  await bench.close();
});

function spec(config: Record<string, number>): ClusterSpec {
  const one = oneNodeSpec(name);
  return {
    ...one,
    kafka: { ...one.kafka, config: { 'min.insync.replicas': 2, ...config } },
    nodes: one.nodes.map((pool) => ({ ...pool, count: 3, racks })),
    topics: [{ name: 'written', partitions: 6, replicationFactor: 3 }],
  };
}
const apply = (id: string, wanted: ClusterSpec): Promise<OperationResult> =>
  bench.client.workflow.execute('provisionCluster', {
    taskQueue: 'asgard',
    workflowId: `odin/${name}/${id}`,
    args: [{ spec: wanted }],
  });
const settings = () => settingsFrom({ ...process.env, ASGARD_HOME: bench.home }, homedir());

/** Writes until it is ended; its lines say of every record whether it was acknowledged. */
function startProducer(bootstrap: string, clientFile: string) {
  const config = join(bench.home, 'producer.properties');
  // Retries as any producer has them by default; the tool's own default is none.
  writeFileSync(config, `${readFileSync(clientFile, 'utf8')}\nretries=2147483647\n`);
  const child = spawn('java', [
    ...['-cp', `${settings().paths.kafkaLibs}/*`, 'org.apache.kafka.tools.VerifiableProducer'],
    ...['--bootstrap-server', bootstrap, '--topic', 'written', '--acks', '-1'],
    ...['--throughput', '100', '--command-config', config],
  ]);
  producer = child;
  watchdog(child.pid);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    out += chunk;
  });
  const count = (event: string) => out.split(`"name":"${event}"`).length - 1;
  const acknowledged = () => count('producer_send_success');
  return {
    acknowledged,
    hasWritten: async (records: number) => {
      while (acknowledged() < records) {
        if (child.exitCode !== null) throw new Error(out.slice(-2_000));
        await sleep(100);
      }
    },
    failed: () => count('producer_send_error'),
    said: () => out.slice(-2_000),
    end: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

describe('a change of static configuration', () => {
  it('restarts three nodes one by one, and no write with acks=all fails or is lost', async () => {
    const made = await apply('make', spec({}));
    expect(made.outcome, made.reason).toBe('untested');
    const store = createFileSecretStore({ dir: settings().paths.secrets });
    const secrets = await store.read(name);
    const nics = await bench.cloud.listInterfaces({ tags: { 'asgard:cluster': name } });
    const brokers = nics.map((nic) => `${nic.host}:${nic.clientPort}`);
    const file = await store.writeClientProperties(name, brokers.join(','));
    const writer = startProducer(brokers.join(','), file);
    await writer.hasWritten(50);

    const changed = await apply('change', spec({ 'queued.max.requests': 400 }));
    expect(changed.outcome, changed.reason).toBe('untested');
    const during = writer.acknowledged();
    await writer.hasWritten(during + 50);
    await writer.end();

    const journal = readFileSync(join(settings().paths.journal, `${name}.jsonl`), 'utf8');
    const restarts = journal.split('\n').filter((line) => line.includes('cloud.stopInstance'));
    expect(restarts).toHaveLength(3);
    expect(writer.failed(), writer.said()).toBe(0);
    const admin = await openKafkaAdmin({
      ...{ brokers, username: 'asgard-admin' },
      password: secrets?.passwords.admin ?? '',
    });
    const offsets = await admin.offsets('written').finally(() => admin.close());
    const stored = offsets.reduce((sum, { low, high }) => sum + Number(high - low), 0);
    expect(stored).toBeGreaterThanOrEqual(writer.acknowledged());
    expect(writer.acknowledged()).toBeGreaterThan(1_000);
  });
});

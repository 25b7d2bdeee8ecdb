/** Kafka's administration and the load generator against a real secured broker. */

import { homedir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaMetadataLevel, settingsFrom } from '../../contracts/settings.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { judge } from '../../domain/load/verdict.ts';
import { findProcess } from '../../providers/cloud/local/processes.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import type { KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { runLoad } from '../../providers/load/generator.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { type Bench, openBench } from '../crash/bench.ts';
import { oneNodeSpec } from '../support/specs.ts';

let bench: Bench;
let access: KafkaAccess;
let admin: KafkaAdmin;

beforeAll(async () => {
  bench = await openBench();
  const { connection } = await bench.client.workflow.execute('provisionCluster', {
    taskQueue: 'asgard',
    workflowId: 'odin/k/provision',
    args: [{ spec: oneNodeSpec('k') }],
  });
  const { paths } = settingsFrom({ ASGARD_HOME: bench.home }, homedir());
  const secrets = await createFileSecretStore({ dir: paths.secrets }).read('k');
  access = {
    brokers: connection.bootstrap.split(','),
    username: 'asgard-admin',
    password: secrets?.passwords.admin ?? '',
  };
  admin = await openKafkaAdmin(access);
});
afterAll(async () => {
  await admin.close();
  await bench.close();
});

describe('topics', () => {
  const topic = {
    name: 'a',
    partitions: 2,
    replicationFactor: 1,
    config: { 'retention.ms': '1000000' },
  };

  it('are created once, however often it is asked, and refused when unequal', async () => {
    await admin.createTopics([topic]);
    await admin.createTopics([topic]);
    const other = admin.createTopics([{ ...topic, partitions: 5 }]);
    await expect(other).rejects.toMatchObject({ code: 'refused', message: /2 partitions × 1/ });
    const impossible = admin.createTopics([{ ...topic, name: 'b', replicationFactor: 3 }]);
    await expect(impossible).rejects.toMatchObject({ code: 'refused' });
  });

  it('change their configuration and partitions', async () => {
    const resource = { kind: 'topic', name: 'a' } as const;
    const set = { 'retention.ms': null, 'cleanup.policy': 'compact' };
    await admin.alterConfigs([{ resource, set }]);
    expect((await admin.topicConfigs(['a'])).get('a')).toEqual({ 'cleanup.policy': 'compact' });
    await admin.addPartitions([{ name: 'a', total: 4 }]);
    await admin.addPartitions([{ name: 'a', total: 4 }]);
    await expect(admin.addPartitions([{ name: 'a', total: 3 }])).rejects.toMatchObject({
      code: 'refused',
    });
    expect((await admin.offsets('a')).length).toBe(4);
    expect(await admin.logDirs([0])).toMatchObject([{ nodeId: 0, replicas: 4 }]);
  });

  it('are deleted, also twice', async () => {
    await admin.deleteTopics(['a']);
    await admin.deleteTopics(['a']);
    expect((await admin.topics()).map((t) => t.name)).not.toContain('a');
  });
});

describe('the cluster', () => {
  it('tells its brokers and its quorum', async () => {
    expect(await admin.brokers()).toMatchObject([{ nodeId: 0 }]);
    expect(await admin.quorum()).toMatchObject({ leaderId: 0, voters: [{ nodeId: 0 }] });
  });

  it('sets and resets cluster-wide configuration, and the broker survives it', async () => {
    const set = (value: string | null) =>
      admin.alterConfigs([{ resource: { kind: 'cluster' }, set: { 'message.max.bytes': value } }]);
    await set('2000000');
    expect(await admin.clusterConfig()).toMatchObject({ 'message.max.bytes': '2000000' });
    await set(null);
    expect(await admin.clusterConfig()).not.toHaveProperty('message.max.bytes');
  });

  it('makes and removes users and their rights, also twice', async () => {
    const user = { username: 'u', password: 'p', iterations: 4096 };
    const right = {
      resource: 'topic',
      name: 'x',
      pattern: 'literal',
      operations: ['read'],
    } as const;
    for (let i = 0; i < 2; i++) {
      await admin.upsertScramUser(user);
      await admin.createAcls([{ ...right, operations: ['read'], principal: 'User:u' }]);
    }
    expect(await admin.scramUsers()).toContain('u');
    expect(await admin.aclPrincipals()).toEqual(['User:u']);
    for (let i = 0; i < 2; i++) {
      await admin.deleteAclsOf('User:u');
      await admin.deleteScramUser('u');
    }
    expect(await admin.scramUsers()).toEqual(['asgard-admin', 'asgard-broker']);
    expect(await admin.aclPrincipals()).toEqual([]);
  });

  it('tells its feature levels', async () => {
    expect(await admin.features()).toMatchObject({ 'metadata.version': kafkaMetadataLevel });
  });

  it('sets and removes the quotas of a user, also twice', async () => {
    for (let i = 0; i < 2; i++) {
      await admin.alterQuotas('q', { producerBytesPerS: 1_000_000, requestPercent: 50 });
    }
    const set = { producerBytesPerS: 1_000_000, requestPercent: 50 };
    expect(await admin.quotas('q')).toEqual(set);
    for (let i = 0; i < 2; i++) {
      await admin.alterQuotas('q', { producerBytesPerS: null, requestPercent: null });
    }
    expect(await admin.quotas('q')).toEqual({});
  });

  it('accepts that a broker is unknown when it is to be forgotten', async () => {
    await admin.unregisterBroker(99);
  });
});

describe('a connection', () => {
  it('with a wrong password is unauthorized', async () => {
    const open = openKafkaAdmin({ ...access, password: 'guess' });
    await expect(open).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('to nobody is unavailable within its time', async () => {
    const open = openKafkaAdmin({ ...access, brokers: ['127.0.0.1:1'] }, { timeoutMs: 2_000 });
    await expect(open).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the load generator', () => {
  const load = (change: Partial<NormalLoad> = {}): NormalLoad => ({
    rate: '1MB/s',
    messageBytes: 1000,
    partitions: 4,
    replicationFactor: 1,
    acks: 'all',
    durationS: 3,
    warmupS: 1,
    thresholds: ['lost==0', 'errors==0'],
    ...change,
  });
  const measure = async (topic: string, wanted: NormalLoad, texts: string[] = []) => {
    await admin.createTopics([{ name: topic, partitions: 4, replicationFactor: 1, config: {} }]);
    const report = await runLoad({
      access,
      topic,
      runId: topic,
      load: wanted,
      onProgress: ({ text }) => texts.push(text),
      signal: AbortSignal.timeout(120_000),
    });
    await admin.deleteTopics([topic]);
    return report;
  };

  it('keeps its rate and proves that everything arrived', async () => {
    const texts: string[] = [];
    const report = await measure('asgard-load-a', load(), texts);
    expect(report).toMatchObject({ errors: 0, lost: 0, unread: 0, duplicates: 0 });
    expect(report.received).toBe(report.acknowledged);
    expect(report.acknowledged).toBe(report.sent);
    expect(report.recordsPerS).toBeGreaterThan(800);
    expect(report.publishMs.p50).toBeLessThanOrEqual(report.publishMs.p99);
    expect(report.publishMs.p99).toBeLessThanOrEqual(report.publishMs.max);
    expect(report.endToEndMs.p50).toBeGreaterThan(0);
    expect(report.perBroker).toMatchObject([{ brokerId: 0, leaders: 4 }]);
    expect(texts.filter((t) => t.startsWith('measuring')).length).toBe(3);
    expect(judge(load(), report).verdict).toBe('pass');
  });

  it('minds nothing that an earlier attempt left in the topic', async () => {
    const topic = 'asgard-load-again';
    await admin.createTopics([{ name: topic, partitions: 4, replicationFactor: 1, config: {} }]);
    const attempt = (runId: string) =>
      runLoad({
        access,
        topic,
        runId,
        load: load({ durationS: 2, acks: 'none' }),
        onProgress: () => undefined,
        signal: AbortSignal.timeout(120_000),
      });
    await attempt('first');
    const second = await attempt('second');
    await admin.deleteTopics([topic]);
    expect(second).toMatchObject({
      sent: 2_000,
      received: 2_000,
      lost: 0,
      duplicates: 0,
      unread: 0,
    });
  });

  it('finds the highest rate', async () => {
    const report = await measure('asgard-load-b', load({ rate: 'max', durationS: 2 }));
    expect(report.targetRecordsPerS).toBe('max');
    expect(report.recordsPerS).toBeGreaterThan(1_000);
    expect(report.lost).toBe(0);
  });

  it('says that it is itself the bottleneck, and the verdict is unknown', async () => {
    const greedy = load({ rate: '5000000msg/s', messageBytes: 100, durationS: 2 });
    const verdict = judge(greedy, await measure('asgard-load-c', greedy));
    expect(verdict.verdict).not.toBe('pass');
  });

  it('never passes when the broker stands still', async () => {
    const [instance] = await bench.cloud.listInstances({ tags: { 'asgard:cluster': 'k' } });
    const pid = instance && findProcess(instance.id);
    if (!pid) throw new Error('no broker');
    const running = measure('asgard-load-d', load({ durationS: 4 }));
    setTimeout(() => process.kill(pid, 'SIGSTOP'), 3_000);
    setTimeout(() => process.kill(pid, 'SIGCONT'), 12_000);
    const judged = judge(load({ thresholds: ['p(99)<1000'] }), await running);
    expect(judged.verdict).not.toBe('pass');
  });
});

/** Kafka's administration and the load generator against a real secured broker. */

import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaMetadataLevel, settingsFrom } from '../../contracts/settings.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { saturationOf } from '../../domain/load/generator.ts';
import { goalOf } from '../../domain/load/rate.ts';
import { checkReport } from '../../domain/load/report-check.ts';
import { judge } from '../../domain/load/verdict.ts';
import { findProcess } from '../../providers/cloud/local/processes.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import type { KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { proveCoordination } from '../../providers/load/coordination.ts';
import { runLoad } from '../../providers/load/generator.ts';
import { openClusterWatch } from '../../providers/load/watch.ts';
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
    expect(await admin.reassigning()).toBe(false);
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
  const measure = async (
    topic: string,
    wanted: NormalLoad,
    onText: (text: string) => void = () => undefined,
  ) => {
    await admin.createTopics([{ name: topic, partitions: 4, replicationFactor: 1, config: {} }]);
    const report = await runLoad({
      access,
      topic,
      recordMark: topic,
      recordsPerS: goalOf(wanted),
      load: wanted,
      onProgress: ({ text }) => onText(text),
      signal: AbortSignal.timeout(120_000),
    });
    await admin.deleteTopics([topic]);
    expect(checkReport(report)).toEqual([]);
    return report;
  };

  it('keeps its rate and proves that everything arrived', async () => {
    const texts: string[] = [];
    const report = await measure('asgard-load-a', load(), (t) => texts.push(t));
    expect(report).toMatchObject({ errors: 0, lost: 0, unread: 0, duplicates: 0 });
    expect(report.received).toBe(report.acknowledged);
    expect(report.acknowledged).toBe(report.sent);
    expect(report.recordsPerS).toBeGreaterThan(800);
    expect(report.publishMs.p50).toBeLessThanOrEqual(report.publishMs.p99);
    expect(report.publishMs.p99).toBeLessThanOrEqual(report.publishMs.max);
    expect(report.endToEndMs.p50).toBeGreaterThan(0);
    expect(report.perBroker).toMatchObject([{ brokerId: 0, leaders: 4 }]);
    expect(texts.filter((t) => t.startsWith('measuring')).length).toBe(3);
    // On a machine that is busy with other things the generator is late, and must say so.
    const expected = saturationOf(report, false) ? 'unknown' : 'pass';
    expect(judge(load(), report).verdict).toBe(expected);
  });

  it('minds nothing that an earlier attempt left in the topic', async () => {
    const topic = 'asgard-load-again';
    await admin.createTopics([{ name: topic, partitions: 4, replicationFactor: 1, config: {} }]);
    const attempt = (recordMark: string) =>
      runLoad({
        access,
        topic,
        recordMark,
        recordsPerS: 1_000,
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
    expect(verdict).toMatchObject({ verdict: 'unknown', reasons: [/generator was saturated/] });
  });

  it('never passes when the broker stands still', async () => {
    const [instance] = await bench.cloud.listInstances({ tags: { 'asgard:cluster': 'k' } });
    const pid = instance && findProcess(instance.id);
    if (!pid) throw new Error('no broker');
    const stopped: Promise<void>[] = [];
    const onText = (text: string) => {
      if (!text.startsWith('measuring') || stopped.length > 0) return;
      process.kill(pid, 'SIGSTOP');
      stopped.push(sleep(9_000).then(() => void process.kill(pid, 'SIGCONT')));
    };
    const wanted = load({ durationS: 4, thresholds: ['p(99)<1000'] });
    const judged = judge(wanted, await measure('asgard-load-d', wanted, onText));
    await Promise.all(stopped);
    expect(stopped.length).toBe(1);
    expect(judged.verdict).not.toBe('pass');
  });
});

describe('the proof of coordinators', () => {
  const prove = (name: string, deadlineMs = 60_000) =>
    proveCoordination({
      access,
      topic: name,
      name,
      deadlineMs,
      signal: AbortSignal.timeout(120_000),
    });

  it('holds on a cluster that stands, also twice, and its group can be deleted', async () => {
    const name = 'asgard-load-p';
    await admin.createTopics([{ name, partitions: 1, replicationFactor: 1, config: {} }]);
    expect(await prove(name)).toBeUndefined();
    expect(await prove(name)).toBeUndefined();
    expect(await admin.groups()).toEqual([name]);
    for (let i = 0; i < 2; i++) await admin.deleteGroup(name);
    expect(await admin.groups()).toEqual([]);
    await admin.deleteTopics([name]);
  });

  it('says what Kafka says when a right is missing', async () => {
    const name = 'asgard-load-r';
    await admin.createTopics([{ name, partitions: 1, replicationFactor: 1, config: {} }]);
    await admin.upsertScramUser({ username: 'nobody', password: 'p', iterations: 4096 });
    const asNobody = { ...access, username: 'nobody', password: 'p' };
    const found = await proveCoordination({
      access: asNobody,
      topic: name,
      name,
      deadlineMs: 5_000,
      signal: AbortSignal.timeout(60_000),
    });
    expect(found).toMatchObject({
      problem: /no consumer group can work: .*GROUP_AUTHORIZATION_FAILED/,
      answered: true,
    });
    await admin.deleteScramUser('nobody');
    await admin.deleteTopics([name]);
  });
});

describe('looking at the brokers', () => {
  const watched = (topic?: string) =>
    openClusterWatch({
      access,
      brokers: access.brokers.map((address, nodeId) => ({ nodeId, address })),
      ...(topic ? { topic } : {}),
    });

  it('tells who answers, who leads, and that all is in sync', async () => {
    const name = 'asgard-load-w';
    await admin.createTopics([{ name, partitions: 2, replicationFactor: 1, config: {} }]);
    const watch = watched(name);
    const lead = { leader: 0, epoch: 0 };
    expect(await watch.look({ all: true })).toEqual({
      answered: [0],
      brokers: [0],
      silent: [],
      behind: [],
      lead: [lead, lead],
    });
    await watch.close();
    await admin.deleteTopics([name]);
    const without = watched(name);
    expect(await without.look({ all: false })).toMatchObject({ withoutTopic: [0] });
    await without.close();
  });

  it('sees at once a broker that stands still, and one that is not there', async () => {
    const [instance] = await bench.cloud.listInstances({ tags: { 'asgard:cluster': 'k' } });
    const pid = instance && findProcess(instance.id);
    if (!pid) throw new Error('no broker');
    const watch = openClusterWatch({
      access,
      brokers: [
        { nodeId: 0, address: access.brokers[0] ?? '' },
        { nodeId: 1, address: '127.0.0.1:1' },
      ],
    });
    process.kill(pid, 'SIGSTOP');
    const look = await watch.look({ all: true });
    process.kill(pid, 'SIGCONT');
    expect(look.answered).toEqual([]);
    expect(look.silent).toMatchObject([
      { nodeId: 0, refused: false },
      { nodeId: 1, refused: true, reason: 'connection refused' },
    ]);
    await watch.close();
  });
});

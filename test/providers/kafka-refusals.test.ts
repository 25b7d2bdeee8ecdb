/**
 * Goal: what Kafka says is what is told. Method: three real brokers; each call is made to be
 * refused, and one broker dies that alone holds a partition, while everything else goes on.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicsOf } from '../../activities/observe/observe.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import type { KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { type RealCluster, startRealCluster } from '../support/real-cluster.ts';

let cluster: RealCluster;
let admin: KafkaAdmin;
beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'asgard-kafka-'));
  cluster = await startRealCluster({ nodes: 3, dir: join(dir, 'cluster') });
  admin = await openKafkaAdmin(cluster.access);
});
afterAll(async () => {
  await admin?.close();
  await cluster?.stop();
});

const topic = (name: string, change: object = {}) => ({
  name,
  partitions: 3,
  replicationFactor: 1,
  config: {},
  ...change,
});
const ofTopic = (name: string) => ({ kind: 'topic', name }) as const;
const refused = (message: RegExp) => ({ code: 'refused', message });

describe('a refusal by Kafka', () => {
  it('of new topics names each that failed, in Kafka’s words, and makes the others', async () => {
    const asked = admin.createTopics([
      topic('fine'),
      topic('bad-value', { config: { 'retention.ms': 'soon' } }),
      topic('bad-key', { config: { 'retention.years': '5' } }),
      topic('too-many', { replicationFactor: 5 }),
    ]);
    await expect(asked).rejects.toMatchObject(
      refused(/topic bad-value: INVALID_CONFIG: Invalid value soon for configuration retention.ms/),
    );
    await expect(asked).rejects.toMatchObject(
      refused(/topic bad-key: INVALID_CONFIG: Unknown topic config name: retention.years/),
    );
    await expect(asked).rejects.toMatchObject(
      refused(/topic too-many: INVALID_REPLICATION_FACTOR: .*5 time\(s\)/),
    );
    await expect.poll(async () => (await admin.topics(['fine'])).length).toBe(1);
  });

  it('of a topic that exists with another shape names both shapes', async () => {
    await admin.createTopics([topic('fine'), topic('fine-2')]);
    const unequal = admin.createTopics([topic('fine-2'), topic('fine', { partitions: 7 })]);
    await expect(unequal).rejects.toMatchObject(
      refused(/topic fine exists with 3 partitions × 1 replicas, wanted are 7 × 1/),
    );
  });

  it('of configuration names the topic, the key and the value', async () => {
    const asked = admin.alterConfigs([
      { resource: ofTopic('fine-2'), set: { 'retention.ms': '1000' } },
      { resource: ofTopic('fine'), set: { 'cleanup.policy': 'shred' } },
    ]);
    await expect(asked).rejects.toMatchObject(
      refused(/^topic fine: INVALID_CONFIG: Invalid value .*shred.* cleanup.policy/),
    );
    const gone = admin.alterConfigs([
      { resource: ofTopic('nowhere'), set: { 'retention.ms': '1' } },
    ]);
    await expect(gone).rejects.toMatchObject(
      refused(/^topic nowhere: UNKNOWN_TOPIC_OR_PARTITION: .*nowhere/),
    );
    const wide = admin.alterConfigs([
      { resource: { kind: 'cluster' }, set: { 'message.max.bytes': '-7' } },
    ]);
    await expect(wide).rejects.toMatchObject(
      refused(/^cluster configuration: INVALID_\w+: .*-7.*message.max.bytes/),
    );
    const own = admin.alterConfigs([
      { resource: { kind: 'broker', nodeId: 1 }, set: { 'log.cleaner.threads': '0' } },
    ]);
    await expect(own).rejects.toMatchObject(
      refused(/^broker 1: INVALID_\w+: .*0.*log.cleaner.threads/),
    );
  });

  it('of more partitions names the topic', async () => {
    const asked = admin.addPartitions([{ name: 'nowhere', total: 5 }]);
    await expect(asked).rejects.toMatchObject(
      refused(/^topic nowhere: UNKNOWN_TOPIC_OR_PARTITION: /),
    );
    const fewer = admin.addPartitions([{ name: 'fine', total: 1 }]);
    await expect(fewer).rejects.toMatchObject(refused(/topic fine has 3 partitions, more than 1/));
  });

  it('of users and rights says why', async () => {
    const few = admin.upsertScramUser({ username: 'u', password: 'p', iterations: 1 });
    await expect(few).rejects.toMatchObject(
      refused(/^user u with 1 iterations: UNACCEPTABLE_CREDENTIAL: Too few iterations/),
    );
    const nobody = admin.createAcls([
      {
        principal: 'nobody',
        resource: 'topic',
        name: 'x',
        pattern: 'literal',
        operations: ['read'],
      },
    ]);
    await expect(nobody).rejects.toMatchObject(
      refused(/^rights of nobody on topic x: INVALID_REQUEST: Could not parse principal/),
    );
  });

  it('of what the user has no right to names the topic', async () => {
    await admin.upsertScramUser({ username: 'guest', password: 'p', iterations: 4096 });
    const access = { ...cluster.access, username: 'guest', password: 'p' };
    // A new password reaches each broker in its own time.
    await expect.poll(() => openKafkaAdmin(access).then((a) => a.close(), String)).toBeUndefined();
    const asGuest = await openKafkaAdmin(access);
    try {
      const remove = asGuest.deleteTopics(['fine']);
      await expect(remove).rejects.toMatchObject(
        refused(/^topic fine: TOPIC_AUTHORIZATION_FAILED: /),
      );
      const quota = asGuest.alterQuotas('q', { requestPercent: 5 });
      await expect(quota).rejects.toMatchObject(
        refused(/^quotas of q: CLUSTER_AUTHORIZATION_FAILED: /),
      );
      expect((await asGuest.topics(['fine'])).map((t) => t.unknown)).toEqual([
        'TOPIC_AUTHORIZATION_FAILED',
      ]);
    } finally {
      await asGuest.close();
    }
  });
});

describe('many topics', () => {
  const names = Array.from({ length: 250 }, (_, i) => `many-${i}`);

  it('are made, changed, grown and deleted by a request each, also twice', async () => {
    for (let twice = 0; twice < 2; twice++) {
      await admin.createTopics(names.map((name) => topic(name, { partitions: 1 })));
      const set = { 'min.cleanable.dirty.ratio': '0.10', 'cleanup.policy': 'delete, compact' };
      await admin.alterConfigs(names.map((name) => ({ resource: ofTopic(name), set })));
    }
    for (let twice = 0; twice < 2; twice++) {
      await admin.addPartitions(names.map((name) => ({ name, total: 2 })));
    }
    const views = await admin.topics(names);
    expect(views.map((v) => v.partitions.length)).toEqual(names.map(() => 2));
    const configs = await admin.topicConfigs(names);
    expect(configs.get('many-249')).toMatchObject({ 'cleanup.policy': 'delete,compact' });
    for (let twice = 0; twice < 2; twice++) await admin.deleteTopics(names);
    expect(await admin.topics(names)).toEqual([]);
  });
});

describe('a dead broker that alone held a partition', () => {
  it('hides nothing else: its topics are there, leaderless, and equal to what is wanted', async () => {
    await admin.createTopics([
      topic('spread', { partitions: 6, config: { 'segment.ms': '70000' } }),
    ]);
    const dead = cluster.nodes[2];
    if (!dead) throw new Error('no third node');
    await cluster.cloud.terminateInstance({ id: dead.instanceId });
    await cluster.answers(2);
    const leaders = async () =>
      (await admin.topics(['spread']))[0]?.partitions.map((p) => p.leader) ?? [];
    while (!(await leaders()).includes(-1)) await sleep(100);

    const lost = (await leaders()).filter((id) => id === -1).length;
    expect((await admin.topics()).map((t) => t.name)).toContain('fine');
    const { topics: seen } = await topicsOf(admin, ['nowhere', 'spread']);
    expect(seen).toMatchObject([
      {
        partitions: 6,
        replicationFactor: 1,
        leaderless: lost,
        config: { 'segment.ms': '70000' },
      },
    ]);
    await admin.createTopics([topic('spread', { partitions: 6 }), topic('after')]);
    await admin.addPartitions([{ name: 'spread', total: 7 }]);
    await admin.alterConfigs([{ resource: ofTopic('spread'), set: { 'segment.ms': null } }]);
    await admin.deleteTopics(['spread']);
  });
});

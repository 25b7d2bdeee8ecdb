/**
 * Goal: what a spec says is there once it is applied, and planned no second time. Method: one real
 * broker; every topic key and every cluster-wide key is set at least once, in spellings that Kafka
 * changes; then the plan over what Kafka answers must be empty.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokerKeys, topicKeys } from '../../contracts/kafka-keys.ts';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import type { NormalSpec, TopicSpec } from '../../contracts/spec.ts';
import { isDynamic, isStepped, splitConfig } from '../../domain/cluster/kafka-config.ts';
import { configActions, topicChanges } from '../../domain/cluster/topic-plan.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import type { KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { type RealCluster, startRealCluster } from '../support/real-cluster.ts';
import { normal, oneNodeSpec } from '../support/specs.ts';

const rack = 'Zürich 1 \\ 東京';

/** Far from the defaults, so that no running broker could be brought there in one step. */
const threads = { 'num.network.threads': 9, 'num.io.threads': ' 17', 'background.threads': '+3' };

/** Kafka's defaults as a wish for every key, but for what one small broker without tiers cannot. */
const wishFor = (keys: string[], table: typeof brokerKeys) =>
  Object.fromEntries(
    keys.flatMap((key) => {
      const usual = table[key]?.default;
      const tooLarge = key === 'log.cleaner.dedupe.buffer.size';
      return usual === undefined || usual === '' || tooLarge ? [] : [[key, ` ${usual} `]];
    }),
  );

const topics: TopicSpec[] = [
  { name: 'every-key', config: wishFor(Object.keys(topicKeys), topicKeys) },
  { name: 'tracker', config: { 'cleanup.policy': 'delete, compact', preallocate: 'False' } },
  {
    name: 'state',
    config: {
      'cleanup.policy': 'compact,compact',
      'min.cleanable.dirty.ratio': 0,
      'segment.ms': '0100',
      'retention.bytes': -1,
      'follower.replication.throttled.replicas': '0:0 , 1:0',
    },
  },
  { name: 'tenth', config: { 'min.cleanable.dirty.ratio': '1E-1', 'compression.gzip.level': -1 } },
].map((topic) => ({ ...topic, partitions: 1, replicationFactor: 1 }));

function wholeSpec(): NormalSpec {
  const spec = oneNodeSpec('settles');
  const dynamic = wishFor(Object.keys(brokerKeys).filter(isDynamic), brokerKeys);
  spec.kafka.config = { ...dynamic, ...threads, 'log.cleanup.policy': 'delete, compact' };
  spec.topics = topics;
  for (const pool of spec.nodes) pool.racks = [rack];
  return normal(spec);
}

const spec = wholeSpec();
let cluster: RealCluster;
let admin: KafkaAdmin;

beforeAll(async () => {
  cluster = await startRealCluster({
    nodes: 1,
    dir: join(mkdtempSync(join(tmpdir(), 'asgard-settles-')), 'cluster'),
    rack,
    staticConfig: splitConfig(spec.kafka.config).fixed,
  });
  admin = await openKafkaAdmin(cluster.access);
});
afterAll(async () => {
  await admin?.close();
  await cluster?.stop();
});

async function observed(): Promise<ObservedCluster> {
  const views = (await admin.topics()).filter((view) => !view.internal);
  const configs = await admin.topicConfigs(views.map((view) => view.name));
  return {
    ...nothingObserved,
    kafkaReachable: true,
    dynamicConfig: await admin.clusterConfig(),
    topics: views.map(({ name, partitions }) => ({
      name,
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      config: configs.get(name) ?? {},
    })),
  };
}

/** Does what a plan says of configuration and topics; answers how many things that were. */
async function apply(): Promise<number> {
  const now = await observed();
  const [wide, topics] = [configActions(spec, now), topicChanges(spec, now)];
  for (const action of wide) {
    if (action.kind !== 'alterClusterConfig') continue;
    await admin.alterConfigs([{ resource: { kind: 'cluster' }, set: action.set }]);
  }
  for (const change of topics) {
    if (change.kind === 'createTopics') {
      await admin.createTopics([{ ...change, name: change.topic }]);
    } else if (change.kind === 'alterTopicConfigs') {
      const resource = { kind: 'topic', name: change.topic } as const;
      await admin.alterConfigs([{ resource, set: change.set }]);
    }
  }
  return wide.length + topics.length;
}

describe('a broker', () => {
  it('boots with any thread count, in a rack of any name', async () => {
    expect((await admin.brokers()).map((broker) => broker.rack)).toEqual([rack]);
  });

  it('takes every cluster-wide key at run time, and every topic key', async () => {
    expect(await apply()).toBe(1 + topics.length);
    const { dynamicConfig } = await observed();
    const wished = Object.keys(splitConfig(spec.kafka.config).dynamic).sort();
    expect(Object.keys(dynamicConfig).sort()).toEqual(wished);
    expect(wished.length).toBeGreaterThan(40);
  });

  it('shows what was asked for: there is no second plan', async () => {
    const now = await observed();
    expect([...configActions(spec, now), ...topicChanges(spec, now)]).toEqual([]);
  });

  it('refuses to more than double any thread count', async () => {
    const stepped = Object.keys(brokerKeys).filter(isStepped);
    expect(stepped.length).toBe(10);
    for (const key of stepped) {
      const set = { [key]: '1000' };
      const change = admin.alterConfigs([{ resource: { kind: 'cluster' }, set }]);
      await expect(change, key).rejects.toMatchObject({ message: /double the current value/ });
    }
  });

  it('is brought back from what others set, in whatever spelling', async () => {
    await admin.alterConfigs([
      {
        resource: { kind: 'topic', name: 'tracker' },
        set: {
          'cleanup.policy': ' compact ',
          'retention.ms': ' +5000 ',
          'min.insync.replicas': '1',
        },
      },
    ]);
    const [action, ...more] = topicChanges(spec, await observed());
    expect(more).toEqual([]);
    expect(action).toMatchObject({
      set: {
        'cleanup.policy': 'delete,compact',
        'retention.ms': null,
        'min.insync.replicas': null,
      },
      before: { 'cleanup.policy': 'compact', 'retention.ms': '5000' },
    });
    expect(await apply()).toBe(1);
    expect(topicChanges(spec, await observed())).toEqual([]);
  });
});

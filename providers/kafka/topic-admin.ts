/** The part of KafkaAdmin that kafkajs serves: brokers, topics, partitions, offsets. */
import type { Admin } from 'kafkajs';
import { asked, protocolErrorOf } from './errors.ts';
import { type KafkaAdmin, KafkaError, type TopicView } from './kafka.ts';
import { settled } from './settled.ts';

type TopicAdmin = Pick<
  KafkaAdmin,
  'brokers' | 'topics' | 'createTopic' | 'deleteTopic' | 'addPartitions' | 'offsets'
>;

export function createTopicAdmin(admin: Admin): TopicAdmin {
  const topics = (names?: string[]): Promise<TopicView[]> =>
    asked(async () => {
      const found = await admin.fetchTopicMetadata(names ? { topics: names } : undefined);
      return found.topics.map((topic) => ({
        name: topic.name,
        internal: topic.name.startsWith('__'),
        partitions: topic.partitions
          .map((p) => ({
            partition: p.partitionId,
            leader: p.leader,
            replicas: p.replicas,
            isr: p.isr,
          }))
          .sort((a, b) => a.partition - b.partition),
      }));
    });
  const find = async (name: string): Promise<TopicView | undefined> =>
    (await topics()).find((topic) => topic.name === name);

  return {
    topics,
    brokers: () =>
      asked(async () => {
        const { brokers } = await admin.describeCluster();
        return brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port }));
      }),

    ...topicChanges(admin, find),

    offsets: (topic) =>
      asked(async () =>
        (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
          partition,
          low: BigInt(low),
          high: BigInt(high),
        })),
      ),
  };
}

/** Changes of topics; each waits until the change shows in the metadata. */
function topicChanges(
  admin: Admin,
  find: (name: string) => Promise<TopicView | undefined>,
): Pick<TopicAdmin, 'createTopic' | 'deleteTopic' | 'addPartitions'> {
  return {
    async createTopic({ name, partitions, replicationFactor, config }) {
      try {
        await admin.createTopics({
          waitForLeaders: false,
          topics: [
            {
              topic: name,
              numPartitions: partitions,
              replicationFactor,
              configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
            },
          ],
        });
      } catch (error) {
        if (protocolErrorOf(error) !== 'TOPIC_ALREADY_EXISTS') throw await toFailure(error);
      }
      const view = await settled(async () => {
        const found = await find(name);
        return found?.partitions.every((p) => p.leader >= 0) ? found : undefined;
      });
      requireEqual(view, { name, partitions, replicationFactor });
    },

    async deleteTopic(name) {
      try {
        await admin.deleteTopics({ topics: [name] });
      } catch (error) {
        if (protocolErrorOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw await toFailure(error);
      }
      await settled(async () => ((await find(name)) ? undefined : true));
    },

    async addPartitions(name, total) {
      const now = (await find(name))?.partitions.length ?? 0;
      if (now === total) return;
      if (now > total) {
        throw new KafkaError('refused', `${name} has ${now} partitions, more than ${total}`);
      }
      await asked(() =>
        admin.createPartitions({ topicPartitions: [{ topic: name, count: total }] }),
      );
      await settled(async () => {
        const found = await find(name);
        return found && found.partitions.length >= total ? true : undefined;
      });
    },
  };
}

const toFailure = (error: unknown): Promise<unknown> =>
  asked(async () => Promise.reject(error)).catch((failure) => failure);

function requireEqual(
  view: TopicView,
  wanted: { name: string; partitions: number; replicationFactor: number },
): void {
  const partitions = view.partitions.length;
  const factor = view.partitions[0]?.replicas.length ?? 0;
  if (partitions === wanted.partitions && factor === wanted.replicationFactor) return;
  const message =
    `topic ${wanted.name} exists with ${partitions} partitions × ${factor} replicas, ` +
    `wanted are ${wanted.partitions} × ${wanted.replicationFactor}`;
  throw new KafkaError('refused', message);
}

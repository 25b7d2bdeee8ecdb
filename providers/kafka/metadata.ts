/**
 * Brokers, topics and partitions as Kafka's metadata tells them, errors of single topics and
 * partitions included: kafkajs throws everything away when one partition has no leader, and an
 * answer that is thrown away looks like a cluster without topics.
 */
import { metadataV12 } from '@platformatic/kafka';
import { answerOf, type Wire } from './connection.ts';
import { nameOf } from './errors.ts';
import type { BrokerView, PartitionView, TopicView } from './kafka.ts';

type Answer = Awaited<ReturnType<typeof metadataV12.api.async>>;
type AnswerTopic = Answer['topics'][number];

export interface Metadata {
  brokers: BrokerView[];
  topics: TopicView[];
}

const unknownTopic = 3;

/** Metadata of the topics named, or of all with null. Topics that do not exist are left out. */
export function metadataOf(wire: Wire, names: string[] | null): Promise<Metadata> {
  return wire.ask(async (connection) =>
    fromAnswer(await answerOf(metadataV12.api.async(connection, names, false, false))),
  );
}

/** Pure: an answer of Metadata as views. */
export function fromAnswer(answer: Pick<Answer, 'brokers' | 'topics'>): Metadata {
  return {
    brokers: answer.brokers.map(({ nodeId, host, port, rack }) => ({
      nodeId,
      host,
      port,
      ...(rack ? { rack } : {}),
    })),
    topics: answer.topics.filter((t) => t.errorCode !== unknownTopic).map(topicView),
  };
}

function topicView(topic: AnswerTopic): TopicView {
  return {
    name: topic.name ?? '',
    internal: topic.isInternal,
    partitions: topic.partitions.map(partitionView).sort((a, b) => a.partition - b.partition),
    ...(topic.errorCode === 0 ? {} : { unknown: nameOf(topic.errorCode) }),
  };
}

/** An error of a partition says that it has no leader, or none alive: the rest still holds. */
const partitionView = (p: AnswerTopic['partitions'][number]): PartitionView => ({
  partition: p.partitionIndex,
  leader: p.leaderId,
  replicas: p.replicaNodes,
  isr: p.isrNodes,
});

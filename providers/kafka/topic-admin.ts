/**
 * Changes of topics, many by one request. Kafka answers for each topic by itself, so a failure
 * names its topics; each call returns once its change shows in the metadata of those topics.
 */

import { createPartitionsV3, createTopicsV7, deleteTopicsV6 } from '@platformatic/kafka';
import { fewOf } from '../../contracts/text.ts';
import { answerOf, serverTimeoutMs, type Wire } from './connection.ts';
import { type Item, refusal } from './errors.ts';
import type { KafkaAdmin, NewTopic, PartitionView, TopicView } from './kafka.ts';
import { KafkaError } from './kafka.ts';
import { metadataOf } from './metadata.ts';
import { untilShown } from './shown.ts';

type TopicAdmin = Pick<
  KafkaAdmin,
  'brokers' | 'topics' | 'createTopics' | 'deleteTopics' | 'addPartitions'
>;

const code = { unknownTopic: 3, alreadyExists: 36, invalidPartitions: 37, unknownTopicId: 100 };

export const createTopicAdmin = (wire: Wire): TopicAdmin => ({
  topics: async (names) => (await metadataOf(wire, names ?? null)).topics,
  brokers: async () => (await metadataOf(wire, [])).brokers,
  createTopics: (topics) => (topics.length === 0 ? done : createTopics(wire, topics)),
  deleteTopics: (names) => (names.length === 0 ? done : deleteTopics(wire, names)),
  addPartitions: (topics) => (topics.length === 0 ? done : addPartitions(wire, topics)),
});

const done = Promise.resolve();

const topicItem = (r: {
  name?: string | null | undefined;
  errorCode: number;
  errorMessage?: string | null | undefined;
}): Item => ({
  subject: `topic ${r.name}`,
  errorCode: r.errorCode,
  errorMessage: r.errorMessage ?? null,
});

async function createTopics(wire: Wire, topics: NewTopic[]): Promise<void> {
  const asked = topics.map(({ name, partitions, replicationFactor, config }) => ({
    name,
    numPartitions: partitions,
    replicationFactor,
    assignments: [],
    configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }));
  const answer = await wire.change((connection) =>
    answerOf(createTopicsV7.api.async(connection, asked, serverTimeoutMs, false)),
  );
  const failed = answer.topics.filter((t) => t.errorCode !== 0);
  const refused = failed.filter((t) => t.errorCode !== code.alreadyExists);
  if (refused.length > 0) throw refusal(refused.map(topicItem));
  const views = await shownTopics(wire, topics);
  const unequal = failed.flatMap(({ name }) => {
    const wanted = topics.find((t) => t.name === name);
    const view = views.get(name);
    return wanted && view ? inequality(view, wanted) : [];
  });
  if (unequal.length > 0) throw new KafkaError('refused', fewOf(unequal));
}

/** The topics once each shows all its partitions, led where a leader is possible at all. */
async function shownTopics(wire: Wire, topics: NewTopic[]): Promise<Map<string, TopicView>> {
  const shown = new Map<string, TopicView>();
  await untilShown(async () => {
    const open = topics.map((t) => t.name).filter((name) => !shown.has(name));
    const { brokers, topics: found } = await metadataOf(wire, open);
    const alive = new Set(brokers.map((b) => b.nodeId));
    for (const view of found) {
      const settled =
        !view.unknown && view.partitions.every((p) => p.leader >= 0 || orphan(p, alive));
      if (settled) shown.set(view.name, view);
    }
    const missing = open.filter((name) => !shown.has(name));
    return missing.length > 0 ? `topic ${fewOf(missing)} without a leader` : undefined;
  });
  return shown;
}

/** No broker that could lead it is alive: waiting would not help, and it was there before. */
const orphan = ({ isr }: PartitionView, alive: Set<number>): boolean =>
  !isr.some((id) => alive.has(id));

function inequality(view: TopicView, wanted: NewTopic): string[] {
  const partitions = view.partitions.length;
  const factor = view.partitions[0]?.replicas.length ?? 0;
  if (partitions === wanted.partitions && factor === wanted.replicationFactor) return [];
  return [
    `topic ${wanted.name} exists with ${partitions} partitions × ${factor} replicas, ` +
      `wanted are ${wanted.partitions} × ${wanted.replicationFactor}`,
  ];
}

async function deleteTopics(wire: Wire, names: string[]): Promise<void> {
  const answer = await wire.change((connection) =>
    answerOf(
      deleteTopicsV6.api.async(
        connection,
        names.map((name) => ({ name })),
        serverTimeoutMs,
      ),
    ),
  );
  const accepted = [0, code.unknownTopic, code.unknownTopicId];
  const failed = answer.responses.filter((r) => !accepted.includes(r.errorCode));
  if (failed.length > 0) throw refusal(failed.map(topicItem));
  await untilShown(async () => {
    const left = (await metadataOf(wire, names)).topics.map((t) => t.name);
    return left.length > 0 ? `topic ${fewOf(left)} is still there` : undefined;
  });
}

async function addPartitions(wire: Wire, topics: { name: string; total: number }[]): Promise<void> {
  const counts = await partitionCounts(wire, topics);
  const many = topics.filter((t) => (counts.get(t.name) ?? 0) > t.total);
  if (many.length > 0) {
    const told = many.map(
      (t) => `topic ${t.name} has ${counts.get(t.name)} partitions, more than ${t.total}`,
    );
    throw new KafkaError('refused', fewOf(told));
  }
  const open = topics.filter((t) => counts.get(t.name) !== t.total);
  if (open.length === 0) return;
  const answer = await wire.change((connection) =>
    answerOf(createPartitionsV3.api.async(connection, open.map(growth), serverTimeoutMs, false)),
  );
  const failed = answer.results.filter((r) => r.errorCode !== 0);
  // Kafka calls it invalid to ask for the count there is: so it answers a repeated request.
  const others = failed.filter((r) => r.errorCode !== code.invalidPartitions);
  if (others.length > 0) throw refusal(others.map(topicItem));
  await untilGrown(wire, open, failed.map(topicItem));
}

const growth = ({ name, total }: { name: string; total: number }) => ({
  name,
  count: total,
  assignments: null,
});

async function partitionCounts(
  wire: Wire,
  topics: { name: string }[],
): Promise<Map<string, number>> {
  const names = topics.map((t) => t.name);
  const found = (await metadataOf(wire, names)).topics;
  const unknown = found.filter((t) => t.unknown);
  if (unknown.length > 0) {
    const told = unknown.map((t) => `topic ${t.name}: ${t.unknown}`);
    throw new KafkaError('unavailable', `Kafka does not tell the partitions of ${fewOf(told)}`);
  }
  return new Map(found.map((t) => [t.name, t.partitions.length]));
}

async function untilGrown(
  wire: Wire,
  topics: { name: string; total: number }[],
  doubtful: Item[],
): Promise<void> {
  try {
    await untilShown(async () => {
      const counts = await partitionCounts(wire, topics);
      const behind = topics.filter((t) => (counts.get(t.name) ?? 0) < t.total);
      return behind.length > 0 ? `topic ${fewOf(behind.map((t) => t.name))} has fewer` : undefined;
    });
  } catch (error) {
    throw doubtful.length > 0 ? refusal(doubtful) : error;
  }
}

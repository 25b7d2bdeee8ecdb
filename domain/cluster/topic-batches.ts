/**
 * From changes of single topics to steps: batches that Kafka takes as one request each. Kafka
 * refuses a request of more than 10,000 records (a topic, a partition and a value are one each),
 * and a step must fit into a payload. Pure.
 */
import type { ConfigPatch, StepAction } from '../../contracts/plan.ts';
import { canonicalJson, digestOf } from '../lib/digest.ts';
import { jsonLength, slicesOf } from '../lib/slices.ts';

/** What one topic needs. */
export type TopicChange =
  | {
      kind: 'createTopics';
      topic: string;
      partitions: number;
      replicationFactor: number;
      config: Record<string, string>;
    }
  | { kind: 'alterTopicConfigs'; topic: string; set: ConfigPatch; before: ConfigPatch }
  | { kind: 'addPartitions'; topic: string; partitions: number; before: { partitions: number } }
  | { kind: 'deleteTopics'; topic: string };

/** Small enough for the answer to come within seconds, also from small brokers. */
const batchTopicsMax = 250;
const batchRecordsMax = 2_500;
const batchBytesMax = 100_000;

/** Steps for all changes, kind after kind, in the order in which the topics are named. */
export function topicBatches(changes: readonly TopicChange[]): StepAction[] {
  const of = <K extends TopicChange['kind']>(kind: K) =>
    batches(changes.filter((c): c is Extract<TopicChange, { kind: K }> => c.kind === kind));
  return [
    ...of('createTopics').map((batch) => ({
      kind: 'createTopics' as const,
      groups: grouped(batch),
    })),
    ...of('addPartitions').map((batch) => ({
      kind: 'addPartitions' as const,
      groups: grouped(batch),
    })),
    ...of('alterTopicConfigs').map((batch) => ({
      kind: 'alterTopicConfigs' as const,
      groups: grouped(batch),
    })),
    ...of('deleteTopics').map((batch) => ({
      kind: 'deleteTopics' as const,
      topics: batch.map((c) => c.topic),
    })),
  ];
}

const batches = <C extends TopicChange>(changes: C[]): C[][] =>
  slicesOf(changes, [
    { of: () => 1, most: batchTopicsMax },
    { of: records, most: batchRecordsMax },
    { of: jsonLength, most: batchBytesMax },
  ]);

function records(change: TopicChange): number {
  if (change.kind === 'createTopics') {
    return 1 + change.partitions + Object.keys(change.config).length;
  }
  if (change.kind === 'alterTopicConfigs') return Object.keys(change.set).length;
  return change.kind === 'addPartitions' ? change.partitions - change.before.partitions : 1;
}

type Group<C> = Omit<C, 'kind' | 'topic'> & { topics: string[] };

/** Topics that get the same are told together. */
function grouped<C extends TopicChange>(batch: C[]): Group<C>[] {
  const groups = new Map<string, Group<C>>();
  for (const { kind: _, topic, ...rest } of batch) {
    const key = canonicalJson(rest);
    const group = groups.get(key) ?? { topics: [], ...rest };
    group.topics.push(topic);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The topics of a batch in its order. */
export function topicsIn(
  action: { groups: { topics: string[] }[] } | { topics: string[] },
): string[] {
  return 'groups' in action ? action.groups.flatMap((g) => g.topics) : action.topics;
}

/**
 * What a batch is called in ids, calls and the journal: short, and another one for other topics.
 */
export function batchName(topics: readonly string[]): string {
  const [first = 'nothing', ...rest] = topics;
  return rest.length === 0 ? first : `${first}+${rest.length}@${digestOf(topics).slice(-8)}`;
}

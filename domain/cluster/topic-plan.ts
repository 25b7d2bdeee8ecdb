/** Topics and cluster-wide configuration: what is, against what should be. Pure. */

import { type ConfigKind, sameValue } from '../../contracts/kafka-values.ts';
import type { ObservedCluster, ObservedTopic } from '../../contracts/observed.ts';
import type { ConfigPatch, StepAction } from '../../contracts/plan.ts';
import type { NormalSpec, NormalTopic } from '../../contracts/spec.ts';
import { isDynamic, isStepped, splitConfig } from './kafka-config.ts';
import type { TopicChange } from './topic-batches.ts';

/**
 * Kafka sets this one itself when eligible leader replicas are on, and refuses to remove it
 * (KIP-966): without a wish for it, the wish is Kafka's default.
 */
const unremovable: Record<string, string> = { 'min.insync.replicas': '1' };

/** One step that brings all cluster-wide dynamic configuration to the spec's values, or none. */
export function configActions(spec: NormalSpec, observed: ObservedCluster): StepAction[] {
  const { dynamic } = splitConfig(spec.kafka.config);
  const now = Object.fromEntries(
    Object.entries(observed.dynamicConfig).filter(([key]) => isDynamic(key) || isStepped(key)),
  );
  const wanted = observed.kafkaReachable
    ? { ...defaultsFor(now), ...stepped(spec, now), ...dynamic }
    : dynamic;
  const set = difference('broker', wanted, now);
  if (Object.keys(set).length === 0) return [];
  // When Kafka did not answer, the values before are unknown and an undo must not guess them.
  const before = observed.kafkaReachable || isFresh(observed) ? reverse(set, now) : {};
  return [{ kind: 'alterClusterConfig', set, before }];
}

/**
 * Thread counts are static and wait for a restart. One that has a value at run time all the same,
 * which is the stronger one, follows the spec's; without a wish it is left as it is.
 */
const stepped = (spec: NormalSpec, now: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(now)
      .filter(([key]) => isStepped(key))
      .map(([key, value]) => [key, spec.kafka.config[key] ?? value]),
  );

/** True when nothing of the cluster runs or ran: its Kafka is empty for certain. */
export const isFresh = (observed: ObservedCluster): boolean =>
  observed.nodes.every((n) => !n.volume && !n.instance);

const defaultsFor = (now: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(unremovable).filter(([key]) => key in now));

/** Creations and changes of the topics that the spec names; other topics are left alone. */
export function topicChanges(spec: NormalSpec, observed: ObservedCluster): TopicChange[] {
  const present = new Map(observed.topics.map((t) => [t.name, t]));
  return spec.topics
    .filter((topic) => topic.state === 'present')
    .flatMap((topic) => {
      const now = present.get(topic.name);
      return now ? changesOf(topic, asOurs(topic, now, observed)) : [creationOf(topic)];
    });
}

export function topicRemovals(spec: NormalSpec, observed: ObservedCluster): TopicChange[] {
  const present = new Set(observed.topics.map((t) => t.name));
  return spec.topics
    .filter((t) => t.state === 'absent' && present.has(t.name))
    .map(({ name }) => ({ kind: 'deleteTopics', topic: name }));
}

const creationOf = ({ name, partitions, replicationFactor, config }: NormalTopic): TopicChange => ({
  kind: 'createTopics',
  topic: name,
  partitions,
  replicationFactor,
  config,
});

/**
 * Lists that a running reassignment sets on topics and takes away itself. Only when it is certain
 * that none runs are they what nobody asked for.
 */
export const borrowedKeys = [
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
];

/** The topic without what others hold for a while. */
function asOurs(topic: NormalTopic, now: ObservedTopic, observed: ObservedCluster): ObservedTopic {
  if (observed.reassigning === false) return now;
  const ours = Object.entries(now.config).filter(
    ([key]) => !borrowedKeys.includes(key) || Object.hasOwn(topic.config, key),
  );
  return { ...now, config: Object.fromEntries(ours) };
}

function changesOf(topic: NormalTopic, now: ObservedTopic): TopicChange[] {
  const actions: TopicChange[] = [];
  // Nothing is planned on what Kafka does not tell; checkTransition refuses it by name.
  if (now.unknown) return actions;
  if (topic.partitions > now.partitions) {
    const before = { partitions: now.partitions };
    actions.push({
      kind: 'addPartitions',
      topic: topic.name,
      partitions: topic.partitions,
      before,
    });
  }
  const set = difference('topic', topic.config, now.config);
  if (Object.keys(set).length > 0) {
    const before = reverse(set, now.config);
    actions.push({ kind: 'alterTopicConfigs', topic: topic.name, set, before });
  }
  return actions;
}

/** Values to set, and null for what is there without being wanted; keys sorted. */
function difference(
  kind: ConfigKind,
  wanted: Record<string, string>,
  now: Record<string, string>,
): ConfigPatch {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(now)])].sort();
  return Object.fromEntries(
    keys
      .filter((key) => !sameValue(kind, key, wanted[key], now[key]))
      .map((key) => [key, wanted[key] ?? null]),
  );
}

const reverse = (set: ConfigPatch, now: Record<string, string>): ConfigPatch =>
  Object.fromEntries(Object.keys(set).map((key) => [key, now[key] ?? null]));

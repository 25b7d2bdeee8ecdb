/**
 * Configuration keys that a spec cannot have although they look right: what Asgard sets itself, and
 * what older Kafkas had. Each says its own reason and what to do instead. Data and look-ups only.
 */
import { distance } from 'fastest-levenshtein';
import { brokerKeys, topicKeys, topicSynonyms } from '../../contracts/kafka-keys.ts';
import type { ConfigKind } from '../../contracts/kafka-values.ts';

interface Reason {
  message: string;
  remedy: string;
}

const listeners: Reason = {
  message: 'follows from the machines: every node gets listeners of its own address',
  remedy: 'remove it; the connection that Asgard hands out says where clients connect',
};
const security: Reason = {
  message: 'is part of the security that Asgard sets up: SCRAM users, ACLs, its own principals',
  remedy: 'remove it; see docs/guides/security.md',
};
const quorum: Reason = {
  message: 'follows from nodes: Asgard forms the quorum and gives out node ids',
  remedy: 'remove it; say who votes by the role `controller` in nodes[].roles',
};
const disks: Reason = {
  message: 'is the mount of the node’s data volume',
  remedy: 'remove it; nodes[].diskGiB says how large the volume is',
};
const racks: Reason = {
  message: 'follows from the slot of each node',
  remedy: 'remove it; nodes[].racks says where nodes stand',
};
const secret: Reason = {
  message: 'holds a secret, which would stand in plans and histories for everyone to read',
  remedy: 'remove it; Asgard’s clusters use SCRAM users instead of delegation tokens',
};
const variables: Reason = {
  message: 'would make nodes look values up that the plan does not show',
  remedy: 'remove it and write the values themselves',
};

const reservedKeys: Record<string, Reason> = {
  listeners,
  'advertised.listeners': listeners,
  'early.start.listeners': listeners,
  'inter.broker.listener.name': listeners,
  'authorizer.class.name': security,
  'super.users': security,
  'principal.builder.class': security,
  'allow.everyone.if.no.acl.found': security,
  'node.id': quorum,
  'broker.id': quorum,
  'process.roles': quorum,
  'controller.listener.names': quorum,
  'controller.quorum.voters': quorum,
  'controller.quorum.bootstrap.servers': quorum,
  'controller.quorum.auto.join.enable': quorum,
  'log.dir': disks,
  'log.dirs': disks,
  'metadata.log.dir': disks,
  'cordoned.log.dirs': disks,
  'broker.rack': racks,
  'delegation.token.secret.key': secret,
  'config.providers': variables,
};

const reservedPrefixes: [string, Reason][] = [
  ['listener.', listeners],
  ['sasl.', security],
  ['ssl.', security],
  ['security.', security],
  ['config.providers.', variables],
];

/** Why a spec may not set a broker key; undefined for keys that it may. */
export function reservedReason(key: string): Reason | undefined {
  if (Object.hasOwn(reservedKeys, key)) return reservedKeys[key];
  return reservedPrefixes.find(([prefix]) => key.startsWith(prefix))?.[1];
}

const zookeeper =
  'remove it; Kafka 4 has no ZooKeeper, controllers keep the metadata (nodes[].roles)';
const useListeners = 'remove it; Asgard gives every node its listeners';
const formats = 'remove it; Kafka 4 writes one record format (v2) only';
const conversion = 'remove it; Kafka 4 converts no records to older formats';

/** Keys of older Kafkas, and what took their place. */
const removedBrokerKeys: Record<string, string> = {
  'inter.broker.protocol.version':
    'remove it; the feature level metadata.version took its place, which Asgard sets',
  'log.message.format.version': formats,
  'log.message.downconversion.enable': conversion,
  'log.message.timestamp.difference.max.ms':
    'use log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms',
  'delegation.token.master.key': 'remove it; Asgard’s clusters use SCRAM users',
  'quota.producer.default': 'remove it; quotas are set per user since Kafka 3',
  'quota.consumer.default': 'remove it; quotas are set per user since Kafka 3',
  'host.name': useListeners,
  port: useListeners,
  'advertised.host.name': useListeners,
  'advertised.port': useListeners,
  'control.plane.listener.name': 'remove it; controllers have a listener of their own',
  'broker.id.generation.enable': 'remove it; Asgard gives out node ids',
  'reserved.broker.max.id': 'remove it; Asgard gives out node ids',
  'leader.imbalance.per.broker.percentage':
    'remove it; controllers move leadership back by leader.imbalance.check.interval.seconds alone',
  'controlled.shutdown.max.retries': 'remove it; a broker now asks until it may stop',
  'controlled.shutdown.retry.backoff.ms': 'remove it; a broker now asks until it may stop',
  'offsets.commit.required.acks': 'remove it; commits always ask for all in-sync replicas',
  'group.coordinator.new.enable': 'use group.coordinator.rebalance.protocols',
  'auto.include.jmx.reporter': 'use metric.reporters',
  'max.incremental.fetch.session.cache.evictions': 'use max.incremental.fetch.session.cache.slots',
  'unstable.metadata.versions.enable': 'remove it; a cluster cannot go back from such a version',
  'password.encoder.secret': zookeeper,
};

const removedTopicKeys: Record<string, string> = {
  'message.format.version': formats,
  'message.downconversion.enable': conversion,
  'message.timestamp.difference.max.ms':
    'use message.timestamp.before.max.ms and message.timestamp.after.max.ms',
};

const removedPrefixes: [string, string][] = [
  ['zookeeper.', zookeeper],
  ['password.encoder.', zookeeper],
];

/** What to do instead of a key that Kafka had once; undefined for all others. */
export function removedRemedy(kind: ConfigKind, key: string): string | undefined {
  const table = kind === 'broker' ? removedBrokerKeys : removedTopicKeys;
  if (Object.hasOwn(table, key)) return table[key];
  return removedPrefixes.find(([prefix]) => key.startsWith(prefix))?.[1];
}

const brokerSynonyms = Object.fromEntries(
  Object.entries(topicSynonyms).map(([topic, broker]) => [broker, topic]),
);

/**
 * The key that was meant, when one is near: the other level's name for the same thing, or one that
 * differs by a slip of the hand (a sixth of its letters, at least two). Otherwise undefined.
 */
export function nearKey(kind: ConfigKind, key: string): string | undefined {
  const [table, synonyms] =
    kind === 'broker' ? [brokerKeys, topicSynonyms] : [topicKeys, brokerSynonyms];
  if (Object.hasOwn(synonyms, key)) return synonyms[key];
  return nearest(key, Object.keys(table));
}

/** The nearest of `names` within a slip of the hand; undefined when none is. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const bound = Math.max(Math.min(2, word.length - 1), Math.floor(word.length / 6));
  let best: { name: string; far: number } | undefined;
  for (const name of names) {
    if (Math.abs(name.length - word.length) > bound) continue;
    const far = distance(word, name);
    if (far <= bound && far < (best?.far ?? Number.POSITIVE_INFINITY)) best = { name, far };
  }
  return best?.name;
}

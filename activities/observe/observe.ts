/**
 * The snapshot a plan is made from: everything of a cluster that the cloud and Kafka will tell.
 * Read-only; safe to repeat. Topics are told apart, and only those asked for: an answer must fit
 * into a payload, however many topics a cluster has.
 */
import type { StrangerView } from '../../contracts/http.ts';
import type { ObservedCluster, ObservedNode, ObservedTopic } from '../../contracts/observed.ts';
import { strangersRemedy, strangersText } from '../../domain/cluster/look.ts';
import { jsonLength, slicesOf } from '../../domain/lib/slices.ts';
import { type Cloud, type Tags, tagKeys } from '../../providers/cloud/cloud.ts';
import type { KafkaAdmin, TopicView } from '../../providers/kafka/kafka.ts';
import { SecretStoreError } from '../../providers/secrets/secrets.ts';
import { live } from '../cloud/resources.ts';
import { type AccessScope, withAdmin } from '../kafka/access.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { type Beat, beating, pause } from '../lib/heartbeat.ts';
import { configsOf } from '../lib/node-configs.ts';
import { cloudOf } from '../lib/slots.ts';

/** How long running instances may keep Kafka's answer waiting before it counts as unreachable. */
const kafkaPatienceMs = 15_000;
/** And how long after its start a machine is still booting: its silence says nothing yet. */
const bootPatienceMs = 40_000;
/** Topics described by one request, and the bytes of an answer. */
const describedAtOnce = 250;
const answerBytesMax = 300_000;

export interface ObservedTopics {
  /** Of the first `taken` names, those that exist; and others that Kafka takes for the same. */
  topics: ObservedTopic[];
  /** At least 1; ask again for the rest. */
  taken: number;
}

export function createObserveActivities(deps: ActivityDeps) {
  return {
    /** Machines, brokers and cluster-wide configuration. `kafka: false` leaves Kafka alone. */
    observeCluster: (r: { scope: AccessScope; kafka?: boolean }): Promise<ObservedCluster> =>
      beating(async (beat) => {
        const { scope } = r;
        await refuseStrangers(deps, scope);
        const nodes = await observeNodes(deps, scope);
        const identity = await hasIdentity(deps, scope, r.kafka !== false);
        const up = identity && nodes.some((n) => n.instance?.state === 'running');
        const wanted = up && r.kafka !== false;
        const kafka = wanted ? await observeKafka(deps, scope, beat) : undefined;
        return {
          identity,
          nodes: nodes.map((node) => withRegistration(node, kafka)),
          configs: await configsOf(deps, digestsOf(nodes)),
          kafkaReachable: kafka !== undefined,
          topics: [],
          dynamicConfig: kafka?.dynamicConfig ?? {},
          ...(kafka ? { reassigning: kafka.reassigning } : {}),
        };
      }),

    /**
     * How the topics named are, as many of them as fit into an answer. Retried when Kafka does not
     * answer.
     */
    observeTopics: ({ scope, names }: { scope: AccessScope; names: string[] }) =>
      beating<ObservedTopics>(() => withAdmin(deps, scope, (admin) => topicsOf(admin, names))),
  };
}

/**
 * Whether credentials are stored. Where they are only to be removed, broken ones count as well:
 * a destruction must not need what it takes away.
 */
async function hasIdentity(
  deps: ActivityDeps,
  { cluster }: AccessScope,
  needed: boolean,
): Promise<boolean> {
  try {
    return (await deps.secrets.read(cluster)) !== undefined;
  } catch (error) {
    if (needed || !(error instanceof SecretStoreError)) throw error;
    return true;
  }
}

/**
 * ProviderRefused when machines or disks of the cluster have lost their records: a plan that does
 * not know of them would build a second cluster beside them.
 */
async function refuseStrangers(deps: ActivityDeps, scope: AccessScope): Promise<void> {
  const cloud = cloudOf(deps, scope.provider);
  const found = await strangersOf(cloud, scope.cluster);
  if (found.length === 0) return;
  const told = strangersText(found);
  const message = `provider \`${scope.provider}\` has of ${scope.cluster} ${told}. Nothing was touched`;
  throw failure('ProviderRefused', `${message}: ${strangersRemedy}`);
}

/** What the provider holds of the cluster without a record, as people are told. Read-only. */
export async function strangersOf(cloud: Cloud, cluster: string): Promise<StrangerView[]> {
  const found = await cloud.listStrangers({ tags: { [tagKeys.cluster]: cluster } });
  return found.map(({ id, kind, running, where, tags }) => {
    return { id, kind, running, where, slot: tags[tagKeys.slot] ?? 'unknown' };
  });
}

async function observeNodes(deps: ActivityDeps, scope: AccessScope): Promise<ObservedNode[]> {
  const cloud = cloudOf(deps, scope.provider);
  const tags = { [tagKeys.cluster]: scope.cluster };
  const slots = new Map<string, ObservedNode>();
  const at = (found: Tags): ObservedNode => {
    const slot = found[tagKeys.slot] ?? 'untagged';
    const node = slots.get(slot) ?? nodeFromTags(slot, found);
    slots.set(slot, node);
    return node;
  };
  for (const { id, diskGiB, tags: t } of live(await cloud.listVolumes({ tags }))) {
    at(t).volume = { id, diskGiB };
  }
  for (const nic of live(await cloud.listInterfaces({ tags }))) {
    const { id, host, clientPort, controllerPort } = nic;
    at(nic.tags).networkInterface = { id, host, clientPort, controllerPort };
  }
  for (const instance of live(await cloud.listInstances({ tags }))) {
    const { id, state, instanceType, tags: t } = instance;
    at(t).instance = {
      id,
      state,
      instanceType,
      configDigest: t[tagKeys.configDigest] ?? '',
    };
  }
  return [...slots.values()].sort((a, b) => a.nodeId - b.nodeId);
}

const digestsOf = (nodes: ObservedNode[]): string[] =>
  nodes.flatMap(({ instance }) => (instance ? [instance.configDigest] : []));

function nodeFromTags(slot: string, tags: Tags): ObservedNode {
  return {
    slot,
    pool: tags[tagKeys.pool] ?? '',
    nodeId: Number(tags[tagKeys.nodeId] ?? -1),
    rack: tags[tagKeys.rack] ?? '',
    roles: (tags[tagKeys.roles] ?? '').split('+') as ObservedNode['roles'],
    registration: 'unknown',
  };
}

interface KafkaSnapshot {
  registered: Set<number>;
  replicas: Map<number, number> | undefined;
  dynamicConfig: Record<string, string>;
  reassigning: boolean;
}

/** Asks until Kafka answers or patience runs out; then it counts as unreachable (undefined). */
async function observeKafka(
  deps: ActivityDeps,
  scope: AccessScope,
  { signal, say }: Beat,
): Promise<KafkaSnapshot | undefined> {
  const end = Math.max(Date.now() + kafkaPatienceMs, await bootedBy(deps, scope));
  for (;;) {
    try {
      return await withAdmin(deps, scope, snapshot);
    } catch (error) {
      if (Date.now() > end) return undefined;
      say(`asking Kafka: ${error instanceof Error ? error.message : String(error)}`);
      await pause(500, signal);
    }
  }
}

/** When the machine that was started last has had its time to boot, ms since the epoch. */
async function bootedBy(deps: ActivityDeps, scope: AccessScope): Promise<number> {
  const tags = { [tagKeys.cluster]: scope.cluster };
  const instances = live(await cloudOf(deps, scope.provider).listInstances({ tags }));
  const starts = instances.flatMap(({ state, stateSince }) =>
    state === 'running' && stateSince ? [Date.parse(stateSince)] : [],
  );
  return Math.max(0, ...starts) + bootPatienceMs;
}

async function snapshot(admin: KafkaAdmin): Promise<KafkaSnapshot> {
  return {
    registered: new Set((await admin.brokers()).map((b) => b.nodeId)),
    replicas: replicasByNode(await admin.topics()),
    dynamicConfig: await admin.clusterConfig(),
    reassigning: await admin.reassigning(),
  };
}

/** Kafka takes names for the same that differ only in `.` and `_`. */
const metricName = (name: string): string => name.replaceAll('.', '_');

/** The topics named, and those that collide with one that is named. */
export async function topicsOf(admin: KafkaAdmin, names: string[]): Promise<ObservedTopics> {
  const views = new Map<string, TopicView[]>();
  for (const view of await admin.topics()) {
    const key = metricName(view.name);
    views.set(key, [...(views.get(key) ?? []), view]);
  }
  const found: ObservedTopic[] = [];
  let taken = 0;
  let bytes = 0;
  for (const slice of slicesOf(names, [{ of: () => 1, most: describedAtOnce }])) {
    const present = slice.map((name) => views.get(metricName(name)) ?? []);
    const configs = await admin.topicConfigs(present.flat().map((view) => view.name));
    for (const twins of present) {
      const topics = twins.map((view) => observedTopic(view, configs.get(view.name) ?? {}));
      bytes += jsonLength(topics);
      if (taken > 0 && bytes > answerBytesMax) return { topics: found, taken };
      found.push(...topics);
      taken += 1;
    }
  }
  return { topics: found, taken };
}

function observedTopic(view: TopicView, config: Record<string, string>): ObservedTopic {
  const leaderless = view.partitions.filter((p) => p.leader < 0).length;
  return {
    name: view.name,
    partitions: view.partitions.length,
    replicationFactor: view.partitions[0]?.replicas.length ?? 0,
    config,
    ...(view.unknown ? { unknown: view.unknown } : {}),
    ...(leaderless > 0 ? { leaderless } : {}),
  };
}

/** Undefined when Kafka keeps the partitions of a topic to itself: a sum would be a guess. */
function replicasByNode(topics: TopicView[]): Map<number, number> | undefined {
  if (topics.some((t) => t.unknown)) return undefined;
  const counts = new Map<number, number>();
  for (const { partitions } of topics) {
    for (const id of partitions.flatMap((p) => p.replicas)) {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  return counts;
}

function withRegistration(node: ObservedNode, kafka: KafkaSnapshot | undefined): ObservedNode {
  if (!kafka) return node;
  const registration = kafka.registered.has(node.nodeId) ? 'registered' : 'absent';
  if (!kafka.replicas) return { ...node, registration };
  return { ...node, registration, replicas: kafka.replicas.get(node.nodeId) ?? 0 };
}

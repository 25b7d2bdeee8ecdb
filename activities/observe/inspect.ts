/**
 * One look at a cluster as it is at this moment: machines from the cloud, brokers from Kafka. Read
 * only, safe to repeat, and quick: what does not answer within seconds is told as not answering.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { Inspection, NodeStatus } from '../../contracts/http.ts';
import type { InspectInput } from '../../contracts/services/odin.ts';
import { type Cloud, type CloudInstance, type Tags, tagKeys } from '../../providers/cloud/cloud.ts';
import type { KafkaAdmin, TopicView } from '../../providers/kafka/kafka.ts';
import { SecretStoreError } from '../../providers/secrets/secrets.ts';
import { withAdmin } from '../kafka/access.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating, pause } from '../lib/heartbeat.ts';
import { cloudOf } from '../lib/slots.ts';
import { strangersOf } from './observe.ts';

/** Of one provider: whoever does not know it asks `findCluster` before. */
type InspectOf = Required<InspectInput>;

/** A person waits for the answer. */
const kafkaPatienceMs = 4_000;

export function createInspectActivities(deps: ActivityDeps) {
  return {
    /** Fails only when the cloud does; Kafka's silence is part of the answer. */
    inspectCluster: (input: InspectOf): Promise<Inspection> =>
      beating(async ({ signal }) => {
        const cloud = cloudOf(deps, input.provider);
        const [machines, strangers] = await Promise.all([
          machinesOf(cloud, input),
          strangersOf(cloud, input.cluster),
        ]);
        const up = machines.some((m) => m.machine.state === 'running');
        const asked = up
          ? askKafka(deps, input)
          : Promise.resolve({ reason: 'no machine is running' });
        const late = pause(kafkaPatienceMs, signal).then(() => ({
          reason: `no answer within ${kafkaPatienceMs / 1000} s`,
        }));
        const kafka = await Promise.race([asked, late]);
        late.catch(() => undefined);
        return {
          lookedAt: new Date().toISOString(),
          nodes: machines.map((node) => withKafka(node, kafka)),
          ...(strangers.length > 0 ? { strangers } : {}),
          kafka: kafkaOf(kafka),
        };
      }),
  };
}

/** Every slot of which the cloud knows anything, in node order. */
async function machinesOf(cloud: Cloud, scope: InspectOf): Promise<NodeStatus[]> {
  const tags = { [tagKeys.cluster]: scope.cluster };
  const [instances, volumes, interfaces] = await Promise.all([
    cloud.listInstances({ tags }),
    cloud.listVolumes({ tags }),
    cloud.listInterfaces({ tags }),
  ]);
  const slots = new Map<string, { tags: Tags; instance?: CloudInstance }>();
  for (const part of [...volumes, ...interfaces].filter((p) => p.state !== 'deleted')) {
    slots.set(part.tags[tagKeys.slot] ?? '?', { tags: part.tags });
  }
  for (const instance of instances.filter((i) => i.state !== 'terminated')) {
    slots.set(instance.tags[tagKeys.slot] ?? '?', { tags: instance.tags, instance });
  }
  return [...slots]
    .map(([slot, found]) => nodeOf(slot, found.tags, found.instance))
    .sort((a, b) => a.nodeId - b.nodeId);
}

function nodeOf(slot: string, tags: Tags, instance: CloudInstance | undefined): NodeStatus {
  const roles = (tags[tagKeys.roles] ?? '').split('+') as NodeStatus['roles'];
  const {
    state = 'absent',
    stateReason: reason,
    stateSince: since,
    stateCode: code,
  } = instance ?? {};
  return {
    slot,
    nodeId: Number(tags[tagKeys.nodeId] ?? -1),
    rack: tags[tagKeys.rack] ?? '',
    roles,
    machine: {
      state,
      ...(since ? { since } : {}),
      ...(code ? { code } : {}),
      ...(reason ? { reason } : {}),
    },
    ...(roles.includes('broker') ? { broker: { registration: 'unknown' as const } } : {}),
    ...(roles.includes('controller') ? { controller: 'unknown' as const } : {}),
  };
}

type Broker = NonNullable<NodeStatus['broker']>;
type Controller = NonNullable<NodeStatus['controller']>;

interface KafkaView {
  registered: Set<number>;
  topics: TopicView[];
  /** Undefined when the quorum did not answer. */
  quorum: { leaderId: number; voters: Set<number> } | undefined;
}

/** Why Kafka says nothing; `asked: false`: there are no credentials to ask with. */
interface Silence {
  reason: string;
  asked?: false;
}

/** What Kafka says, or why it says nothing. */
async function askKafka(deps: ActivityDeps, scope: InspectOf): Promise<KafkaView | Silence> {
  try {
    return await withAdmin(deps, scope, viewOf);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const noKey = error instanceof ApplicationFailure || error instanceof SecretStoreError;
    return noKey ? { reason, asked: false } : { reason };
  }
}

async function viewOf(admin: KafkaAdmin): Promise<KafkaView> {
  const [brokers, topics, quorum] = await Promise.all([
    admin.brokers(),
    admin.topics(),
    admin.quorum().catch(() => undefined),
  ]);
  return {
    registered: new Set(brokers.map((b) => b.nodeId)),
    topics,
    quorum: quorum && {
      leaderId: quorum.leaderId,
      voters: new Set(quorum.voters.map((v) => v.nodeId)),
    },
  };
}

function kafkaOf(kafka: KafkaView | Silence): Inspection['kafka'] {
  if ('reason' in kafka) return { answers: false, ...kafka };
  const partitions = kafka.topics.flatMap((t) => t.partitions);
  return {
    answers: true,
    leaderless: partitions.filter((p) => p.leader < 0).length,
    underReplicated: partitions.filter((p) => p.isr.length < p.replicas.length).length,
  };
}

function withKafka(node: NodeStatus, kafka: KafkaView | Silence): NodeStatus {
  if ('reason' in kafka) return node;
  return {
    ...node,
    ...(node.broker ? { broker: brokerOf(node.nodeId, kafka) } : {}),
    ...(node.controller ? { controller: controllerOf(node.nodeId, kafka) } : {}),
  };
}

function brokerOf(nodeId: number, { registered, topics }: KafkaView): Broker {
  const partitions = topics.flatMap((t) => t.partitions);
  const mine = partitions.filter((p) => p.replicas.includes(nodeId));
  // Metadata lists unfenced brokers only; one with replicas that is not listed is fenced.
  const away = mine.length > 0 ? 'fenced' : 'absent';
  return {
    registration: registered.has(nodeId) ? 'registered' : away,
    leaders: partitions.filter((p) => p.leader === nodeId).length,
    replicas: mine.length,
    outOfSync: mine.filter((p) => !p.isr.includes(nodeId)).length,
  };
}

function controllerOf(nodeId: number, { quorum }: KafkaView): Controller {
  if (!quorum) return 'unknown';
  if (quorum.leaderId === nodeId) return 'leader';
  return quorum.voters.has(nodeId) ? 'voter' : 'not-voter';
}

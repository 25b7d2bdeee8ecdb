/**
 * Waiting for Kafka. Readiness is asked of Kafka (registered and unfenced, voter in the quorum, in
 * sync everywhere), never concluded from a process that runs.
 */

import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { kafkaMetadataLevel } from '../../contracts/settings.ts';
import type { KafkaAdmin, TopicView } from '../../providers/kafka/kafka.ts';
import { theInstance } from '../cloud/instances.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { type Beat, beating, pause } from '../lib/heartbeat.ts';
import { endOfMachine } from '../lib/machine-end.ts';
import { cloudOf } from '../lib/slots.ts';
import { withRevivedAdmin } from './access.ts';

export interface AwaitNode {
  scope: StepScope;
  node: NodeTarget;
  /** Gives up with NodeNotReady after this long. */
  deadlineMs: number;
}

const pollMs = 300;
/** A machine that dies while it boots is started again this often before the step fails. */
const restartsMax = 3;

export function createReadinessActivities(deps: ActivityDeps) {
  return {
    /**
     * Returns once the node is registered, votes if it is a controller, and is in sync. Repeatable.
     */
    awaitNode: ({ scope, node, deadlineMs }: AwaitNode): Promise<void> =>
      beating(async (beat) => {
        const revive = reviver(deps, scope, node);
        await until(beat, { what: `node ${node.slot}`, deadlineMs }, async () => {
          const dead = await revive();
          return dead ?? (await askKafka(deps, scope, (admin) => nodeLag(admin, node)));
        });
      }),

    /**
     * Returns once stopping the node would leave every partition it holds with min.insync.replicas
     * in sync without it (Strimzi's availability rule, and RF ≤ min.insync topics are named).
     */
    awaitSafeToStop: ({ scope, node, deadlineMs }: AwaitNode): Promise<void> =>
      beating((beat) =>
        until(beat, { what: `a safe moment to stop ${node.slot}`, deadlineMs }, () =>
          askKafka(deps, scope, (admin) => stopHazard(admin, node)),
        ),
      ),
  };
}

/** Polls `lag` until it says nothing is missing; its last answer becomes the failure's reason. */
async function until(
  { signal, say }: Beat,
  { what, deadlineMs }: { what: string; deadlineMs: number },
  lag: () => Promise<string | undefined>,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const missing = await lag();
    if (missing === undefined) return;
    say(`${what}: ${missing}`);
    if (Date.now() > end) {
      throw failure('NodeNotReady', `${what} not ready after ${deadlineMs / 1000} s: ${missing}`);
    }
    await pause(pollMs, signal);
  }
}

/**
 * Starts the instance again when it stopped by itself; says what is wrong when that does not help,
 * at once where no start can help.
 */
function reviver(deps: ActivityDeps, scope: StepScope, node: NodeTarget) {
  let restarts = 0;
  return async (): Promise<string | undefined> => {
    const cloud = cloudOf(deps, scope.provider);
    const instance = await theInstance(cloud, scope, node);
    if (instance.state !== 'stopped') return undefined;
    if (instance.stateCode === 'disk-emptied' || restarts++ >= restartsMax) {
      const end = await endOfMachine(deps, scope, instance);
      throw failure('NodeNotReady', `${node.slot} does not run: ${end}`);
    }
    await cloud.startInstance({ id: instance.id });
    return `instance ${instance.id} stopped (${instance.stateReason ?? 'no reason given'})`;
  };
}

async function askKafka(
  deps: ActivityDeps,
  scope: StepScope,
  question: (admin: KafkaAdmin) => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await withRevivedAdmin(deps, scope, question);
  } catch (error) {
    // Not an answer yet: a starting cluster refuses connections. The deadline is the judge.
    return error instanceof Error ? error.message : String(error);
  }
}

async function nodeLag(admin: KafkaAdmin, node: NodeTarget): Promise<string | undefined> {
  if (node.roles.includes('controller')) {
    const { voters } = await admin.quorum();
    if (!voters.some((v) => v.nodeId === node.nodeId)) return 'not yet a voter of the quorum';
  }
  return node.roles.includes('broker') ? clusterLag(admin, [node.nodeId]) : undefined;
}

async function clusterLag(admin: KafkaAdmin, wanted: number[]): Promise<string | undefined> {
  const registered = new Set((await admin.brokers()).map((b) => b.nodeId));
  const missing = wanted.filter((id) => !registered.has(id));
  if (missing.length > 0) return `brokers not registered yet: ${missing.join(', ')}`;
  const level = (await admin.features())['metadata.version'] ?? 0;
  if (level < kafkaMetadataLevel) return `metadata.version is ${level}, not ${kafkaMetadataLevel}`;
  const topics = await admin.topics();
  const behind = topics.flatMap((t) =>
    t.partitions
      .filter((p) => p.replicas.some((id) => wanted.includes(id) && !p.isr.includes(id)))
      .map((p) => `${t.name}-${p.partition}`),
  );
  if (behind.length > 0) return `${behind.length} partitions not in sync, first ${behind[0]}`;
  return untold(topics);
}

/** A topic whose partitions Kafka does not tell may be anything but in sync. */
function untold(topics: TopicView[]): string | undefined {
  const topic = topics.find((t) => t.unknown);
  return topic && `Kafka does not tell the partitions of ${topic.name}: ${topic.unknown}`;
}

async function stopHazard(admin: KafkaAdmin, node: NodeTarget): Promise<string | undefined> {
  const all = await admin.topics();
  const unknown = untold(all);
  if (unknown) return unknown;
  const topics = all.filter((t) => t.partitions.some((p) => p.replicas.includes(node.nodeId)));
  const configs = await admin.topicConfigs(topics.map((t) => t.name));
  const cluster = await admin.clusterConfig();
  for (const topic of topics) {
    const explicit = configs.get(topic.name)?.['min.insync.replicas'];
    const minIsr = Number(explicit ?? cluster['min.insync.replicas'] ?? 1);
    for (const p of topic.partitions) {
      const left = p.isr.filter((id) => id !== node.nodeId).length;
      const holds = p.replicas.includes(node.nodeId);
      // A topic whose replication factor leaves no spare can never be safe: the plan warns of it.
      if (holds && p.replicas.length > minIsr && left < minIsr) {
        return `${topic.name}-${p.partition} would fall below min.insync.replicas ${minIsr}`;
      }
    }
  }
  return undefined;
}

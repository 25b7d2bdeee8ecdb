/**
 * Waiting for Kafka. Readiness is asked of Kafka (registered and unfenced, voter in the quorum, in
 * sync everywhere), never concluded from a process that runs.
 */

import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { kafkaMetadataLevel } from '../../contracts/settings.ts';
import { hazardOf, isFollowing } from '../../domain/cluster/availability.ts';
import type { KafkaAdmin, TopicView } from '../../providers/kafka/kafka.ts';
import { theInstance } from '../cloud/instances.ts';
import { mayRevive, revive } from '../cloud/revive.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { type Beat, beating, pause } from '../lib/heartbeat.ts';
import { endOfMachine } from '../lib/machine-end.ts';
import { cloudOf } from '../lib/slots.ts';
import { withAdmin } from './access.ts';

export interface AwaitNode {
  scope: StepScope;
  node: NodeTarget;
  /** Gives up with NodeNotReady after this long. */
  deadlineMs: number;
}

const pollMs = 300;
/** A machine that ends while it is waited for is started again this often. */
const restartsMax = 3;

export function createReadinessActivities(deps: ActivityDeps) {
  return {
    /**
     * Returns once the node is registered, votes if it is a controller, and is in sync. Starts its
     * machine again when that ended by itself, at most three times. Safe to repeat. Fails with
     * NodeNotReady after `deadlineMs`, or when the machine does not stay up, with the end of its
     * log; retried: Throttled, ProviderUnavailable.
     */
    awaitNode: ({ scope, node, deadlineMs }: AwaitNode): Promise<void> =>
      beating(async (beat) => {
        const keepUp = reviver(deps, { scope, node, beat });
        const explain = async () =>
          endOfMachine(deps, scope, await theInstance(cloudOf(deps, scope.provider), scope, node));
        await until(beat, { what: `node ${node.slot}`, deadlineMs, explain }, async () => {
          const { dead, revivals } = await keepUp();
          const lag = dead ?? (await askKafka(deps, scope, (admin) => nodeLag(admin, node)));
          return lag && [...revivals.slice(-1), lag].join('; ');
        });
      }),

    /**
     * Returns once the node may stop (domain/cluster/availability.ts says when). Read-only. Fails
     * with NodeNotReady after `deadlineMs`, naming the partition or the voters.
     */
    awaitSafeToStop: ({ scope, node, deadlineMs }: AwaitNode): Promise<void> =>
      beating((beat) =>
        until(beat, { what: `a safe moment to stop ${node.slot}`, deadlineMs }, () =>
          askKafka(deps, scope, (admin) => stopHazard(admin, node)),
        ),
      ),
  };
}

interface Wait {
  /** What is waited for, for people. */
  what: string;
  deadlineMs: number;
  /** Asked once when it gives up: what else there is to say. */
  explain?: () => Promise<string>;
}

/** Polls `lag` until it says nothing is missing; its last answer becomes the failure's reason. */
async function until(
  { signal, say }: Beat,
  { what, deadlineMs, explain }: Wait,
  lag: () => Promise<string | undefined>,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const missing = await lag();
    if (missing === undefined) return;
    say(`${what}: ${missing}`);
    if (Date.now() > end) {
      const more = explain ? `; ${await explain().catch(String)}` : '';
      const text = `${what} not ready after ${deadlineMs / 1000} s: ${missing}${more}`;
      throw failure('NodeNotReady', text);
    }
    await pause(pollMs, signal);
  }
}

interface Kept {
  scope: StepScope;
  node: NodeTarget;
  beat: Beat;
}

/**
 * Starts the node's instance again when it ended by itself, at most `restartsMax` times over all
 * attempts of the activity, and answers why it is not running and what was started so far. Fails
 * with what is wrong when that does not help, at once where no start can.
 */
function reviver(deps: ActivityDeps, { scope, node, beat }: Kept) {
  const revivals = [...beat.kept];
  beat.keep(revivals);
  return async (): Promise<{ dead?: string; revivals: string[] }> => {
    const instance = await theInstance(cloudOf(deps, scope.provider), scope, node);
    if (instance.state !== 'stopped') return { revivals };
    const dead = `instance ${instance.id} is stopped`;
    const crashed = mayRevive(scope, instance);
    const used = revivals.length >= restartsMax;
    if (instance.stateCode === 'disk-emptied' || (crashed && used)) {
      const end = await endOfMachine(deps, scope, instance);
      const text = `${node.slot} does not run: ${end}`;
      // A disk is a person's to mend, and the cluster is not as it was before, whatever is undone.
      throw failure('NodeNotReady', text, { hold: instance.stateCode === 'disk-emptied' });
    }
    if (!crashed) return { dead, revivals };
    // Told before it is done: an attempt that is killed here has used it up.
    const count = `${revivals.length + 1} of ${restartsMax}`;
    revivals.push(`started again (${count}): ${instance.stateReason}`);
    beat.keep(revivals);
    await revive(deps, scope, instance);
    return { dead, revivals };
  };
}

async function askKafka(
  deps: ActivityDeps,
  scope: StepScope,
  question: (admin: KafkaAdmin) => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await withAdmin(deps, scope, question);
  } catch (error) {
    // Not an answer yet: a starting cluster refuses connections. The deadline is the judge.
    return error instanceof Error ? error.message : String(error);
  }
}

async function nodeLag(admin: KafkaAdmin, node: NodeTarget): Promise<string | undefined> {
  if (node.roles.includes('controller')) {
    const quorum = await admin.quorum();
    if (!isFollowing(quorum, node.nodeId)) return 'not yet a voter that follows the quorum';
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
  const held = (await admin.topics()).filter(
    (t) => t.unknown !== undefined || t.partitions.some((p) => p.replicas.includes(node.nodeId)),
  );
  const hazard = hazardOf(
    {
      topics: held,
      configs: await admin.topicConfigs(held.map((t) => t.name)),
      defaults: await admin.clusterConfig(),
      quorum: await admin.quorum(),
    },
    node.nodeId,
  );
  return hazard?.text;
}

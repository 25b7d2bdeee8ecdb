/**
 * Every kind of plan step as a deed and its way back, in one table. Which kinds must have a way
 * back is said once, in domain/cluster/step.ts; the types here follow from it.
 */
import type { ActionOf, NodeTarget, StepKind } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { UndoOf } from '../../domain/cluster/step.ts';
import { topicsIn } from '../../domain/cluster/topic-batches.ts';
import { fail } from '../operation/failure.ts';
import type { Deed, ReversibleDeed } from '../operation/saga.ts';
import { cloud, kafkaWaits } from './activities.ts';
import { kafkaSteps as kafka } from './kafka-away.ts';

/** How long a node may take to boot, join and catch up before its step fails. */
export const nodeDeadlineMs = 5 * 60_000;

/** What every deed is told beside its action. */
type Site = StepScope & {
  /** Nothing of the cluster was on any disk before. */
  fresh: boolean;
};

/** `insideKafka`: what it makes goes with the disks of a fresh cluster. */
export type WayOf<K extends StepKind> =
  UndoOf<K> extends 'restored'
    ? ReversibleDeed<ActionOf<K>, Site> & { insideKafka?: true }
    : Deed<ActionOf<K>, Site>;

export const ways: { [K in StepKind]: WayOf<K> } = {
  createIdentity: {
    do: (_, scope) => cloud.createIdentity({ scope }),
    undo: (_, scope) => cloud.deleteIdentity({ scope }),
  },
  createInterface: {
    do: ({ node }, scope) => cloud.createInterface({ scope, node }),
    undo: ({ node }, scope) => cloud.deleteInterface({ scope, node }),
  },
  createVolume: {
    do: ({ node }, scope) => cloud.createVolume({ scope, node }),
    undo: ({ node }, scope) => cloud.deleteVolume({ scope, node }),
  },
  launchInstance: {
    do: ({ node, staticConfig }, scope) => cloud.launchInstance({ scope, node, staticConfig }),
    undo: ({ node }, scope) => removeNode(scope, node),
  },
  // Not undone: it was meant to run, and stopping it again would not bring anything back.
  startInstance: {
    do: ({ node }, scope) => cloud.startInstance({ scope, node }),
  },
  awaitNode: {
    do: ({ node }, scope) => awaitNode(scope, node),
  },
  restartNode: {
    do: ({ node, staticConfig }, scope) => restart({ scope, node, staticConfig }),
    undo: ({ node, before }, scope) => restore(scope, node, before),
  },
  growVolume: {
    do: ({ node }, scope) => cloud.growVolume({ scope, node }),
  },
  alterClusterConfig: {
    insideKafka: true,
    do: ({ set }, scope) => kafka.alterClusterConfig({ scope, set }),
    undo: ({ before }, scope) => kafka.alterClusterConfig({ scope, set: before }),
  },
  createTopics: {
    insideKafka: true,
    existed: (action, scope) => kafka.topicsExisting({ scope, topics: topicsIn(action) }),
    do: ({ groups }, scope) => kafka.createTopics({ scope, groups }),
    undo: async (action, scope, existed) => {
      const before = new Set(existed);
      const topics = topicsIn(action).filter((name) => !before.has(name));
      if (topics.length > 0) await kafka.deleteTopics({ scope, topics });
    },
  },
  alterTopicConfigs: {
    insideKafka: true,
    do: ({ groups }, scope) =>
      kafka.alterTopicConfigs({
        scope,
        groups: groups.map(({ topics, set }) => ({ topics, set })),
      }),
    undo: ({ groups }, scope) =>
      kafka.alterTopicConfigs({
        scope,
        groups: groups.map(({ topics, before }) => ({ topics, set: before })),
      }),
  },
  addPartitions: {
    do: ({ groups }, scope) => kafka.addPartitions({ scope, groups }),
  },
  deleteTopics: {
    do: ({ topics }, scope) => kafka.deleteTopics({ scope, topics }),
  },
  unregisterNode: {
    do: ({ node }, scope) => kafka.unregisterNode({ scope, node }),
  },
  terminateInstance: {
    do: ({ node }, scope) => cloud.terminateInstance({ scope, node }),
  },
  deleteVolume: {
    do: ({ node }, scope) => cloud.deleteVolume({ scope, node }),
  },
  deleteInterface: {
    do: ({ node }, scope) => cloud.deleteInterface({ scope, node }),
  },
  deleteIdentity: {
    do: (_, scope) => cloud.deleteIdentity({ scope }),
  },
};

const awaitNode = (scope: StepScope, node: NodeTarget): Promise<void> =>
  kafkaWaits.awaitNode({ scope, node, deadlineMs: nodeDeadlineMs });

/** Stops the node when that is safe, reconfigures it and starts it. */
async function restart(step: {
  scope: StepScope;
  node: NodeTarget;
  staticConfig: Record<string, string>;
}): Promise<void> {
  const { scope, node } = step;
  await kafkaWaits.awaitSafeToStop({ scope, node, deadlineMs: nodeDeadlineMs });
  await cloud.stopInstance({ scope, node });
  await cloud.modifyInstance(step);
  await cloud.startInstance({ scope, node });
}

/**
 * Puts the node back to what it booted with before. Where nobody knows what that was, it refuses
 * before it touches the node.
 */
async function restore(
  scope: StepScope,
  node: NodeTarget,
  before: ActionOf<'restartNode'>['before'],
): Promise<void> {
  const { instanceType, configDigest, kafkaVersion } = before;
  if (kafkaVersion === undefined) {
    const message = `what ${node.slot} booted with before is not known, so it keeps what it has`;
    throw fail('ProviderRefused', message);
  }
  const prior = { ...node, instanceType };
  const then = { ...scope, kafkaVersion };
  await cloud.stopInstance({ scope: then, node: prior });
  await cloud.restoreInstance({ scope: then, node: prior, configDigest });
  await cloud.startInstance({ scope: then, node: prior });
  await awaitNode(then, prior);
}

/** The machine goes, and a Kafka that lived before forgets that it joined. */
async function removeNode(scope: Site, node: NodeTarget): Promise<void> {
  await cloud.terminateInstance({ scope, node });
  if (!scope.fresh) await kafka.unregisterNode({ scope, node });
}

/**
 * Every kind of plan step as a deed and its way back, in one table. Which kinds must have a way
 * back is said once, in domain/cluster/step.ts; the types here follow from it.
 */
import type { ActionOf, NodeTarget, StepKind } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { nodeConfigDigest } from '../../domain/cluster/plan.ts';
import type { UndoOf } from '../../domain/cluster/step.ts';
import { topicsIn } from '../../domain/cluster/topic-batches.ts';
import type { Deed, ReversibleDeed } from '../operation/saga.ts';
import { cloud, kafka, kafkaWaits } from './activities.ts';

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
    do: ({ node, staticConfig }, scope) =>
      cloud.launchInstance(configured(scope, node, staticConfig)),
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
    do: ({ node, staticConfig }, scope) => restart(configured(scope, node, staticConfig), true),
    undo: async ({ node, before }, scope) => {
      const prior = { ...node, instanceType: before.instanceType };
      await restart(configured(scope, prior, before.staticConfig ?? {}), false);
      await awaitNode(scope, prior);
    },
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

const configured = (scope: StepScope, node: NodeTarget, staticConfig: Record<string, string>) => ({
  scope,
  node,
  staticConfig,
  configDigest: nodeConfigDigest(node, scope.kafkaVersion, staticConfig),
});

const awaitNode = (scope: StepScope, node: NodeTarget): Promise<void> =>
  kafkaWaits.awaitNode({ scope, node, deadlineMs: nodeDeadlineMs });

/** Stops the node (when safe, unless it is being taken back), reconfigures it and starts it. */
async function restart(target: ReturnType<typeof configured>, whenSafe: boolean): Promise<void> {
  const { scope, node } = target;
  if (whenSafe) await kafkaWaits.awaitSafeToStop({ scope, node, deadlineMs: nodeDeadlineMs });
  await cloud.stopInstance({ scope, node });
  await cloud.modifyInstance(target);
  await cloud.startInstance({ scope, node });
}

/** The machine goes, and a Kafka that lived before forgets that it joined. */
async function removeNode(scope: Site, node: NodeTarget): Promise<void> {
  await cloud.terminateInstance({ scope, node });
  if (!scope.fresh) await kafka.unregisterNode({ scope, node });
}

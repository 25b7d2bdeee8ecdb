/**
 * Every kind of plan step as a pair of do and undo, in one table: a step without a way back must
 * say so here (`pointOfNoReturn`) or say that it changes nothing (`readOnly`).
 */

import type { ActionOf, NodeTarget, PlanStep, StepKind } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { nodeConfigDigest } from '../../domain/cluster/plan.ts';
import { cloud, kafka, kafkaWaits } from './activities.ts';

/** How long a node may take to boot, join and catch up before its step fails. */
export const nodeDeadlineMs = 5 * 60_000;

type Way<K extends StepKind> = (action: ActionOf<K>, scope: StepScope) => Promise<void>;
interface Pair<K extends StepKind> {
  /** True when the thing was there before: then it is not this operation's to undo. */
  existed?: (action: ActionOf<K>, scope: StepScope) => Promise<boolean>;
  do: Way<K>;
  undo: Way<K> | 'pointOfNoReturn' | 'readOnly';
}

const pairs: { [K in StepKind]: Pair<K> } = {
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
    undo: ({ node }, scope) => cloud.terminateInstance({ scope, node }),
  },
  startInstance: {
    do: ({ node }, scope) => cloud.startInstance({ scope, node }),
    undo: 'readOnly', // It was meant to run; stopping it again would not bring anything back.
  },
  awaitNode: {
    do: ({ node }, scope) => awaitNode(scope, node),
    undo: 'readOnly',
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
    undo: 'pointOfNoReturn',
  },
  alterClusterConfig: {
    do: ({ set }, scope) => kafka.alterClusterConfig({ scope, set }),
    undo: ({ before }, scope) => kafka.alterClusterConfig({ scope, set: before }),
  },
  createTopic: {
    existed: ({ topic }, scope) => kafka.topicExists({ scope, topic }),
    do: ({ topic, partitions, replicationFactor, config }, scope) =>
      kafka.createTopic({ scope, topic, partitions, replicationFactor, config }),
    undo: ({ topic }, scope) => kafka.deleteTopic({ scope, topic }),
  },
  alterTopicConfig: {
    do: ({ topic, set }, scope) => kafka.alterTopicConfig({ scope, topic, set }),
    undo: ({ topic, before }, scope) => kafka.alterTopicConfig({ scope, topic, set: before }),
  },
  addPartitions: {
    do: ({ topic, partitions }, scope) => kafka.addPartitions({ scope, topic, partitions }),
    undo: 'pointOfNoReturn',
  },
  deleteTopic: {
    do: ({ topic }, scope) => kafka.deleteTopic({ scope, topic }),
    undo: 'pointOfNoReturn',
  },
  unregisterNode: {
    do: ({ node }, scope) => kafka.unregisterNode({ scope, node }),
    undo: 'pointOfNoReturn',
  },
  terminateInstance: {
    do: ({ node }, scope) => cloud.terminateInstance({ scope, node }),
    undo: 'pointOfNoReturn',
  },
  deleteVolume: {
    do: ({ node }, scope) => cloud.deleteVolume({ scope, node }),
    undo: 'pointOfNoReturn',
  },
  deleteInterface: {
    do: ({ node }, scope) => cloud.deleteInterface({ scope, node }),
    undo: 'pointOfNoReturn',
  },
  deleteIdentity: {
    do: (_, scope) => cloud.deleteIdentity({ scope }),
    undo: 'pointOfNoReturn',
  },
};

/** Asked before the deed, and so recorded before it: did the step's thing exist already? */
export async function existedBefore({ action }: PlanStep, scope: StepScope): Promise<boolean> {
  const { existed } = pairs[action.kind] as Pair<StepKind>;
  return existed ? existed(action as never, scope) : false;
}

/** Runs the step's deed. */
export function doStep({ action }: PlanStep, scope: StepScope): Promise<void> {
  return (pairs[action.kind].do as Way<StepKind>)(action, scope);
}

/**
 * The step's undo, or why there is none. Accepts that the deed never happened; may run twice.
 * In a plan that makes the cluster (`fresh`) what lives inside Kafka goes with its disks, so only
 * resources are undone: a half-made Kafka may not be able to answer.
 */
export function undoOf(
  { action }: PlanStep,
  scope: StepScope,
  fresh: boolean,
): (() => Promise<void>) | 'pointOfNoReturn' | 'readOnly' {
  const { undo } = pairs[action.kind];
  if (typeof undo === 'string') return undo;
  if (fresh && insideKafka.includes(action.kind)) return 'readOnly';
  if (!fresh && action.kind === 'launchInstance') return () => removeNode(scope, action.node);
  return () => (undo as Way<StepKind>)(action, scope);
}

const insideKafka: StepKind[] = ['alterClusterConfig', 'createTopic', 'alterTopicConfig'];

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

/** Undo of a launch into a living cluster: the machine goes, and Kafka forgets that it joined. */
async function removeNode(scope: StepScope, node: NodeTarget): Promise<void> {
  await cloud.terminateInstance({ scope, node });
  await kafka.unregisterNode({ scope, node });
}

/**
 * A model of what a plan's steps do, to check plans without a cloud: only for tests of pure code.
 */
import type { ObservedCluster, ObservedNode } from '../../../contracts/observed.ts';
import type { NodeTarget, PlanStep } from '../../../contracts/plan.ts';
import { nodeConfigDigest, nodeConfigOf } from '../../../domain/cluster/broker-properties.ts';

/** The snapshot after the steps. Throws when a step cannot be done in the state it meets. */
export function simulate(before: ObservedCluster, steps: PlanStep[]): ObservedCluster {
  const world = structuredClone(before);
  for (const { action } of steps) {
    if ('node' in action) simulateNode(world, action);
    else simulateCluster(world, action);
    if ('staticConfig' in action) keepConfig(world, action);
  }
  return world;
}

type Action = PlanStep['action'];

function simulateNode(world: ObservedCluster, action: Extract<Action, { node: NodeTarget }>): void {
  const { node } = action;
  let now = world.nodes.find((n) => n.slot === node.slot);
  if (!now) {
    const { slot, pool, nodeId, rack, roles } = node;
    now = { slot, pool, nodeId, rack, roles, registration: 'absent', replicas: 0 };
    world.nodes.push(now);
  }
  changes[action.kind]?.(now, action as never);
  if (action.kind === 'awaitNode' && now.roles.includes('broker')) world.kafkaReachable = true;
  world.nodes = world.nodes.filter((n) => n.volume || n.networkInterface || n.instance);
}

const launched = (node: NodeTarget, staticConfig: Record<string, string>) => ({
  id: `i-${node.slot}`,
  state: 'running' as const,
  instanceType: node.instanceType,
  configDigest: nodeConfigDigest(node, '4.3.1', staticConfig),
});

function keepConfig(
  world: ObservedCluster,
  { node, staticConfig }: { node: NodeTarget; staticConfig: Record<string, string> },
): void {
  const config = nodeConfigOf(node.roles, '4.3.1', staticConfig);
  world.configs = { ...world.configs, [nodeConfigDigest(node, '4.3.1', staticConfig)]: config };
}

function need(condition: unknown, what: string): void {
  if (!condition) throw new Error(`a step needs ${what}`);
}

// biome-ignore lint/suspicious/noExplicitAny: one table for all kinds.
const changes: Record<string, (now: ObservedNode, action: any) => void> = {
  createInterface: (now) => {
    need(!now.networkInterface, 'no interface');
    now.networkInterface = { id: 'n', host: 'h', clientPort: 1, controllerPort: 2 };
  },
  createVolume: (now, { node }) => {
    need(!now.volume, 'no volume');
    now.volume = { id: 'v', diskGiB: node.diskGiB };
  },
  growVolume: (now, { node }) => {
    need(now.volume && now.volume.diskGiB < node.diskGiB, 'a smaller volume');
    now.volume = { id: 'v', diskGiB: node.diskGiB };
  },
  launchInstance: (now, { node, staticConfig }) => {
    need(now.volume && now.networkInterface && !now.instance, 'volume and interface');
    now.instance = launched(node, staticConfig);
  },
  startInstance: (now) => {
    need(now.instance, 'an instance');
    if (now.instance) now.instance.state = 'running';
  },
  awaitNode: (now) => {
    need(now.instance?.state === 'running', 'a running instance');
    now.registration = now.roles.includes('broker') ? 'registered' : 'absent';
  },
  restartNode: (now, { node, staticConfig }) => {
    need(now.instance, 'an instance');
    now.instance = launched(node, staticConfig);
  },
  terminateInstance: (now) => {
    need(now.instance, 'an instance');
    delete now.instance;
  },
  unregisterNode: (now) => {
    need(!now.instance, 'a terminated instance');
    now.registration = 'absent';
  },
  deleteVolume: (now) => {
    need(!now.instance && now.volume, 'a free volume');
    delete now.volume;
  },
  deleteInterface: (now) => {
    need(!now.instance && now.networkInterface, 'a free interface');
    delete now.networkInterface;
  },
};

function merge(now: Record<string, string>, set: Record<string, string | null>): void {
  for (const [key, value] of Object.entries(set)) {
    if (value === null) delete now[key];
    else now[key] = value;
  }
}

function simulateCluster(
  world: ObservedCluster,
  action: Exclude<Action, { node: NodeTarget }>,
): void {
  const topicsOf = (names: string[]) =>
    names.map((name) => {
      const found = world.topics.find((t) => t.name === name);
      if (!found) throw new Error(`a step needs topic ${name}`);
      return found;
    });
  if (action.kind === 'createIdentity') world.identity = true;
  else if (action.kind === 'deleteIdentity') world.identity = false;
  else if (action.kind === 'alterClusterConfig') merge(world.dynamicConfig, action.set);
  else if (action.kind === 'alterTopicConfigs') {
    for (const { topics, set } of action.groups)
      for (const t of topicsOf(topics)) merge(t.config, set);
  } else if (action.kind === 'addPartitions') {
    for (const { topics, partitions } of action.groups) {
      for (const t of topicsOf(topics)) t.partitions = partitions;
    }
  } else if (action.kind === 'deleteTopics') {
    topicsOf(action.topics);
    world.topics = world.topics.filter((t) => !action.topics.includes(t.name));
  } else if (action.kind === 'createTopics') {
    for (const { topics, ...shape } of action.groups) {
      for (const name of topics) world.topics.push({ name, ...structuredClone(shape) });
    }
  }
}

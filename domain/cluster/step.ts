/**
 * One plan step from its action: symbol, summary, undo, estimates and calls. The one table that
 * says of each kind what people read and what execution calls. Pure.
 */
import type {
  ActionOf,
  NodeTarget,
  PlanStep,
  StepAction,
  StepKind,
  StepSymbol,
} from '../../contracts/plan.ts';

interface Face<K extends StepKind> {
  symbol: StepSymbol;
  target(action: ActionOf<K>, cluster: string): string;
  summary(action: ActionOf<K>): string;
  undo: string;
  durationS: number;
  /** Mutating provider calls; `%` stands for the target. */
  calls: string[];
}

const none = 'nothing to undo';
const final = 'point of no return';

const describeNode = (n: NodeTarget): string =>
  `node ${n.nodeId}, ${n.roles.join('+')}, ${n.rack}, ${n.instanceType}`;

const changes = (set: Record<string, string | null>): string =>
  Object.entries(set)
    .map(([key, value]) => (value === null ? `${key} → default` : `${key}=${value}`))
    .join(', ');

const ofNode = (a: { node: NodeTarget }): string => a.node.slot;
const ofTopic = (a: { topic: string }): string => a.topic;

const faces: { [K in StepKind]: Face<K> } = {
  createIdentity: {
    symbol: '+',
    target: (_, cluster) => cluster,
    summary: () => 'create cluster id and credentials',
    undo: 'delete them',
    durationS: 1,
    calls: ['secrets.create %'],
  },
  createInterface: {
    symbol: '+',
    target: ofNode,
    summary: (a) => `create network interface of ${a.node.slot} in ${a.node.rack}`,
    undo: 'delete it',
    durationS: 1,
    calls: ['cloud.createInterface %'],
  },
  createVolume: {
    symbol: '+',
    target: ofNode,
    summary: (a) => `create data volume of ${a.node.slot} (${a.node.diskGiB} GiB, ${a.node.rack})`,
    undo: 'delete it',
    durationS: 1,
    calls: ['cloud.createVolume %'],
  },
  launchInstance: {
    symbol: '+',
    target: ofNode,
    summary: (a) => `launch ${a.node.slot} (${describeNode(a.node)})`,
    undo: 'terminate it',
    durationS: 2,
    calls: ['cloud.runInstance %'],
  },
  startInstance: {
    symbol: '~',
    target: ofNode,
    summary: (a) => `start ${a.node.slot}, which is stopped`,
    undo: none,
    durationS: 2,
    calls: ['cloud.startInstance %'],
  },
  awaitNode: {
    symbol: '<=',
    target: ofNode,
    summary: (a) => `wait until ${a.node.slot} is registered, unfenced and in sync`,
    undo: none,
    durationS: 15,
    calls: [],
  },
  restartNode: {
    symbol: '~',
    target: ofNode,
    summary: (a) => `restart ${a.node.slot} with its new configuration (${a.node.instanceType})`,
    undo: 'restart it with the configuration before',
    durationS: 10,
    calls: ['cloud.stopInstance %', 'cloud.modifyInstance %', 'cloud.startInstance %'],
  },
  growVolume: {
    symbol: '~',
    target: ofNode,
    summary: (a) =>
      `grow volume of ${a.node.slot} from ${a.before.diskGiB} to ${a.node.diskGiB} GiB`,
    undo: final,
    durationS: 5,
    calls: ['cloud.growVolume %'],
  },
  alterClusterConfig: {
    symbol: '~',
    target: () => 'cluster',
    summary: (a) => `set cluster configuration: ${changes(a.set)}`,
    undo: 'restore the values before',
    durationS: 1,
    calls: ['kafka.alterConfig %'],
  },
  createTopic: {
    symbol: '+',
    target: ofTopic,
    summary: (a) =>
      `create topic ${a.topic} (${a.partitions} partitions × ${a.replicationFactor} replicas)`,
    undo: 'delete it, unless it was there before',
    durationS: 1,
    calls: ['kafka.createTopic %'],
  },
  alterTopicConfig: {
    symbol: '~',
    target: ofTopic,
    summary: (a) => `set configuration of topic ${a.topic}: ${changes(a.set)}`,
    undo: 'restore the values before',
    durationS: 1,
    calls: ['kafka.alterConfig %'],
  },
  addPartitions: {
    symbol: '~',
    target: ofTopic,
    summary: (a) =>
      `grow topic ${a.topic} from ${a.before.partitions} to ${a.partitions} partitions`,
    undo: final,
    durationS: 1,
    calls: ['kafka.addPartitions %'],
  },
  deleteTopic: {
    symbol: '-',
    target: ofTopic,
    summary: (a) => `delete topic ${a.topic} with all its records`,
    undo: final,
    durationS: 1,
    calls: ['kafka.deleteTopic %'],
  },
  unregisterNode: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `unregister ${a.node.slot} (node ${a.node.nodeId}) from Kafka`,
    undo: final,
    durationS: 1,
    calls: ['kafka.unregisterBroker %'],
  },
  terminateInstance: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `terminate ${a.node.slot} (${describeNode(a.node)})`,
    undo: final,
    durationS: 5,
    calls: ['cloud.terminateInstance %'],
  },
  deleteVolume: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `delete data volume of ${a.node.slot} with everything on it`,
    undo: final,
    durationS: 1,
    calls: ['cloud.deleteVolume %'],
  },
  deleteInterface: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `delete network interface of ${a.node.slot}`,
    undo: final,
    durationS: 1,
    calls: ['cloud.deleteInterface %'],
  },
  deleteIdentity: {
    symbol: '-',
    target: (_, cluster) => cluster,
    summary: () => 'delete cluster id and credentials',
    undo: final,
    durationS: 1,
    calls: ['secrets.delete %'],
  },
};

/** The step for an action; bytes are 0, since no step of this version moves replicas. */
export function stepOf(action: StepAction, stage: number, cluster: string): PlanStep {
  const face = faces[action.kind] as Face<StepKind>;
  const target = face.target(action as never, cluster);
  return {
    id: `${action.kind}/${target}`,
    stage,
    symbol: face.symbol,
    action,
    summary: face.summary(action as never),
    undo: face.undo,
    restarts: action.kind === 'restartNode' ? [action.node.slot] : [],
    bytes: 0,
    durationS: face.durationS,
    calls: face.calls.map((call) => call.replace('%', target)),
  };
}

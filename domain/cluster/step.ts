/**
 * One plan step from its action: symbol, summary, undo, estimates and calls. The one table that
 * says of each kind what people read and what execution calls. Pure.
 */
import type {
  ActionOf,
  ConfigPatch,
  NodeTarget,
  PlanStep,
  StepAction,
  StepKind,
  StepSymbol,
  UndoKind,
} from '../../contracts/plan.ts';
import { fewOf } from '../../contracts/text.ts';
import { batchName, topicsIn } from './topic-batches.ts';

interface Face<K extends StepKind> {
  symbol: StepSymbol;
  target(action: ActionOf<K>, cluster: string): string;
  summary(action: ActionOf<K>): string;
  /** workflows/lib/steps.ts must have a way back for exactly those that are `restored`. */
  undo: UndoKind;
  /** Per hundred things. */
  durationS: number;
  /** Mutating provider calls; `%` stands for the target. */
  calls: readonly string[];
}

/** What people read of an undo. */
export const undoTexts: Record<UndoKind, string> = {
  restored: 'undone when a later step fails',
  unneeded: 'nothing to undo',
  impossible: 'point of no return',
};

/** Keys that a restart's summary names. */
const reasonsMax = 4;
const valueMax = 40;

const describeNode = (n: NodeTarget): string =>
  `node ${n.nodeId}, ${n.roles.join('+')}, ${n.rack}, ${n.instanceType}`;

const changes = (set: ConfigPatch): string =>
  Object.entries(set)
    .map(([key, value]) => (value === null ? `${key} → default` : `${key}=${value}`))
    .join(', ');

const detailMax = 120;
const clip = (text: string): string =>
  text.length <= detailMax ? text : `${text.slice(0, detailMax - 1)}…`;
/** A value of a node's template: short, with what is filled in later between brackets. */
function asSaid(value: string | null): string {
  const text = value === null ? 'default' : value.replaceAll(/\$\{asgard:([^}]*)\}/g, '<$1>');
  return text.length > valueMax ? `${text.slice(0, valueMax)}…` : text;
}

/** Why a node is restarted: what of it changes, key by key as far as a line goes. */
function restartReason({ node, before, changes }: ActionOf<'restartNode'>): string {
  const parts = [
    ...(before.instanceType === node.instanceType
      ? []
      : [`type ${before.instanceType} → ${node.instanceType}`]),
    ...(before.kafkaVersion === undefined ? ['what it boots with now is not known'] : []),
    ...changes.map(({ key, from, to }) => `${key} ${asSaid(from)} → ${asSaid(to)}`),
  ];
  const more = parts.length - reasonsMax;
  return [...parts.slice(0, reasonsMax), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** `topic a (…)`, `250 topics (…): a, b, c and 247 more`, or each of the first with its own. */
function ofTopics(parts: { topics: string[]; detail: string }[]): string {
  const all = parts.flatMap(({ topics, detail }) => topics.map((name) => ({ name, detail })));
  const [first] = all;
  if (first && all.length === 1) return `topic ${clip(first.name)} (${clip(first.detail)})`;
  const [only, ...others] = parts;
  if (only && others.length === 0) {
    return `${all.length} topics (${clip(only.detail)}): ${fewOf(only.topics.map(clip))}`;
  }
  return `${all.length} topics: ${fewOf(all.map((t) => `${clip(t.name)} (${clip(t.detail)})`))}`;
}

const ofNode = (a: { node: NodeTarget }): string => a.node.slot;
const ofBatch = (a: Parameters<typeof topicsIn>[0]): string => batchName(topicsIn(a));

const faces = {
  createIdentity: {
    symbol: '+',
    target: (_, cluster) => cluster,
    summary: () => 'create cluster id and credentials',
    undo: 'restored',
    durationS: 1,
    calls: ['secrets.create %'],
  },
  createInterface: {
    symbol: '+',
    target: ofNode,
    summary: (a) => `create network interface of ${a.node.slot} in ${a.node.rack}`,
    undo: 'restored',
    durationS: 1,
    calls: ['cloud.createInterface %'],
  },
  createVolume: {
    symbol: '+',
    target: ofNode,
    summary: (a) => `create data volume of ${a.node.slot} (${a.node.diskGiB} GiB, ${a.node.rack})`,
    undo: 'restored',
    durationS: 1,
    calls: ['cloud.createVolume %'],
  },
  launchInstance: {
    symbol: '+',
    target: ofNode,
    summary: (a) => `launch ${a.node.slot} (${describeNode(a.node)})`,
    undo: 'restored',
    durationS: 2,
    calls: ['cloud.runInstance %'],
  },
  startInstance: {
    symbol: '~',
    target: ofNode,
    summary: (a) => `start ${a.node.slot}, which is stopped`,
    undo: 'unneeded',
    durationS: 2,
    calls: ['cloud.startInstance %'],
  },
  awaitNode: {
    symbol: '<=',
    target: ofNode,
    summary: (a) => `wait until ${a.node.slot} is registered, unfenced and in sync`,
    undo: 'unneeded',
    durationS: 15,
    calls: [],
  },
  restartNode: {
    symbol: '~',
    target: ofNode,
    summary: (a) => `restart ${a.node.slot}: ${restartReason(a)}`,
    undo: 'restored',
    durationS: 10,
    calls: ['cloud.stopInstance %', 'cloud.modifyInstance %', 'cloud.startInstance %'],
  },
  growVolume: {
    symbol: '~',
    target: ofNode,
    summary: (a) =>
      `grow volume of ${a.node.slot} from ${a.before.diskGiB} to ${a.node.diskGiB} GiB`,
    undo: 'impossible',
    durationS: 5,
    calls: ['cloud.growVolume %'],
  },
  alterClusterConfig: {
    symbol: '~',
    target: () => 'cluster',
    summary: (a) => `set cluster configuration: ${changes(a.set)}`,
    undo: 'restored',
    durationS: 1,
    calls: ['kafka.alterConfigs %'],
  },
  createTopics: {
    symbol: '+',
    target: ofBatch,
    summary: (a) =>
      `create ${ofTopics(
        a.groups.map(({ topics, partitions, replicationFactor }) => ({
          topics,
          detail: `${partitions} partitions × ${replicationFactor} replicas`,
        })),
      )}`,
    undo: 'restored',
    durationS: 1,
    calls: ['kafka.createTopics %'],
  },
  alterTopicConfigs: {
    symbol: '~',
    target: ofBatch,
    summary: (a) =>
      `configure ${ofTopics(a.groups.map(({ topics, set }) => ({ topics, detail: changes(set) })))}`,
    undo: 'restored',
    durationS: 1,
    calls: ['kafka.alterConfigs %'],
  },
  addPartitions: {
    symbol: '~',
    target: ofBatch,
    summary: (a) =>
      `grow ${ofTopics(
        a.groups.map(({ topics, partitions, before }) => ({
          topics,
          detail: `${before.partitions} → ${partitions} partitions`,
        })),
      )}`,
    undo: 'impossible',
    durationS: 1,
    calls: ['kafka.addPartitions %'],
  },
  deleteTopics: {
    symbol: '-',
    target: ofBatch,
    summary: (a) => `delete ${ofTopics([{ topics: a.topics, detail: 'with all records' }])}`,
    undo: 'impossible',
    durationS: 1,
    calls: ['kafka.deleteTopics %'],
  },
  unregisterNode: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `unregister ${a.node.slot} (node ${a.node.nodeId}) from Kafka`,
    undo: 'impossible',
    durationS: 1,
    calls: ['kafka.unregisterBroker %'],
  },
  terminateInstance: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `terminate ${a.node.slot} (${describeNode(a.node)})`,
    undo: 'impossible',
    durationS: 5,
    calls: ['cloud.terminateInstance %'],
  },
  deleteVolume: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `delete data volume of ${a.node.slot} with everything on it`,
    undo: 'impossible',
    durationS: 1,
    calls: ['cloud.deleteVolume %'],
  },
  deleteInterface: {
    symbol: '-',
    target: ofNode,
    summary: (a) => `delete network interface of ${a.node.slot}`,
    undo: 'impossible',
    durationS: 1,
    calls: ['cloud.deleteInterface %'],
  },
  deleteIdentity: {
    symbol: '-',
    target: (_, cluster) => cluster,
    summary: () => 'delete cluster id and credentials',
    undo: 'impossible',
    durationS: 1,
    calls: ['secrets.delete %'],
  },
} as const satisfies { [K in StepKind]: Face<K> };

/** How a kind is undone: the ways of workflows/lib/steps.ts follow from it by their types. */
export type UndoOf<K extends StepKind> = (typeof faces)[K]['undo'];

/** How many things a step is about: a batch counts its topics. */
export const thingsIn = (action: StepAction): number =>
  'groups' in action || 'topics' in action ? topicsIn(action).length : 1;

/** The step for an action. */
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
    durationS: face.durationS * Math.ceil(thingsIn(action) / 100),
    calls: face.calls.map((call) => call.replace('%', target)),
  };
}

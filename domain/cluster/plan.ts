/**
 * The plan: a pure function of spec and snapshot. Each group of actions becomes a stage, in the
 * order in which a cluster can be built or changed; what exists already is left out, so a half-made
 * cluster converges and an unchanged one gets an empty plan.
 */
import type { ObservedCluster, ObservedNode } from '../../contracts/observed.ts';
import type {
  ClusterPlan,
  NodeTarget,
  ShownPlan,
  StepAction,
  StepSymbol,
} from '../../contracts/plan.ts';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { bytesOf, digestOf } from '../lib/digest.ts';
import { changesBetween, nodeConfigDigest, nodeConfigOf } from './broker-properties.ts';
import { splitConfig } from './kafka-config.ts';
import { targetNodes } from './nodes.ts';
import { stepOf, thingsIn } from './step.ts';
import { topicBatches } from './topic-batches.ts';
import { configActions, isFresh, topicChanges, topicRemovals } from './topic-plan.ts';
import { warningsOf } from './warnings.ts';

/** What must be done to reach `spec`. Call it only when checkTransition found nothing. */
export function planCluster(spec: NormalSpec, observed: ObservedCluster): ClusterPlan {
  const targets = targetNodes(spec, observed);
  const { fixed } = splitConfig(spec.kafka.config);
  const bySlot = new Map(observed.nodes.map((n) => [n.slot, n]));
  const pairs = targets.map((node) => ({ node, now: bySlot.get(node.slot) }));
  const groups: StepAction[][] = [
    observed.identity ? [] : [{ kind: 'createIdentity' }],
    pairs.flatMap(resourceActions),
    pairs.flatMap((pair) => powerActions(pair, fixed)),
    pairs.filter(needsWait).map(({ node }) => ({ kind: 'awaitNode', node })),
    configActions(spec, observed),
    topicBatches(topicChanges(spec, observed)),
    ...restartGroups(pairs, { version: spec.kafka.version, fixed, observed }),
    topicBatches(topicRemovals(spec, observed)),
    ...removalGroups(targets, observed),
  ];
  const frame = { cluster: spec.name, intent: 'apply', fresh: isFresh(observed) } as const;
  return assemble(frame, groups, warningsOf(spec, observed));
}

/** What must be done to take everything of a cluster away, whatever state it is in. */
export function planDestroy(cluster: string, observed: ObservedCluster): ClusterPlan {
  const nodes = observed.nodes.map((now) => ({ now, node: asTarget(now) }));
  const groups: StepAction[][] = [
    nodes.flatMap(({ now, node }) =>
      now.instance ? [{ kind: 'terminateInstance' as const, node }] : [],
    ),
    nodes.flatMap(remains),
    observed.identity ? [{ kind: 'deleteIdentity' }] : [],
  ];
  return assemble({ cluster, intent: 'destroy', fresh: false }, groups, []);
}

/** The digest an approval names: over what will be done, not over remarks or estimates' wording. */
export function planDigest(plan: Pick<ClusterPlan, 'cluster' | 'intent' | 'steps'>): string {
  const { cluster, intent, steps } = plan;
  return digestOf({ cluster, intent, steps });
}

interface Pair {
  node: NodeTarget;
  now: ObservedNode | undefined;
}

function assemble(
  frame: Pick<ClusterPlan, 'cluster' | 'intent' | 'fresh'>,
  groups: StepAction[][],
  warnings: string[],
): ClusterPlan {
  const { cluster } = frame;
  const stages = groups.filter((group) => group.length > 0);
  const steps = stages.flatMap((group, stage) => group.map((a) => stepOf(a, stage, cluster)));
  const count = (symbol: StepSymbol) =>
    steps.reduce((sum, s) => sum + (s.symbol === symbol ? thingsIn(s.action) : 0), 0);
  const counts = { add: count('+'), change: count('~'), destroy: count('-') };
  const plan = { ...frame, steps, counts, warnings };
  return { ...plan, digest: planDigest(plan) };
}

/** The plan without what only execution needs: what a status shows and people read. */
export function shownPlan(plan: ClusterPlan): ShownPlan {
  return { ...plan, steps: plan.steps.map(({ action: _, ...step }) => step) };
}

/** Bytes of a plan as JSON: it is a workflow's result, and so must stay well below 500 KB. */
const planBytesMax = 450_000;

/** Refuses a plan that is too large to be carried; empty when it fits. */
export function checkPlanSize(plan: ClusterPlan): Violation[] {
  const bytes = bytesOf(plan);
  if (bytes <= planBytesMax) return [];
  return [
    {
      field: 'topics',
      rule: 'plan-size',
      message: `the plan has ${kilobytes(bytes)} KB, more than ${kilobytes(planBytesMax)}`,
      remedy: 'change fewer topics at a time: a topic that a spec does not name is left alone',
    },
  ];
}

const kilobytes = (bytes: number): number => Math.ceil(bytes / 1000);

function resourceActions({ node, now }: Pair): StepAction[] {
  const actions: StepAction[] = [];
  if (!now?.networkInterface) actions.push({ kind: 'createInterface', node });
  if (!now?.volume) actions.push({ kind: 'createVolume', node });
  else if (now.volume.diskGiB < node.diskGiB) {
    actions.push({ kind: 'growVolume', node, before: { diskGiB: now.volume.diskGiB } });
  }
  return actions;
}

const isDown = (now: ObservedNode): boolean =>
  now.instance?.state === 'stopped' || now.instance?.state === 'stopping';

function powerActions({ node, now }: Pair, fixed: Record<string, string>): StepAction[] {
  if (!now?.instance) return [{ kind: 'launchInstance', node, staticConfig: fixed }];
  return isDown(now) ? [{ kind: 'startInstance', node }] : [];
}

/** New and stopped nodes are waited for, and brokers that run without being registered. */
function needsWait({ node, now }: Pair): boolean {
  if (!now?.instance || isDown(now)) return true;
  return node.roles.includes('broker') && now.registration !== 'registered';
}

interface Wanted {
  version: string;
  fixed: Record<string, string>;
  observed: ObservedCluster;
}

/** One node a stage: brokers alone first, then nodes that vote. */
function restartGroups(pairs: Pair[], wanted: Wanted): StepAction[][] {
  const votes = (p: Pair) => Number(p.node.roles.includes('controller'));
  return pairs
    .filter((pair) => needsRestart(pair, wanted))
    .sort((a, b) => votes(a) - votes(b) || a.node.nodeId - b.node.nodeId)
    .flatMap((pair): StepAction[][] => [
      [restartAction(pair, wanted)],
      [{ kind: 'awaitNode', node: pair.node }],
    ]);
}

function restartAction({ node, now }: Pair, { version, fixed, observed }: Wanted): StepAction {
  const { instanceType = '', configDigest = '' } = now?.instance ?? {};
  const known = observed.configs?.[configDigest];
  return {
    kind: 'restartNode',
    node,
    staticConfig: fixed,
    before: {
      instanceType,
      configDigest,
      ...(known ? { kafkaVersion: known.kafkaVersion } : {}),
    },
    changes: known ? changesBetween(known, nodeConfigOf(node.roles, version, fixed)) : [],
  };
}

function needsRestart({ node, now }: Pair, { version, fixed }: Wanted): boolean {
  if (!now?.instance) return false;
  const wanted = nodeConfigDigest(node, version, fixed);
  return now.instance.configDigest !== wanted || now.instance.instanceType !== node.instanceType;
}

/** Machine first, then Kafka's memory of it, then its disk: the disk is what remembers the slot. */
function removalGroups(targets: NodeTarget[], observed: ObservedCluster): StepAction[][] {
  const kept = new Set(targets.map((t) => t.slot));
  const gone = observed.nodes
    .filter((n) => !kept.has(n.slot))
    .map((now) => ({ now, node: asTarget(now) }));
  return [
    gone.flatMap(({ now, node }) => (now.instance ? [{ kind: 'terminateInstance', node }] : [])),
    gone.flatMap(({ node }) =>
      node.roles.includes('broker') ? [{ kind: 'unregisterNode', node }] : [],
    ),
    gone.flatMap(remains),
  ] as StepAction[][];
}

function remains({ now, node }: { now: ObservedNode; node: NodeTarget }): StepAction[] {
  return [
    ...(now.volume ? [{ kind: 'deleteVolume' as const, node }] : []),
    ...(now.networkInterface ? [{ kind: 'deleteInterface' as const, node }] : []),
  ];
}

function asTarget(now: ObservedNode): NodeTarget {
  return {
    slot: now.slot,
    pool: now.pool,
    nodeId: now.nodeId,
    rack: now.rack,
    roles: now.roles,
    instanceType: now.instance?.instanceType ?? '',
    diskGiB: now.volume?.diskGiB ?? 0,
  };
}

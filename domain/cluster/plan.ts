/**
 * The plan: a pure function of spec and snapshot. Each group of actions becomes a stage, in the
 * order in which a cluster can be built or changed; what exists already is left out, so a half-made
 * cluster converges and an unchanged one gets an empty plan.
 */
import type { ObservedCluster, ObservedNode } from '../../contracts/observed.ts';
import type { ClusterPlan, NodeTarget, StepAction } from '../../contracts/plan.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import { digestOf } from '../lib/digest.ts';
import { splitConfig } from './kafka-config.ts';
import { nodeConfigDigest, targetNodes } from './nodes.ts';
import { stepOf } from './step.ts';
import { configActions, topicActions, topicRemovals } from './topic-plan.ts';
import { warningsOf } from './warnings.ts';

export { nodeConfigDigest, targetNodes } from './nodes.ts';

/** What must be done to reach `spec`. Call it only when checkTransition found nothing. */
export function planCluster(spec: NormalSpec, observed: ObservedCluster): ClusterPlan {
  const targets = targetNodes(spec, observed);
  const { fixed } = splitConfig(spec.kafka.config);
  const pairs = targets.map((node) => ({ node, now: nowOf(observed, node) }));
  const groups: StepAction[][] = [
    observed.identity ? [] : [{ kind: 'createIdentity' }],
    pairs.flatMap(resourceActions),
    pairs.flatMap((pair) => powerActions(pair, fixed)),
    pairs.filter(needsWait).map(({ node }) => ({ kind: 'awaitNode', node })),
    configActions(spec, observed),
    topicActions(spec, observed),
    ...restartGroups(pairs, spec, fixed),
    topicRemovals(spec, observed),
    ...removalGroups(targets, observed),
  ];
  return assemble(spec.name, 'apply', groups, warningsOf(spec, observed));
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
  return assemble(cluster, 'destroy', groups, []);
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

const nowOf = (observed: ObservedCluster, node: NodeTarget): ObservedNode | undefined =>
  observed.nodes.find((n) => n.slot === node.slot);

function assemble(
  cluster: string,
  intent: ClusterPlan['intent'],
  groups: StepAction[][],
  warnings: string[],
): ClusterPlan {
  const stages = groups.filter((group) => group.length > 0);
  const steps = stages.flatMap((group, stage) => group.map((a) => stepOf(a, stage, cluster)));
  const count = (...symbols: string[]) => steps.filter((s) => symbols.includes(s.symbol)).length;
  const plan = {
    cluster,
    intent,
    steps,
    counts: { add: count('+', '-/+'), change: count('~'), destroy: count('-', '-/+') },
    warnings,
  };
  return { ...plan, digest: planDigest(plan) };
}

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

/** One node a stage: brokers alone first, then nodes that vote. */
function restartGroups(
  pairs: Pair[],
  spec: NormalSpec,
  fixed: Record<string, string>,
): StepAction[][] {
  const votes = (p: Pair) => Number(p.node.roles.includes('controller'));
  return pairs
    .filter((pair) => needsRestart(pair, spec, fixed))
    .sort((a, b) => votes(a) - votes(b) || a.node.nodeId - b.node.nodeId)
    .flatMap(({ node, now }): StepAction[][] => {
      const { instanceType = '', configDigest = '', staticConfig } = now?.instance ?? {};
      const before = { instanceType, configDigest, ...(staticConfig ? { staticConfig } : {}) };
      return [
        [{ kind: 'restartNode', node, staticConfig: fixed, before }],
        [{ kind: 'awaitNode', node }],
      ];
    });
}

function needsRestart({ node, now }: Pair, spec: NormalSpec, fixed: Record<string, string>) {
  if (!now?.instance) return false;
  const wanted = nodeConfigDigest(node, spec.kafka.version, fixed);
  return now.instance.configDigest !== wanted || now.instance.instanceType !== node.instanceType;
}

/** Machine first, then Kafka's memory of it, then its disk: the disk is what remembers the slot. */
function removalGroups(targets: NodeTarget[], observed: ObservedCluster): StepAction[][] {
  const gone = observed.nodes
    .filter((n) => !targets.some((t) => t.slot === n.slot))
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

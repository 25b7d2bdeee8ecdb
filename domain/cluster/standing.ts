/**
 * The plan held against the world: which node is missing, what is out of sync, and what changed
 * since an earlier look. Pure; every sentence names the node as people know it.
 */
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import type { KafkaLook, MachineLook, PlannedNode, Standing } from '../../contracts/standing.ts';
import { targetNodes } from './nodes.ts';

/** The nodes that must stand once the spec's plan is applied, in the order of their pools. */
export const plannedNodes = (spec: NormalSpec, observed: ObservedCluster): PlannedNode[] =>
  targetNodes(spec, observed).map(({ slot, nodeId, roles }) => ({ slot, nodeId, roles }));

/** Of the nodes that are wanted, what is not there; empty when the cluster stands whole. */
export function missingOf(nodes: readonly PlannedNode[], look: Standing): string[] {
  const { machinesError } = look;
  return [
    ...(look.machines ? [] : [`the machines could not be looked at: ${machinesError ?? '?'}`]),
    ...nodes.flatMap((node) => lacksOf(nodes, node, look)),
    ...strangersBehind(nodes, look.kafka),
    ...leaderlessOf(look.kafka),
  ];
}

/** One sentence at most: first whether its broker half stands, then whether its machine runs. */
function lacksOf(nodes: readonly PlannedNode[], node: PlannedNode, look: Standing): string[] {
  const machine = machineOf(look.machines, node);
  const standsUp = look.machines === undefined || machine?.state === 'running';
  const lack = isBroker(node) ? brokerLack(nodes, node, look) : undefined;
  if (lack) return [`${nameOf(node)}: ${lack}; ${stateOf(look, machine)}`];
  return standsUp ? [] : [`${nameOf(node)}: ${stateOf(look, machine)}`];
}

function brokerLack(
  nodes: readonly PlannedNode[],
  node: PlannedNode,
  { kafka, kafkaError }: Standing,
): string | undefined {
  const { nodeId } = node;
  if (!kafka) return `could not be asked (${kafkaError ?? 'no reason given'})`;
  const silent = kafka.silent.find((s) => s.nodeId === nodeId);
  if (!kafka.brokers.includes(nodeId)) {
    return silent ? `not registered and silent (${silent.reason})` : 'not registered';
  }
  const blind = (kafka.blind ?? []).filter(({ lacks }) => lacks.includes(nodeId));
  if (blind.length > 0 && !silent) {
    return `not known to ${blind.map((b) => shortNameOf(nodes, b.nodeId)).join(', ')}`;
  }
  if (silent) return `does not answer (${silent.reason})`;
  const behind = kafka.behind.find((b) => b.nodeId === nodeId);
  if (behind) return `not in sync for ${behind.partitions} partitions, first ${behind.first}`;
  return kafka.withoutTopic?.includes(nodeId) ? 'does not know the test’s topic' : undefined;
}

/** Replicas on brokers that the plan does not have: whatever they are, they are not in sync. */
function strangersBehind(nodes: readonly PlannedNode[], kafka: KafkaLook | undefined): string[] {
  const planned = nodes.filter(isBroker).map((n) => n.nodeId);
  return (kafka?.behind ?? [])
    .filter(({ nodeId }) => !planned.includes(nodeId))
    .map(
      ({ nodeId, partitions, first }) =>
        `broker ${nodeId} (not in the plan): not in sync for ${partitions} partitions, first ${first}`,
    );
}

function leaderlessOf(kafka: KafkaLook | undefined): string[] {
  const { partitions, first } = kafka?.leaderless ?? {};
  return partitions ? [`${partitions} partitions have no leader, first ${first}`] : [];
}

/**
 * What happened between two looks to nodes that stand in both: a broker that died and came back
 * has another machine, another start of it, or lost the lead of its partitions. Empty when each is
 * provably the same. Leadership is compared where both looks tell of the same topic.
 */
export function changesSince(
  nodes: readonly PlannedNode[],
  before: Standing,
  now: Standing,
): string[] {
  const changes = nodes.flatMap((node) => {
    const [then, since] = [before, now].map((look) => machineOf(look.machines, node));
    const change = then && since ? machineChange(then, since) : undefined;
    return change ? [`${nameOf(node)}: ${change}`] : [];
  });
  return [...changes, ...leadChanges(nodes, before.kafka, now.kafka)];
}

function machineChange(then: MachineLook, since: MachineLook): string | undefined {
  if (then.id !== since.id) return `its machine was replaced (${then.id}, now ${since.id})`;
  if (since.state !== 'running' || !then.run || !since.run || then.run === since.run) {
    return undefined;
  }
  return 'its machine was started again';
}

/** Named after who led before: that broker was away, or its lead would not have gone. */
function leadChanges(
  nodes: readonly PlannedNode[],
  before: KafkaLook | undefined,
  now: KafkaLook | undefined,
): string[] {
  const lost = new Map<number, number>();
  for (const [partition, then] of (before?.lead ?? []).entries()) {
    const since = now?.lead?.[partition];
    // -1: nobody leads, which `missingOf` tells.
    if (!since || since.leader < 0) continue;
    if (since.epoch !== then.epoch || since.leader !== then.leader) {
      lost.set(then.leader, (lost.get(then.leader) ?? 0) + 1);
    }
  }
  return [...lost].map(([id, count]) => {
    const node = nodes.find((n) => n.nodeId === id && isBroker(n));
    return `${node ? nameOf(node) : `broker ${id}`}: lost the lead of ${count} partitions`;
  });
}

/**
 * Each broker with the state of its machine, when no machine of any runs or is being started; else
 * empty. Empty as well when the machines are not known, or no broker is planned.
 */
export function brokersAllDown(nodes: readonly PlannedNode[], look: Standing): string[] {
  const brokers = nodes.filter(isBroker).map((node) => ({
    node,
    machine: machineOf(look.machines, node),
  }));
  const someUp = brokers.some(({ machine }) => isComing(machine));
  if (!look.machines || someUp) return [];
  return brokers.map(({ node, machine }) => `${nameOf(node)}: ${stateOf(look, machine)}`);
}

/** Some node's machine is not up and nobody is bringing it up: waiting longer is in vain. */
export function isHopeless(nodes: readonly PlannedNode[], { machines }: Standing): boolean {
  if (!machines) return false;
  return nodes.some((node) => !isComing(machineOf(machines, node)));
}

const isComing = (machine: MachineLook | undefined): boolean =>
  machine?.state === 'pending' || machine?.state === 'running';

/**
 * A look without those who are merely slow: no answer in time, and none refused. Under load a
 * broker may take seconds for one answer, so only two such looks in a row are believed.
 */
export function patientWith(look: Standing, previous: Standing | undefined): Standing {
  if (!look.kafka) return look;
  const again = (nodeId: number): boolean =>
    previous?.kafka?.silent.some((s) => s.nodeId === nodeId) ?? false;
  const silent = look.kafka.silent.filter((s) => s.refused || again(s.nodeId));
  return { ...look, kafka: { ...look.kafka, silent } };
}

const isBroker = (node: PlannedNode): boolean => node.roles.includes('broker');

const nameOf = (node: PlannedNode): string =>
  `${isBroker(node) ? 'broker' : 'controller'} ${node.nodeId} (${node.slot})`;

const shortNameOf = (nodes: readonly PlannedNode[], nodeId: number): string =>
  nodes.find((n) => n.nodeId === nodeId)?.slot ?? String(nodeId);

const machineOf = (
  machines: readonly MachineLook[] | undefined,
  { slot }: PlannedNode,
): MachineLook | undefined => machines?.find((m) => m.slot === slot);

function stateOf({ machines }: Standing, machine: MachineLook | undefined): string {
  if (!machines) return 'its machine could not be looked at';
  if (!machine) return 'it has no machine';
  const { state, reason = '' } = machine;
  if (state === 'running' || !reason) return `its machine is ${state}`;
  // Some providers add the end of a log; the sentence says enough here.
  return `its machine is ${state} (${reason.split(/[;:\n]/)[0]})`;
}

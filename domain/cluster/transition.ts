/**
 * Rules that need the present state: changes that Kafka cannot make, that would lose data, or that
 * Asgard cannot make yet. Refused at plan time, never half applied. Pure.
 */
import type { ObservedCluster, ObservedNode, ObservedTopic } from '../../contracts/observed.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { checkHalfway } from './halfway.ts';
import { isStepped } from './kafka-config.ts';
import { checkKnown } from './known.ts';
import { targetNodes } from './nodes.ts';
import { metricName } from './topic-rules.ts';

/** Every violation of the way from `observed` to `spec`; empty when it can be planned. */
export function checkTransition(spec: NormalSpec, observed: ObservedCluster): Violation[] {
  const targets = targetNodes(spec, observed);
  return [
    ...checkKnown(spec, targets, observed),
    ...checkKept(spec, targets, observed),
    ...checkRemoved(targets, observed),
    ...checkControllers(spec, targets, observed),
    ...checkTopicChanges(spec, observed),
    ...checkCollisions(spec, observed),
    ...checkSteps(spec, observed),
    ...checkHalfway(spec, observed),
  ];
}

/** Index of a node's pool in the spec, for the field's path. */
const poolField = (spec: NormalSpec, node: NodeTarget): string =>
  `nodes[${spec.nodes.findIndex((p) => p.pool === node.pool)}]`;

function checkKept(
  spec: NormalSpec,
  targets: NodeTarget[],
  observed: ObservedCluster,
): Violation[] {
  return targets.flatMap((node) => {
    const now = observed.nodes.find((n) => n.slot === node.slot);
    return now ? checkSlot(poolField(spec, node), node, now) : [];
  });
}

function checkSlot(at: string, node: NodeTarget, now: ObservedNode): Violation[] {
  const found: Violation[] = [];
  const add = (field: string, rule: string, message: string, remedy: string) =>
    found.push({ field: `${at}.${field}`, rule, message, remedy });
  if (now.volume && node.diskGiB < now.volume.diskGiB) {
    const message = `${node.slot} has ${now.volume.diskGiB} GiB; a disk cannot shrink`;
    add('diskGiB', 'disk-shrink', message, `keep ${now.volume.diskGiB} or more`);
  }
  if (now.rack !== node.rack) {
    const message = `${node.slot} is in ${now.rack}; its disk cannot move to ${node.rack}`;
    add('racks', 'rack-change', message, 'keep the order of racks; add a pool for new racks');
  }
  if ([...now.roles].sort().join() !== [...node.roles].sort().join()) {
    const message = `${node.slot} is ${now.roles.join('+')}; roles cannot change in place`;
    add('roles', 'roles-change', message, 'add a pool with the roles wanted');
  }
  return found;
}

const removedOf = (targets: NodeTarget[], observed: ObservedCluster): ObservedNode[] =>
  observed.nodes.filter((n) => !targets.some((t) => t.slot === n.slot));

function checkRemoved(targets: NodeTarget[], observed: ObservedCluster): Violation[] {
  return removedOf(targets, observed).flatMap((node) => {
    if (!node.instance || !node.roles.includes('broker')) return [];
    if (node.replicas === 0) return [];
    const message =
      node.replicas === undefined
        ? `Kafka did not say whether ${node.slot} hosts replicas`
        : `${node.slot} (node ${node.nodeId}) hosts ${node.replicas} replicas`;
    const remedy = `move its replicas away first (drain), or keep ${node.slot}`;
    return [{ field: 'nodes', rule: 'scale-in-replicas', message, remedy }];
  });
}

function checkControllers(
  spec: NormalSpec,
  targets: NodeTarget[],
  observed: ObservedCluster,
): Violation[] {
  const formed = observed.nodes.filter((n) => n.instance && n.roles.includes('controller'));
  if (formed.length === 0 || !observed.kafkaReachable) return [];
  const remedy = 'keep the controllers as they are; changing the quorum is not built yet';
  const gone = removedOf(targets, observed).filter((n) => n.roles.includes('controller'));
  const added = targets.filter(
    (t) => t.roles.includes('controller') && !observed.nodes.some((n) => n.slot === t.slot),
  );
  return [
    ...gone.map((n) => ({
      field: 'nodes',
      rule: 'controller-change',
      message: `${n.slot} is a voter of the quorum and cannot be removed`,
      remedy,
    })),
    ...added.map((t) => ({
      field: `${poolField(spec, t)}.count`,
      rule: 'controller-change',
      message: `${t.slot} would join the quorum of a running cluster`,
      remedy,
    })),
  ];
}

function checkTopicChanges(spec: NormalSpec, observed: ObservedCluster): Violation[] {
  const present = new Map(observed.topics.map((t) => [t.name, t]));
  return spec.topics.flatMap((topic, i) => {
    const now = present.get(topic.name);
    if (!now || topic.state === 'absent') return [];
    const at = `topics[${i}]`;
    if (now.unknown) return [unknownTopic(at, now)];
    const found: Violation[] = [];
    if (topic.partitions < now.partitions) {
      found.push({
        field: `${at}.partitions`,
        rule: 'partition-shrink',
        message: `\`${topic.name}\` has ${now.partitions} partitions; Kafka cannot remove any`,
        remedy: `keep ${now.partitions} or more, or make a new topic and copy`,
      });
    }
    if (topic.replicationFactor !== now.replicationFactor) {
      found.push({
        field: `${at}.replicationFactor`,
        rule: 'rf-change',
        message: `\`${topic.name}\` has ${now.replicationFactor} replicas`,
        remedy: `keep ${now.replicationFactor}; a change moves data and is not built yet`,
      });
    }
    return found;
  });
}

/** What Kafka does not tell is not known, so nothing can be planned on it. */
const unknownTopic = (at: string, now: ObservedTopic): Violation => ({
  field: at,
  rule: 'topic-unknown',
  message: `Kafka does not tell how \`${now.name}\` is: ${now.unknown}`,
  remedy: 'plan again when its brokers are up',
});

/** Kafka refuses a topic whose name differs from an existing one's by `.` and `_` only. */
function checkCollisions(spec: NormalSpec, observed: ObservedCluster): Violation[] {
  const names = new Set(observed.topics.map((t) => t.name));
  const taken = new Map(observed.topics.map((t) => [metricName(t.name), t.name]));
  return spec.topics.flatMap((topic, i) => {
    const other = taken.get(metricName(topic.name));
    if (topic.state === 'absent' || other === undefined || names.has(topic.name)) return [];
    return [
      {
        field: `topics[${i}].name`,
        rule: 'topic-exists',
        message: `\`${topic.name}\` collides with topic \`${other}\`, which exists`,
        remedy: `use \`${other}\`, another name, or delete \`${other}\` in a plan before this one`,
      },
    ];
  });
}

/** A thread count that was set at run time is the stronger one, and takes steps only. */
function checkSteps(spec: NormalSpec, observed: ObservedCluster): Violation[] {
  return Object.entries(observed.dynamicConfig).flatMap(([key, value]) => {
    const [now, wanted] = [Number(value), Number(spec.kafka.config[key] ?? value)];
    const [least, most] = [Math.max(1, Math.floor(now / 2)), now * 2];
    if (!isStepped(key) || (wanted >= least && wanted <= most)) return [];
    return [
      {
        field: `kafka.config["${key}"]`,
        rule: 'thread-step',
        message: `is ${now} at run time; Kafka takes ${least} to ${most} from there, not ${wanted}`,
        remedy: `apply ${wanted > most ? most : least} first, then go on from there`,
      },
    ];
  });
}

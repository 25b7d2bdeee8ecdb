/**
 * Rules on what must be known before anything can be planned on it: the credentials of what is on
 * disks already, and the topics of a Kafka that ought to answer. Nothing is guessed here. Pure.
 */
import type { ObservedCluster, ObservedNode } from '../../contracts/observed.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { fewOf } from '../../contracts/text.ts';

/** Violations by what is unknown; none for a cluster that is new, whole or half made. */
export function checkKnown(
  spec: NormalSpec,
  targets: readonly NodeTarget[],
  observed: ObservedCluster,
): Violation[] {
  const lost = checkCredentials(spec, observed);
  return lost.length > 0 ? lost : checkSilence(spec, targets, observed);
}

/**
 * Credentials are made before the first disk and deleted after the last one, also when an operation
 * is interrupted: a disk or machine without them has lost them, and new ones would not open it.
 */
function checkCredentials({ name }: NormalSpec, { identity, nodes }: ObservedCluster): Violation[] {
  const standing = nodes.filter((n) => n.volume || n.instance).map((n) => n.slot);
  if (identity || standing.length === 0) return [];
  const message =
    `the cluster id and credentials of \`${name}\` are gone, and its disks or machines stand:` +
    ` ${fewOf(standing)}; new credentials would not open them`;
  const remedy = `put secrets/${name}.json back (or what stood in the environment), or destroy it`;
  return [{ field: 'name', rule: 'credentials-lost', message, remedy }];
}

/**
 * Topics are unknown while Kafka is silent. Where machines are missing or stopped that is why, and
 * the plan brings them up first; where all of them run, Kafka ought to have answered.
 */
function checkSilence(
  { topics }: NormalSpec,
  targets: readonly NodeTarget[],
  { nodes, kafkaReachable }: ObservedCluster,
): Violation[] {
  if (kafkaReachable || topics.length === 0) return [];
  const bySlot = new Map(nodes.map((n) => [n.slot, n]));
  const up = targets.filter(({ slot }) => runs(bySlot.get(slot)));
  if (targets.length === 0 || up.length < targets.length) return [];
  const message =
    `all machines run and Kafka does not answer, so it is not known how these are:` +
    ` ${fewOf(topics.map((t) => t.name))}`;
  const remedy =
    'plan again when Kafka answers (the logs of its machines say why it does not), or leave' +
    ' topics out of this plan: those that a spec does not name are left alone';
  return [{ field: 'topics', rule: 'topic-unknown', message, remedy }];
}

const runs = (now: ObservedNode | undefined): boolean => now?.instance?.state === 'running';

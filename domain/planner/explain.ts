/** A move plan as text for people, and to and from kafka-reassign-partitions' JSON. Pure. */
import type { LoadSummary, MovePlan, Reassignment, ResourceName } from './snapshot.ts';

const blockedShown = 20;

/** What moves, what it costs, how even the cluster is before and after, and what is blocked. */
export function explainPlan(plan: MovePlan): string {
  const ratio = plan.lowerBoundMB > 0 ? (plan.movedMB / plan.lowerBoundMB).toFixed(3) : '–';
  return [
    `${plan.intent}: ${plan.moves} replica moves, ${plan.leaderChanges} leader changes` +
      ` (${plan.leadershipOnly} without bytes)`,
    `bytes: ${gigabytes(plan.movedMB)} GB, lower bound ${gigabytes(plan.lowerBoundMB)} GB,` +
      ` ratio ${ratio}`,
    `about ${Math.ceil(plan.durationS)} s at the throttle, in ${plan.batches.length} batches`,
    '',
    'load         before → after (max ÷ mean)   worst broker   of its limit',
    ...(Object.keys(plan.after) as ResourceName[]).map((name) =>
      loadLine(name, plan.before[name], plan.after[name]),
    ),
    '',
    ...limitLines(plan),
    ...blockedLines(plan),
  ].join('\n');
}

const gigabytes = (megabytes: number): string => (megabytes / 1000).toFixed(1);

function loadLine(name: ResourceName, before: LoadSummary, after: LoadSummary): string {
  const change = `${before.maxOverMean.toFixed(3)} → ${after.maxOverMean.toFixed(3)}`;
  const share = Number.isFinite(after.ofLimit) ? `${(after.ofLimit * 100).toFixed(0)} %` : '–';
  return `${name.padEnd(12)} ${change.padEnd(30)} ${String(after.worstBroker).padEnd(14)} ${share}`;
}

function limitLines({ overLimit }: MovePlan): string[] {
  if (overLimit.length === 0) return ['limits: all met'];
  const told = overLimit.slice(0, blockedShown).map((o) => `broker ${o.broker} ${o.resource}`);
  return [`limits: ${overLimit.length} not met: ${told.join(', ')}`];
}

function blockedLines({ blocked }: MovePlan): string[] {
  if (blocked.length === 0) return [];
  const more = blocked.length - blockedShown;
  return [
    `${blocked.length} replicas could not be placed:`,
    ...blocked
      .slice(0, blockedShown)
      .map((b) => `  ${b.topic}-${b.partition} on ${b.broker}: ${b.rule}: ${b.message}`),
    ...(more > 0 ? [`  … ${more} more`] : []),
  ];
}

/** The file that `kafka-reassign-partitions --reassignment-json-file` takes. */
export function toReassignmentJson(reassignments: Reassignment[]): string {
  return JSON.stringify({ version: 1, partitions: reassignments });
}

/** Reads such a file; throws with the place that is wrong. Log directories are read over. */
export function fromReassignmentJson(text: string): Reassignment[] {
  const parsed = JSON.parse(text) as { version?: unknown; partitions?: unknown };
  if (parsed.version !== undefined && parsed.version !== 1) {
    throw new Error(`version: ${String(parsed.version)} is not known, only 1`);
  }
  if (!Array.isArray(parsed.partitions)) throw new Error('partitions: must be a list');
  return parsed.partitions.map((entry: Partial<Reassignment>, i) => {
    const { topic, partition, replicas } = entry;
    if (typeof topic !== 'string') throw new Error(`partitions[${i}].topic: must be a string`);
    if (!Number.isInteger(partition)) {
      throw new Error(`partitions[${i}].partition: must be a whole number`);
    }
    if (!Array.isArray(replicas) || !replicas.every(Number.isInteger)) {
      throw new Error(`partitions[${i}].replicas: must be a list of broker ids`);
    }
    return { topic, partition: partition as number, replicas };
  });
}

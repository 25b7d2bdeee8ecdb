/**
 * The planner's one entry: a cluster and an intent → what moves, and how the cluster is then. The
 * same input and options give the same plan; time and chance have no part in it. Pure.
 */
import { batchesOf } from './batches.ts';
import { summarised } from './bounds.ts';
import { add, type Done, demote, drain, fitLimits, heal, rebalance } from './intents.ts';
import { defaultLimits, Model, resources } from './model.ts';
import { Rules } from './rules.ts';
import type {
  ClusterSnapshot,
  LoadSummary,
  MovePlan,
  PlanOptions,
  Reassignment,
  ResourceName,
} from './snapshot.ts';

const defaultThrottleMBps = 50;

/**
 * Plans moves and leadership changes. Throws for broker ids that are not in the snapshot. Whatever
 * cannot be placed is in `blocked` with its rule; all the rest is planned.
 */
export function planMoves(snapshot: ClusterSnapshot, options: PlanOptions): MovePlan {
  const model = new Model(snapshot, { ...defaultLimits, ...options.limits });
  const before = summaries(model);
  const named = new Set((options.brokers ?? []).map((id) => model.indexOf(id)));
  const leaving = options.intent === 'drain' ? named : new Set<number>();
  const rules = new Rules(model, options, leaving);
  const done = act(model, rules, options, named);
  const reassignments = changesOf(model);
  const counted = countChanges(model);
  return {
    intent: options.intent,
    reassignments,
    blocked: done.blocked,
    ...counted,
    lowerBoundMB: done.lowerBoundMB,
    before,
    after: summaries(model),
    overLimit: overLimit(model),
    durationS: durationOf(model, options.throttleMBps ?? defaultThrottleMBps),
    batches: batchesOf(model, reassignments),
  };
}

function act(model: Model, rules: Rules, options: PlanOptions, named: ReadonlySet<number>): Done {
  if (options.intent === 'heal') return heal(model, rules, options);
  if (options.intent === 'drain') return drain(model, rules, named);
  if (options.intent === 'demote') return demote(model, rules, named);
  if (options.intent === 'add') return add(model, rules, options);
  if (options.intent === 'fit') return fitLimits(model, rules);
  return rebalance(model, rules, options);
}

/** Partitions whose list of replicas is another than in the snapshot. */
function changesOf(model: Model): Reassignment[] {
  const changed: Reassignment[] = [];
  for (const [p, { topic, partition, replicas }] of model.snapshot.partitions.entries()) {
    if (!replicas.every((id, slot) => id === model.ids[model.at(p, slot)])) {
      const now = replicas.map((_, slot) => model.ids[model.at(p, slot)]!);
      changed.push({ topic, partition, replicas: now });
    }
  }
  return changed;
}

function countChanges(model: Model) {
  const counted = { moves: 0, leadershipOnly: 0, leaderChanges: 0, movedMB: 0 };
  for (const [p, { replicas, sizeMB }] of model.snapshot.partitions.entries()) {
    let added = 0;
    for (let slot = 0; slot < replicas.length; slot++) {
      if (!replicas.includes(model.ids[model.at(p, slot)]!)) added += 1;
    }
    const leads = model.ids[model.at(p, 0)] !== replicas[0];
    counted.moves += added;
    counted.movedMB += added * sizeMB;
    counted.leaderChanges += leads ? 1 : 0;
    counted.leadershipOnly += leads && added === 0 ? 1 : 0;
  }
  return counted;
}

function summaries(model: Model): Record<ResourceName, LoadSummary> {
  const entries = summarised.map((resource) => [resources[resource], summary(model, resource)]);
  return Object.fromEntries(entries) as Record<ResourceName, LoadSummary>;
}

function summary(model: Model, resource: number): LoadSummary {
  const mean = model.mean(resource);
  let worst = -1;
  let ofLimit = 0;
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    if (worst < 0 || model.of(b, resource) > model.of(worst, resource)) worst = b;
    ofLimit = Math.max(ofLimit, model.of(b, resource) / model.limitOf(b, resource));
  }
  const most = worst < 0 ? 0 : model.of(worst, resource);
  return { maxOverMean: mean > 0 ? most / mean : 1, worstBroker: model.ids[worst] ?? -1, ofLimit };
}

/** Sums drift by rounding; a broker is over when it is by more than that. */
const tolerance = 1 + 1e-9;

function overLimit(model: Model): MovePlan['overLimit'] {
  const found: MovePlan['overLimit'] = [];
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    for (const resource of summarised) {
      if (model.of(b, resource) > model.limitOf(b, resource) * tolerance) {
        found.push({ broker: model.ids[b]!, resource: resources[resource]! });
      }
    }
  }
  return found;
}

/** Seconds until the busiest broker has copied its share, in or out. */
function durationOf(model: Model, throttleMBps: number): number {
  const inbound = new Float64Array(model.brokers);
  const outbound = new Float64Array(model.brokers);
  for (const [p, { replicas, sizeMB }] of model.snapshot.partitions.entries()) {
    const source = model.indexOf(replicas[0] ?? -1);
    for (let slot = 0; slot < replicas.length; slot++) {
      const b = model.at(p, slot);
      if (replicas.includes(model.ids[b]!)) continue;
      inbound[b]! += sizeMB;
      outbound[source]! += sizeMB;
    }
  }
  return Math.max(0, ...inbound, ...outbound) / throttleMBps;
}

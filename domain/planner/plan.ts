/**
 * The planner's one entry: a cluster and an intent → what moves, and how the cluster is then. The
 * same input and options give the same plan, in whatever order the input is; time and chance have
 * no part in it. Pure.
 */
import type {
  Blocked,
  ClusterSnapshot,
  MovePlan,
  PlanOptions,
  Reassignment,
} from '../../contracts/rebalance.ts';
import { changesOf, paceOf } from './changes.ts';
import type { Asked } from './context.ts';
import { offFactor } from './factor.ts';
import { overBrokers, settledOf, undoNeedless } from './fit.ts';
import { inputFaults, PlannerInputError } from './input.ts';
import { act, boundOf, replan, tryAlone, type Wanted } from './intents.ts';
import { planLogDirs } from './log-dirs.ts';
import { inSync, Model } from './model.ts';
import { blockedAddition, blockedLeader, blockedReplica } from './refusals.ts';
import { fullestRackBroker, indebted } from './repair.ts';
import { defaultLimits, resources } from './resources.ts';
import { Rules } from './rules.ts';
import { scheduleOf } from './schedule.ts';
import type { Change } from './steps.ts';
import { overLimits, summariesOf } from './summary.ts';
import { Targets } from './targets.ts';
import { isWorse } from './worse.ts';

/**
 * Plans moves and leadership changes. Throws PlannerInputError, which names every bad field, for a
 * snapshot or options that no plan can be made from. Whatever cannot be placed is in `blocked` with
 * its rule and remedy; all the rest is planned.
 */
export function planMoves(snapshot: ClusterSnapshot, options: PlanOptions): MovePlan {
  const faults = inputFaults(snapshot, options);
  if (faults.length > 0) throw new PlannerInputError(faults);
  const limits = { ...defaultLimits, ...options.limits };
  const model = new Model(snapshot, limits, options.replicationFactor);
  if (options.intent === 'logDirs') return planLogDirs(model, snapshot, options);
  const fresh = new Set((snapshot.newBrokers ?? []).map((id) => model.indexOf(id)));
  return planModel(model, options, fresh);
}

function planModel(model: Model, options: PlanOptions, fresh: ReadonlySet<number>): MovePlan {
  const named = new Set((options.brokers ?? []).map((id) => model.indexOf(id)));
  const leaving = options.intent === 'drain' ? named : new Set<number>();
  const rules = new Rules(model, options, leaving);
  const targets = new Targets(model, options.evenness);
  const before = summariesOf(model, targets, model.loadNow);
  const debtBefore = rackDebt(model, rules);
  const context = { model, rules, targets, options, fresh, refused: new Set<number>() };
  const { wanted, changes, batches } = best(context, named);
  const reassignments = changes.map(({ p, to }) => asked(model, p, to));
  const kept = keepChanged(reassignments, batches);
  const counted = countChanges(model);
  const after = summariesOf(model, targets, model.load);
  const { budgetBytes, lowerBoundBytes = counted.movedBytes } = boundOf(context, wanted);
  return {
    intent: options.intent,
    reassignments: kept.reassignments,
    blocked: blockedOf(context, wanted.leave, named),
    ...counted,
    lowerBoundBytes,
    budgetBytes: budgetBytes === null ? null : Math.max(budgetBytes, counted.movedBytes),
    before,
    after,
    rackDebt: { before: debtBefore, after: rackDebt(model, rules) },
    unknownLoads: resources.filter((_, r) => !model.known[r]),
    overLimit: overLimits(model),
    electionsPending: electionsPending(model),
    durationS: batches.reduce((sum, batch) => sum + batch.durationS, 0),
    batches: kept.batches,
  };
}

/** What was tried that makes the cluster less even is put back, and less is tried. */
function best(asked: Asked, named: ReadonlySet<number>) {
  const { model, rules, targets } = asked;
  const efforts = asked.options.intent === 'rebalance' ? efforts3 : ([2] as const);
  for (const effort of efforts) {
    const wanted = act(asked, named, effort);
    const done = { wanted, ...scheduled(asked, wanted) };
    if (effort === efforts.at(-1) || !isWorse(model, targets)) return done;
    for (let p = 0; p < model.partitions; p++) {
      const was = settledOf(model, p);
      if (model.hasSource[p] && was.join() !== model.brokersOf(p).join()) model.assign(p, was);
    }
    rules.thaw();
  }
  throw new Error('no effort is left');
}

/** Replicas and leaders; leaders; neither. */
const efforts3 = [2, 1, 0] as const;

const roundsMax = 8;
const manyChanges = 20_000;
const isFreeIntent = (intent: string): boolean =>
  intent === 'rebalance' || intent === 'add' || intent === 'spreadTopics';

/** Orders the changes; what cannot be done without breaking a limit is planned otherwise or not. */
function scheduled(asked: Asked, wanted: Wanted) {
  const { model, rules, options } = asked;
  const pace = paceOf(options);
  for (let round = 1; ; round++) {
    const changes = changesOf(model, rules);
    const { batches, cut } = scheduleOf(model, rules, changes, pace);
    for (const i of cut) model.assign(changes[i]!.p, changes[i]!.to);
    if (round === roundsMax) return oneByOne(asked, { changes, batches });
    // What a rebalance could not do is no loss, as long as limits hold; nor is it worth much time.
    const isOptional = isFreeIntent(options.intent) && overBrokers(asked).length === 0;
    if (isOptional || (round > 1 && changes.length > manyChanges)) return { changes, batches };
    if (options.intent === 'fit' && undoNeedless(asked) > 0) replan(asked, wanted, []);
    else if (cut.length === 0) return oneByOne(asked, { changes, batches });
    else {
      const refused = cut.map((i) => changes[i]!.p);
      replan(asked, wanted, refused);
    }
  }
}

interface Ordered {
  changes: Change[];
  batches: MovePlan['batches'];
}

const triesMax = 100;

/** Partitions that were refused together may be possible one by one. */
function oneByOne(asked: Asked, ordered: Ordered): Ordered {
  const { model, rules, options } = asked;
  let done = ordered;
  for (const p of [...asked.refused].sort((a, b) => a - b).slice(0, triesMax)) {
    const was = model.brokersOf(p);
    tryAlone(asked, p);
    if (was.join() === model.brokersOf(p).join()) continue;
    const changes = changesOf(model, rules);
    const { batches, cut } = scheduleOf(model, rules, changes, paceOf(options));
    if (cut.length === 0) done = { changes, batches };
    else model.assign(p, was);
  }
  return done;
}

const asked = (model: Model, p: number, to: number[]): Reassignment => ({
  topic: model.list[p]!.topic,
  partition: model.list[p]!.partition,
  replicas: to.map((b) => model.ids[b]!),
});

/** Leaves out what was cut short before its first step, and numbers the steps anew. */
function keepChanged(reassignments: Reassignment[], batches: MovePlan['batches']) {
  const stepped = new Set(batches.flatMap((batch) => batch.steps.map((step) => step.change)));
  const places = new Map<number, number>();
  const kept = reassignments.filter((_, i) => {
    if (!stepped.has(i)) return false;
    places.set(i, places.size);
    return true;
  });
  // The last step's list is the one that stands.
  for (const batch of batches) {
    for (const step of batch.steps) {
      const place = places.get(step.change)!;
      step.change = place;
      kept[place]!.replicas = step.replicas;
    }
  }
  return { reassignments: kept, batches };
}

function blockedOf(
  asked: Asked,
  leave: { replicas: boolean; leaders: boolean },
  named: ReadonlySet<number>,
): Blocked[] {
  const { model, rules, options } = asked;
  const blocked: Blocked[] = [];
  if (options.intent === 'repairRacks') {
    for (const p of indebted(asked).filter((x) => !model.impaired[x])) {
      blocked.push(blockedReplica(model, rules, p, fullestRackBroker(asked, p)));
    }
  }
  if (options.intent === 'replicationFactor') {
    for (const p of offFactor(asked)) blocked.push(blockedAddition(model, rules, p));
  }
  for (let p = 0; p < model.partitions; p++) {
    for (let slot = 0; leave.replicas && slot < model.factor[p]!; slot++) {
      if (rules.isGone(p, slot)) blocked.push(blockedReplica(model, rules, p, model.at(p, slot)));
    }
    const stays = leave.leaders && model.hasSource[p] && named.has(model.at(p, 0));
    if (stays) blocked.push(blockedLeader(model, rules, p, (b) => named.has(b)));
  }
  return blocked;
}

function countChanges(model: Model) {
  const counted = { moves: 0, leadershipOnly: 0, leaderChanges: 0, movedBytes: 0 };
  for (let p = 0; p < model.partitions; p++) {
    let added = 0;
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      if (!wasOn(model, p, model.at(p, slot))) added += 1;
    }
    const leads = model.hasSource[p] === 1 && model.at(p, 0) !== model.settled[p];
    counted.moves += added;
    counted.movedBytes += added * model.size[p]!;
    counted.leaderChanges += leads ? 1 : 0;
    counted.leadershipOnly += leads && added === 0 ? 1 : 0;
  }
  return counted;
}

function wasOn(model: Model, p: number, b: number): boolean {
  for (let slot = 0; slot < model.list[p]!.replicas.length; slot++) {
    if (model.slotsBefore[p * model.width + slot] === b) return true;
  }
  return false;
}

function rackDebt(model: Model, rules: Rules): number {
  let debt = 0;
  for (let p = 0; p < model.partitions; p++) debt += rules.rackDebt(p);
  return debt;
}

/** Led by another than the leader of the plan, though that one is in sync now. */
function electionsPending(model: Model): number {
  let count = 0;
  for (let p = 0; p < model.partitions; p++) {
    const { settled, leaderNow } = model;
    const isSettled = settled[p] === leaderNow[p] || settled[p]! < 0;
    if (!isSettled && model.stateBefore(p, settled[p]!) === inSync) count += 1;
  }
  return count;
}

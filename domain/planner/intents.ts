/**
 * What each intent does with the model: forced moves, shedding, leadership; in that order. And the
 * bound and budget of each. Pure.
 */
import { type Band, bandAround, bandBound, limitBound } from './bounds.ts';
import { canBeDone } from './changes.ts';
import type { Asked, Context } from './context.ts';
import { applyFound, isSmall, searchCaps } from './exact.ts';
import { changeFactors } from './factor.ts';
import { fitGreedily, overBrokers, settledOf, undoNeedless } from './fit.ts';
import { evenLeadership } from './leadership.ts';
import type { Model } from './model.ts';
import { forcedReplicas, placeForced, relieve, settleDebt } from './place.ts';
import { evenCounts, outer, polish } from './polish.ts';
import { repairRacks } from './repair.ts';
import { disk, kinds, netIn } from './resources.ts';
import { shed } from './shed.ts';
import { spreadTopics } from './spread.ts';

/** What was done, as far as bounds and refusals need to know. */
export interface Wanted {
  /** Replicas, or leaders, that should have gone: what stays is blocked. */
  leave: { replicas: boolean; leaders: boolean };
  /** Budget of intents that have one. */
  budgetBytes: number | null;
  bound: 'moved' | 'band' | 'limits';
}

const healBand = 1.1;
const evenBand = 1.05;
/** On few brokers evenness costs few bytes in all, so a small cluster may spend a little more. */
const rebalanceBytes = (brokers: number): number => Math.min(1.12, 1.07 + 2.5 / brokers);
/** Uneven racks leave less choice, so that the same evenness costs more. */
const unevenRacksBytes = 1.25;
const addBytes = 1.01;

const forced: Wanted = {
  leave: { replicas: true, leaders: false },
  budgetBytes: null,
  bound: 'moved',
};
const free: Wanted = { ...forced, leave: { replicas: false, leaders: false } };

/** Changes the model as asked; `effort`: for rebalance, replicas and leaders (2), or less. */
export function act(asked: Asked, named: ReadonlySet<number>, effort: 0 | 1 | 2): Wanted {
  const { model, rules, targets, options } = asked;
  switch (options.intent) {
    case 'heal':
      placeForced(asked, forcedReplicas(model, rules), options.rackDebt === 'temporary');
      evenLeadership(model, rules, targets, options.leaderBand ?? healBand);
      placeForced(asked, forcedReplicas(model, rules), options.rackDebt === 'temporary');
      if (options.rackDebt === 'temporary') settleDebt(asked);
      return forced;
    case 'drain':
      placeForced(asked, forcedReplicas(model, rules), false);
      return forced;
    case 'demote':
      relieve(model, rules, (b) => named.has(b));
      return { ...free, leave: { replicas: false, leaders: true } };
    case 'fit':
      meetLimits(asked);
      return { ...free, bound: 'limits' };
    case 'add':
    case 'rebalance':
      return evenOut(asked, effort);
    case 'repairRacks':
      repairRacks(asked);
      return free;
    case 'replicationFactor':
      changeFactors(asked);
      return free;
    case 'spreadTopics':
      spreadTopics(asked);
      return free;
    default:
      placeForced(asked, forcedReplicas(model, rules), false);
      return forced;
  }
}

/**
 * After some partitions could not be brought where they were to be: those that moved of their own
 * free will stay where they were, and what the intent still wants is tried again.
 */
export function replan(asked: Asked, wanted: Wanted, cut: number[]): void {
  const { model, rules, options } = asked;
  for (const p of cut) asked.refused.add(p);
  const isForced = wanted.leave.replicas || options.intent === 'replicationFactor';
  for (const p of isForced ? [] : cut) {
    const debt = rules.rackDebt(p);
    const now = model.brokersOf(p);
    model.assign(p, settledOf(model, p));
    if (rules.rackDebt(p) < debt) rules.freeze(p);
    else model.assign(p, now);
  }
  rules.isSimple = true;
  if (options.intent === 'heal' || options.intent === 'drain' || options.intent === 'brokerSets') {
    const allowDebt = options.intent === 'heal' && options.rackDebt === 'temporary';
    placeForced(asked, forcedReplicas(model, rules), allowDebt, asked.refused);
    if (allowDebt) settleDebt(asked);
  }
  if (options.intent === 'replicationFactor') changeFactors(asked);
  const isLimited = options.intent === 'fit' || options.intent === 'rebalance';
  if (isLimited && overBrokers(asked).length > 0) fitGreedily(asked);
  if (options.intent === 'fit') undoNeedless(asked);
  if (options.intent === 'repairRacks') repairRacks(asked);
}

/** What the intent wants of one partition, as the cluster is now. */
export function tryAlone(asked: Asked, p: number): void {
  const { model, rules, options } = asked;
  if (options.intent === 'repairRacks') {
    repairRacks(asked, [p]);
    return;
  }
  if (!['heal', 'drain', 'brokerSets'].includes(options.intent)) return;
  const mine = forcedReplicas(model, rules).filter((f) => f.p === p);
  placeForced(asked, mine, options.intent === 'heal' && options.rackDebt === 'temporary');
}

/** Bounds are of the cluster as it was, at the evenness that it has now. */
export function boundOf({ model, targets }: Asked, wanted: Wanted) {
  const { budgetBytes } = wanted;
  const reached = model.load.slice();
  if (wanted.bound === 'moved') return { budgetBytes };
  const was = asItWas(model);
  const lowerBoundBytes =
    wanted.bound === 'limits'
      ? limitBound(was, reached)
      : bandBound(was, reachedBand({ model: was, targets, reached }));
  return { budgetBytes, lowerBoundBytes };
}

/** A view of the model with the replicas and loads that it began with. */
function asItWas(model: Model): Model {
  const was = Object.create(model) as Model & Record<string, unknown>;
  const slots = model.slotsBefore.slice();
  for (let p = 0; p < model.partitions; p++) {
    const at = p * model.width;
    const leader = model.settled[p]!;
    for (let slot = 1; slot < model.width && leader >= 0; slot++) {
      if (slots[at + slot] !== leader) continue;
      slots[at + slot] = slots[at]!;
      slots[at] = leader;
    }
  }
  Object.defineProperties(was, {
    slots: { value: slots },
    load: { value: model.settledLoad },
    outflow: { value: model.settledOutflow },
    factor: { value: Uint8Array.from(model.list, (p) => p.replicas.length) },
  });
  return was;
}

interface Reached {
  model: Model;
  targets: Context['targets'];
  reached: Float64Array;
}

/** Plain 0.9 to 1.1 of the mean, or as far as the plan is from it. */
function reachedBand({ model, targets, reached }: Reached): Band {
  const high: number[] = [];
  const low: number[] = [];
  for (let r = 0; r < kinds; r++) {
    let [most, least] = [1.1, 0.9];
    for (let b = 0; b < model.brokers; b++) {
      const even = model.alive[b] ? targets.means[r]! * targets.weight[b * kinds + r]! : 0;
      if (even === 0) continue;
      most = Math.max(most, reached[b * kinds + r]! / even);
      least = Math.min(least, reached[b * kinds + r]! / even);
    }
    high[r] = most;
    low[r] = least;
  }
  const even = (b: number, r: number) => targets.means[r]! * targets.weight[b * kinds + r]!;
  return { high: (b, r) => high[r]! * even(b, r), low: (b, r) => low[r]! * even(b, r) };
}

function meetLimits(context: Asked): void {
  const { model } = context;
  if (overBrokers(context).length === 0) return;
  const begun = isSmall(context) ? allBrokersOf(model) : [];
  fitGreedily(context);
  undoNeedless(context);
  if (begun.length === 0) return;
  const isSolved = overBrokers(context).length === 0;
  const moved = movedBytes(model);
  if (isSolved && moved === 0) return;
  const bytesMax = isSolved && isDoable(context) ? moved : Number.POSITIVE_INFINITY;
  const greedy = allBrokersOf(model);
  assignAll(model, begun);
  const found = searchCaps(context, model.limit, bytesMax, () => isDoable(context));
  if (found) applyFound(context, found);
  else assignAll(model, greedy);
}

const isDoable = ({ model, rules, options }: Asked): boolean => canBeDone(model, rules, options);

const allBrokersOf = (model: Model): number[][] =>
  Array.from({ length: model.partitions }, (_, p) => model.brokersOf(p));

function assignAll(model: Model, all: number[][]): void {
  for (const [p, brokers] of all.entries()) {
    if (brokers.join() !== model.brokersOf(p).join()) model.assign(p, brokers);
  }
}

function movedBytes(model: Model): number {
  let sum = 0;
  for (let p = 0; p < model.partitions; p++) {
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      if (model.stateBefore(p, model.at(p, slot)) === 2) sum += model.size[p]!;
    }
  }
  return sum;
}

/** rebalance and add: disk, network in and counts within the budget, then leaders, then limits. */
function evenOut(asked: Asked, effort: 0 | 1 | 2): Wanted {
  const { model, rules, targets, options } = asked;
  const isAdd = options.intent === 'add';
  const receives = (b: number) => !isAdd || asked.fresh.has(b);
  const usual = targets.forced[disk]! > 1.001 ? unevenRacksBytes : rebalanceBytes(model.brokers);
  const factor = options.bytesOverBound ?? (isAdd ? addBytes : usual);
  const budgetBytes = factor * bandBound(model, bandAround(targets, 0.9, 1.1));
  if (effort === 2 && (isAdd || !searchEvenness(asked, budgetBytes))) {
    const kept = (isAdd ? keptForCounts / 3 : keptForCounts) * budgetBytes;
    let left = budgetBytes - shedToLevel(asked, budgetBytes - kept, receives);
    left -= evenCounts(asked, receives, left);
    left -= shedToLevel(asked, left, receives);
    polish(asked, receives, left);
  }
  if (effort > 0) evenLeadership(model, rules, targets, options.leaderBand ?? evenBand);
  if (!isAdd && overBrokers(asked).length > 0) fitGreedily(asked);
  return { ...free, budgetBytes, bound: 'band' };
}

/** Share of the budget for counts of replicas: the smallest are moved, so it goes a long way. */
const keptForCounts = 0.01;

/** Levels over the share, tried from the top: all brokers come down together while bytes last. */
const rounds = [1.6, 1.4, 1.25, 1.15, 1.1, 1.08, 1.06, 1.05, 1.04, 1.03, 1.02, 1.01, 1.005];

/**
 * Sheds in rounds of falling level, so that the budget ends at the lowest level that all brokers
 * can share. Receivers are filled only up to where the level will end, so nothing moves twice.
 */
function shedToLevel(asked: Asked, budgetBytes: number, receives: (b: number) => boolean): number {
  const { model, rules, targets } = asked;
  const last = Math.max(levelFor(asked, budgetBytes), 1.005);
  let left = budgetBytes;
  for (const level of [...rounds.filter((r) => r > last), last]) {
    const goal = { level, ceiling: last, receives, budgetBytes: left };
    left -= shed(model, rules, targets, goal);
  }
  return budgetBytes - left;
}

/** The level down to which `bytes` can be taken from the brokers above it. */
function levelFor({ model, targets }: Context, bytes: number): number {
  if (!model.known[disk]) return 1.005;
  let [low, high] = [1, 1];
  const above = (level: number) => {
    let sum = 0;
    for (let b = 0; b < model.brokers; b++) {
      if (model.alive[b]) sum += Math.max(0, model.of(b, disk) - level * targets.of(b, disk));
    }
    return sum;
  };
  for (let b = 0; b < model.brokers; b++) high = Math.max(high, targets.overTarget(b, disk));
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (above(middle) > bytes) low = middle;
    else high = middle;
  }
  return high;
}

/** Caps on disk tried in turn by the search of small clusters, over the share. */
const caps = [1.1, 1.12, 1.15, 1.18, 1.22, 1.27, 1.33, 1.4, 1.5, 1.65, 1.85, 2.1, 2.5, 3, 4];

/** Small clusters: the least bytes for the lowest cap within the budget. False: shed instead. */
function searchEvenness(asked: Asked, budgetBytes: number): boolean {
  const { model, targets } = asked;
  if (!isSmall(asked) || !model.known[disk]) return false;
  const plain = targets.forced[disk]! > 1.001;
  for (const cap of plain ? [0, ...caps] : caps) {
    for (const withInflow of [true, false]) {
      const found = searchCaps(asked, capsOf(asked, cap, withInflow), budgetBytes, () =>
        isDoable(asked),
      );
      if (!found) continue;
      applyFound(asked, found);
      // What is left may even out network in, where that is off by more than the band.
      const isOff = model.ids.some((_, b) => model.alive[b] && targets.overTarget(b, netIn) > 1.1);
      if (isOff) polish(asked, () => true, budgetBytes - found.bytes, outer);
      return true;
    }
  }
  return false;
}

function capsOf({ model, targets }: Context, cap: number, withInflow: boolean): Float64Array {
  return model.limit.map((limit, i) => {
    const r = i % kinds;
    const b = (i / kinds) | 0;
    // Over a limit already: not further, and later under it if that is possible.
    const most = Math.max(limit, model.load[i]!);
    // Partitions that are in a fuller rack already need not follow what racks force: tried first.
    if (cap === 0 && r === disk)
      return Math.min(most, 1.1 * targets.means[r]! * targets.weight[i]!);
    if (r === disk) return Math.min(most, cap * targets.of(b, r));
    if (r !== netIn || !withInflow || !model.known[netIn]) return most;
    return Math.min(most, Math.max(cap, 1.1) * targets.of(b, r));
  });
}

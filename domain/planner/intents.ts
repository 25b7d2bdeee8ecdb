/**
 * What each intent does with the model: forced moves, shedding, leadership; in that order. Pure.
 */
import { bandBound, forcedBound, limitBound } from './bounds.ts';
import { evenLeadership } from './leadership.ts';
import { cpu, disk, leaders, type Model, netIn, netOut, replicas } from './model.ts';
import { forcedPositions, placeForced } from './place.ts';
import type { Rules } from './rules.ts';
import { shed } from './shed.ts';
import type { Blocked, PlanOptions } from './snapshot.ts';

export interface Done {
  blocked: Blocked[];
  lowerBoundMB: number;
}

const healBand = 1.1;
const evenBand = 1.05;
/** On few brokers evenness costs few bytes in all, so a small cluster may spend a little more. */
const rebalanceBytes = (brokers: number): number => Math.min(1.12, 1.07 + 2.5 / brokers);
const addBytes = 1.01;

/** Lost replicas go to live brokers; then leadership, which costs nothing, is evened out. */
export function heal(model: Model, rules: Rules, options: PlanOptions): Done {
  const lost = lostPositions(model);
  const lowerBoundMB = forcedBound(model, lost);
  const blocked = placeForced(model, rules, lost);
  evenLeadership(model, rules, { band: options.leaderBand ?? healBand, changesMax: Infinity });
  return { blocked, lowerBoundMB };
}

/** Replicas on dead brokers, and on failed log directories of live ones. */
function lostPositions(model: Model): number[] {
  const positions = forcedPositions(model, (b) => model.alive[b] === 0);
  const { lostReplicas = [] } = model.snapshot;
  if (lostReplicas.length === 0) return positions;
  const key = (topic: string, partition: number, broker: number) =>
    `${topic}\n${partition}\n${broker}`;
  const lost = new Set(lostReplicas.map((r) => key(r.topic, r.partition, r.broker)));
  const seen = new Set(positions);
  for (const [p, { topic, partition }] of model.snapshot.partitions.entries()) {
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      const position = p * model.width + slot;
      const id = model.ids[model.at(p, slot)]!;
      if (!seen.has(position) && lost.has(key(topic, partition, id))) positions.push(position);
    }
  }
  return positions;
}

/** Everything leaves the brokers named. */
export function drain(model: Model, rules: Rules, leaving: ReadonlySet<number>): Done {
  const forced = forcedPositions(model, (b) => leaving.has(b) || model.alive[b] === 0);
  const lowerBoundMB = forcedBound(model, forced);
  return { blocked: placeForced(model, rules, forced), lowerBoundMB };
}

/** Leadership leaves the brokers named; no replica moves. */
export function demote(model: Model, rules: Rules, from: ReadonlySet<number>): Done {
  const blocked: Blocked[] = [];
  for (let p = 0; p < model.partitions; p++) {
    if (!from.has(model.at(p, 0))) continue;
    const slot = rules.isFixed(p) ? -1 : lightestFollower(model, rules, p, from);
    if (slot > 0) model.lead(p, slot);
    else blocked.push(blockedLeader(model, rules, p));
  }
  return { blocked, lowerBoundMB: 0 };
}

function lightestFollower(
  model: Model,
  rules: Rules,
  p: number,
  from: ReadonlySet<number>,
): number {
  let best = -1;
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    if (from.has(b) || !rules.leadAllows(p, b)) continue;
    if (best < 0 || model.of(b, netOut) < model.of(model.at(p, best), netOut)) best = slot;
  }
  return best;
}

function blockedLeader(model: Model, rules: Rules, p: number): Blocked {
  const { topic, partition } = model.snapshot.partitions[p]!;
  const broker = model.ids[model.at(p, 0)]!;
  const rule = rules.isFixed(p) ? 'excluded-topic' : 'limit';
  const message = rules.isFixed(p)
    ? 'its topic is excluded'
    : 'no other replica may lead it: none is left, or each is at a limit';
  return { topic, partition, broker, rule, message };
}

/** Disk and network in are evened out as far as the budget of bytes goes, then leadership. */
export function rebalance(model: Model, rules: Rules, options: PlanOptions): Done {
  const bound = bandBound(model);
  const budgetMB = bound * (options.bytesOverBound ?? rebalanceBytes(model.brokers));
  if (bound > 0) shedToLevel(model, rules, budgetMB, () => true);
  even(model, rules, options);
  return { blocked: [], lowerBoundMB: bound };
}

/** New brokers are filled from the fullest old ones; nothing moves between old ones. */
export function add(model: Model, rules: Rules, options: PlanOptions): Done {
  const bound = bandBound(model);
  const fresh = new Set((model.snapshot.newBrokers ?? []).map((id) => model.indexOf(id)));
  const budgetMB = bound * (options.bytesOverBound ?? addBytes);
  shedToLevel(model, rules, budgetMB, (b) => fresh.has(b));
  even(model, rules, options);
  return { blocked: [], lowerBoundMB: bound };
}

const even = (model: Model, rules: Rules, { leaderBand }: PlanOptions): number =>
  evenLeadership(model, rules, { band: leaderBand ?? evenBand, changesMax: Infinity });

/** Levels over the mean, tried from the top: all brokers come down together while bytes last. */
const rounds = [1.6, 1.4, 1.25, 1.15, 1.1, 1.08, 1.06, 1.05, 1.04, 1.03, 1.02, 1.01, 1.005];

/**
 * Sheds in rounds of falling level, so that the budget ends at the lowest level that all brokers
 * can share. Receivers are filled only up to where the level will end, so nothing moves twice.
 */
function shedToLevel(
  model: Model,
  rules: Rules,
  budgetMB: number,
  receives: (b: number) => boolean,
): void {
  const meanIn = model.mean(netIn);
  const meanDisk = model.mean(disk);
  if (meanDisk === 0) return;
  const last = Math.max(levelFor(model, disk, budgetMB) / meanDisk, 1.005);
  let left = budgetMB;
  for (const round of [...rounds.filter((r) => r > last), last]) {
    left -= shed(model, rules, {
      diskLevel: () => round * meanDisk,
      inLevel: () => Math.max(round, 1.01) * meanIn,
      receives: (b) => receives(b) && rules.receives[b] === 1,
      diskCeiling: () => last * meanDisk,
      inCeiling: () => Math.max(last, 1.01) * meanIn,
      budgetMB: left,
    });
  }
}

/** The level down to which `amount` can be taken from the brokers above it (water-filling). */
export function levelFor(model: Model, resource: number, amount: number): number {
  const loads = model.ids
    .map((_, b) => b)
    .filter((b) => model.alive[b])
    .map((b) => model.of(b, resource))
    .sort((x, y) => y - x);
  let taken = 0;
  for (let i = 0; i + 1 < loads.length; i++) {
    const step = (loads[i]! - loads[i + 1]!) * (i + 1);
    if (taken + step >= amount) return loads[i]! - (amount - taken) / (i + 1);
    taken += step;
  }
  return loads.at(-1) ?? 0;
}

/** Just under the limits, with the fewest bytes: leadership first, then replicas. */
export function fitLimits(model: Model, rules: Rules): Done {
  const bound = limitBound(model);
  leadUnderLimits(model, rules);
  for (const resource of [disk, netIn, replicas, cpu]) shedUnderLimit(model, rules, resource);
  leadUnderLimits(model, rules);
  return { blocked: [], lowerBoundMB: bound };
}

/** Brokers over a limit of leadership hand over to any follower with room. */
function leadUnderLimits(model: Model, rules: Rules): void {
  const over = (b: number) =>
    [netOut, leaders, cpu].some((r) => model.of(b, r) > model.limitOf(b, r));
  for (let p = 0; p < model.partitions; p++) {
    const b = model.at(p, 0);
    if (!over(b) || rules.isFixed(p)) continue;
    const slot = lightestFollower(model, rules, p, new Set([b]));
    if (slot > 0) model.lead(p, slot);
  }
}

/** Takes replicas with the most of the load per MB, while the broker is over its limit. */
function shedUnderLimit(model: Model, rules: Rules, resource: number): void {
  const { start, position } = model.replicasByBroker();
  const loadOf = (i: number): number => {
    const p = (i / model.width) | 0;
    if (resource === disk) return model.size[p]!;
    if (resource === netIn) return model.inflow[p]!;
    if (resource === replicas) return 1;
    return i % model.width === 0 ? model.leaderCpu[p]! : model.followerCpu[p]!;
  };
  for (let b = 0; b < model.brokers; b++) {
    const excess = () => model.of(b, resource) - model.limitOf(b, resource);
    if (!model.alive[b] || excess() <= 0) continue;
    const perMB = (i: number) => loadOf(i) / (model.size[(i / model.width) | 0]! || 1e-9);
    const mine = Array.from(position.subarray(start[b]!, start[b + 1]!));
    const order = mine.sort((x, y) => perMB(y) - perMB(x) || loadOf(y) - loadOf(x) || x - y);
    for (const exact of [true, false]) {
      for (const i of order) {
        if (excess() <= 0) break;
        if (exact && loadOf(i) > 1.5 * excess()) continue;
        moveToEmptiest(model, rules, i, b);
      }
    }
  }
}

function moveToEmptiest(model: Model, rules: Rules, position: number, from: number): void {
  const p = (position / model.width) | 0;
  const slot = position % model.width;
  if (model.at(p, slot) !== from || rules.isFixed(p)) return;
  let best = -1;
  let bestShare = Number.POSITIVE_INFINITY;
  for (let b = 0; b < model.brokers; b++) {
    const share = Math.max(
      model.of(b, disk) / model.limitOf(b, disk),
      model.of(b, netIn) / model.limitOf(b, netIn),
      model.of(b, cpu) / model.limitOf(b, cpu),
    );
    if (share < bestShare && rules.moveAllows(p, slot, b)) {
      best = b;
      bestShare = share;
    }
  }
  if (best >= 0) model.move(p, slot, best);
}

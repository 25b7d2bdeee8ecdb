/**
 * Leadership changes: they cost no bytes. Brokers above the band in network out or leaders hand
 * over partitions to followers below it, the largest useful one first, until nobody is above or
 * nothing helps. Pure.
 */
import { leaders, type Model, netOut } from './model.ts';
import type { Rules } from './rules.ts';

export interface LeadershipGoal {
  /** No broker above this × mean, for network out and for leaders. */
  band: number;
  /** Changes at most. */
  changesMax: number;
}

/** Evens out; returns the number of changes. */
export function evenLeadership(model: Model, rules: Rules, goal: LeadershipGoal): number {
  let changes = 0;
  const left = () => ({ ...goal, changesMax: goal.changesMax - changes });
  for (let round = 0; round < roundsMax; round++) {
    const before = changes;
    // Network out first, since it has a limit; leader counts then, with partitions of little
    // outflow.
    changes += evenOne(model, rules, left(), netOut);
    changes += evenOne(model, rules, left(), leaders);
    if (isWithin(model, leaders, goal.band) || changes >= goal.changesMax) break;
    // Brokers with many small leaders take a few large ones, which makes room elsewhere for small.
    changes += pullLarge(model, rules, left());
    if (changes === before) break;
  }
  return changes + evenOne(model, rules, left(), netOut);
}

const roundsMax = 4;

function isWithin(model: Model, resource: number, band: number): boolean {
  const target = band * model.mean(resource);
  return hottest(model, resource, target).length === 0;
}

/**
 * Below this share of the mean outflow a broker takes leaders over; from leaders above the mean.
 */
const cold = 0.97;

function pullLarge(model: Model, rules: Rules, goal: LeadershipGoal): number {
  const mean = model.mean(netOut);
  const followed = followedBy(model, (b) => model.of(b, netOut) < cold * mean);
  let changes = 0;
  for (const [b, mine] of followed) {
    mine.sort((x, y) => model.outflow[y]! - model.outflow[x]! || x - y);
    for (const p of mine) {
      if (changes >= goal.changesMax || model.of(b, netOut) >= cold * mean) break;
      const isHot = model.of(model.at(p, 0), netOut) > mean;
      const fits = model.of(b, netOut) + model.outflow[p]! <= mean;
      if (!isHot || !fits || rules.isFixed(p) || !rules.leadAllows(p, b)) continue;
      model.lead(p, slotOf(model, p, b));
      changes += 1;
    }
  }
  return changes;
}

function followedBy(model: Model, wanted: (broker: number) => boolean): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let b = 0; b < model.brokers; b++) if (model.alive[b] && wanted(b)) found.set(b, []);
  for (let p = 0; p < model.partitions; p++) {
    for (let slot = 1; slot < model.factor[p]!; slot++) found.get(model.at(p, slot))?.push(p);
  }
  return found;
}

function slotOf(model: Model, p: number, broker: number): number {
  for (let slot = 0; slot < model.factor[p]!; slot++) if (model.at(p, slot) === broker) return slot;
  return 0;
}

function evenOne(model: Model, rules: Rules, goal: LeadershipGoal, resource: number): number {
  const means = { out: model.mean(netOut), count: model.mean(leaders) };
  const target = goal.band * model.mean(resource);
  const led = ledBy(model);
  let changes = 0;
  const hot = hottest(model, resource, target);
  for (const b of hot) {
    const mine = led[b] ?? [];
    const order =
      resource === netOut
        ? mine.sort((x, y) => model.outflow[y]! - model.outflow[x]! || x - y)
        : mine.sort((x, y) => model.outflow[x]! - model.outflow[y]! || x - y);
    for (const p of order) {
      if (changes >= goal.changesMax || model.of(b, resource) <= target) break;
      if (rules.isFixed(p) || model.at(p, 0) !== b) continue;
      if (resource === netOut && isTooMuch(model, b, p, target)) continue;
      const slot = coldestFollower(model, rules, p, { means, band: goal.band });
      if (slot < 0) continue;
      model.lead(p, slot);
      changes += 1;
    }
  }
  return changes;
}

/** Handing this one over would take the broker far below what it must shed: wait for a smaller. */
function isTooMuch(model: Model, b: number, p: number, target: number): boolean {
  const excess = model.of(b, netOut) - target;
  return model.outflow[p]! > 1.6 * excess && model.outflow[p]! > 0.02 * target;
}

function ledBy(model: Model): number[][] {
  const led: number[][] = Array.from({ length: model.brokers }, () => []);
  for (let p = 0; p < model.partitions; p++) led[model.at(p, 0)]?.push(p);
  return led;
}

const hottest = (model: Model, resource: number, target: number): number[] =>
  model.ids
    .map((_, b) => b)
    .filter((b) => model.alive[b] && model.of(b, resource) > target)
    .sort((a, b) => model.of(b, resource) - model.of(a, resource) || a - b);

interface Means {
  means: { out: number; count: number };
  band: number;
}

/** The follower that stays lowest in both loads, and within the band; -1 when none does. */
function coldestFollower(model: Model, rules: Rules, p: number, { means, band }: Means): number {
  let best = -1;
  let bestLoad = band;
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    const load = Math.max(
      (model.of(b, netOut) + model.outflow[p]!) / means.out,
      (model.of(b, leaders) + 1) / means.count,
    );
    if (load < bestLoad && rules.leadAllows(p, b)) {
      best = slot;
      bestLoad = load;
    }
  }
  return best;
}

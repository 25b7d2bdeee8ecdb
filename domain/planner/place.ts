/**
 * Forced placement: replicas on brokers that are lost or leave get a new broker each. Only these
 * move, so the bytes are the lower bound. Those of partitions with the fewest replicas left come
 * first, then large ones, each to the broker that it suits best; what finds no room is tried again
 * when others have made room. Pure.
 */
import { fresh, inSync, lost, type Model } from './model.ts';
import { cpu, disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';
import type { Rules } from './rules.ts';
import type { Targets } from './targets.ts';

export interface Forced {
  p: number;
  broker: number;
}

/** Replicas that must leave: those on lost brokers or disks, and on brokers that leave. */
export function forcedReplicas(model: Model, rules: Rules): Forced[] {
  const found: Forced[] = [];
  for (let p = 0; p < model.partitions; p++) {
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      if (rules.isGone(p, slot)) found.push({ p, broker: model.at(p, slot) });
    }
  }
  return found;
}

/**
 * Moves them; returns those that no rule allows to move, which stay. Partitions in `last` could not
 * be brought where they were to be before: the others come first.
 */
export function placeForced(
  { model, rules, targets }: { model: Model; rules: Rules; targets: Targets },
  forced: Forced[],
  allowDebt: boolean,
  last: ReadonlySet<number> = new Set(),
): Forced[] {
  const left = (p: number) => {
    let count = 0;
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      if (model.stateOf(p, slot) === inSync && !rules.isGone(p, slot)) count += 1;
    }
    return count;
  };
  let waiting = forced
    .map((f) => ({ ...f, left: left(f.p) }))
    .sort(
      (a, b) =>
        Number(last.has(a.p)) - Number(last.has(b.p)) ||
        a.left - b.left ||
        model.size[b.p]! - model.size[a.p]! ||
        a.p - b.p ||
        // A leader goes last: what has gone before may relieve it.
        Number(model.at(a.p, 0) === a.broker) - Number(model.at(b.p, 0) === b.broker) ||
        a.broker - b.broker,
    );
  const fit = new BestFit(model, rules, targets);
  for (;;) {
    const still = waiting.filter((f) => !placeOne(model, rules, fit, f, allowDebt));
    // Leaving brokers hand over leadership and their neighbours get room: look again.
    if (still.length === waiting.length || still.length === 0) return still;
    waiting = still;
  }
}

/** What was placed into a fuller rack goes where it belongs, if there is room now. */
export function settleDebt(context: { model: Model; rules: Rules; targets: Targets }): void {
  const { model, rules, targets } = context;
  const fit = new BestFit(model, rules, targets);
  for (let p = 0; p < model.partitions; p++) {
    for (let slot = 0; model.impaired[p] && slot < model.factor[p]!; slot++) {
      if (model.stateOf(p, slot) !== fresh) continue;
      const floor = rules.rackFloor(p, slot);
      if (rules.onRack(p, model.rack[model.at(p, slot)]!, slot) <= floor) continue;
      const to = fit.forced(p, slot, floor);
      if (to >= 0) model.move(p, slot, to);
    }
  }
}

function placeOne(
  model: Model,
  rules: Rules,
  fit: BestFit,
  { p, broker }: Forced,
  allowDebt: boolean,
): boolean {
  if (rules.fixed[p] || !model.hasSource[p]) return false;
  if (model.at(p, 0) === broker) handOver(model, rules, p);
  const slot = model.slotOf(p, broker);
  const floor = rules.rackFloor(p, slot);
  // No broker of any rack is free to take it.
  if (!Number.isFinite(floor)) return false;
  const most = allowDebt ? floor + model.width : floor;
  for (let level = floor; level <= most; level++) {
    const to = fit.forced(p, slot, level);
    if (to < 0) continue;
    model.move(p, slot, to);
    return true;
  }
  return false;
}

/** A leader that goes hands over to its least loaded follower that stays, if there is one. */
function handOver(model: Model, rules: Rules, p: number): boolean {
  let best = -1;
  let bestLoad = Number.POSITIVE_INFINITY;
  const meanOut = model.mean(netOut) || 1;
  const meanLeaders = model.mean(leaders) || 1;
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    if (rules.isGone(p, slot) || !rules.leadAllows(p, slot)) continue;
    const load = Math.max(
      model.of(b, netOut) / meanOut,
      (0.95 * model.of(b, leaders)) / meanLeaders,
    );
    if (load < bestLoad) {
      best = slot;
      bestLoad = load;
    }
  }
  if (best > 0) model.lead(p, best);
  return best > 0;
}

/** Finds the broker whose fullest relevant load stays lowest against its share. */
export class BestFit {
  private readonly model: Model;
  private readonly rules: Rules;
  /** 1 ÷ target, 0 where there is none to compare with. */
  private readonly per: Float64Array;

  constructor(model: Model, rules: Rules, targets: Targets) {
    this.model = model;
    this.rules = rules;
    this.per = targets.target.map((t) => (t > 0 ? 1 / t : 0));
  }

  private fullest(p: number, b: number): number {
    const { model: m, per } = this;
    const at = b * kinds;
    return Math.max(
      (m.load[at + disk]! + m.size[p]!) * per[at + disk]!,
      (m.load[at + netIn]! + m.inflow[p]!) * per[at + netIn]!,
      0.9 * m.load[at + cpu]! * per[at + cpu]!,
      0.9 * (m.load[at + replicas]! + 1) * per[at + replicas]!,
    );
  }

  /** For a forced replica; `floor`: most others on the rack. -1: no broker may take it. */
  forced(p: number, slot: number, floor: number): number {
    return this.best(p, (b) => this.rules.forcedAllows(p, slot, b, floor));
  }

  /** For a replica that moves of its own free will. */
  free(p: number, slot: number): number {
    return this.best(p, (b) => this.rules.moveAllows(p, slot, b));
  }

  best(p: number, allows: (broker: number) => boolean): number {
    let best = -1;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let b = 0; b < this.model.brokers; b++) {
      const load = this.fullest(p, b);
      if (load < bestLoad && allows(b)) {
        best = b;
        bestLoad = load;
      }
    }
    return best;
  }
}

/** Leadership off the brokers named; returns the partitions that keep theirs there. */
export function relieve(model: Model, rules: Rules, from: (broker: number) => boolean): number[] {
  let waiting: number[] = [];
  for (let p = 0; p < model.partitions; p++) {
    if (model.hasSource[p] && from(model.at(p, 0))) waiting.push(p);
  }
  const ways = (p: number) => {
    let count = 0;
    for (let slot = 1; slot < model.factor[p]!; slot++) if (rules.leadAllows(p, slot)) count += 1;
    return count;
  };
  // Those with the fewest ways out go first, while there is room.
  waiting = waiting
    .map((p) => ({ p, ways: ways(p) }))
    .sort((a, b) => a.ways - b.ways || model.outflow[b.p]! - model.outflow[a.p]! || a.p - b.p)
    .map(({ p }) => p);
  for (;;) {
    const still = waiting.filter((p) => rules.fixed[p] || !passOn(model, rules, p, from));
    if (still.length === waiting.length) return still;
    waiting = still;
  }
}

function passOn(model: Model, rules: Rules, p: number, from: (broker: number) => boolean): boolean {
  let best = -1;
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    if (from(b) || !rules.leadAllows(p, slot) || model.stateOf(p, slot) === lost) continue;
    if (best < 0 || model.of(b, netOut) < model.of(model.at(p, best), netOut)) best = slot;
  }
  if (best > 0) model.lead(p, best);
  return best > 0;
}

/**
 * Shedding: brokers above a level of disk or network in give replicas to brokers below it, as few
 * bytes as the level asks for. Of a broker's replicas those are taken whose ratio of inflow to size
 * is nearest to the ratio of what the broker must shed, so that both excesses end together. Pure.
 */
import { disk, leaders, type Model, netIn, netOut } from './model.ts';
import type { Rules } from './rules.ts';

export interface Shedding {
  /** Levels per broker in MB and KB/s; a broker above one of them sheds. */
  diskLevel: (broker: number) => number;
  inLevel: (broker: number) => number;
  /** Brokers that may receive, each up to its own disk ceiling. */
  receives: (broker: number) => boolean;
  diskCeiling: (broker: number) => number;
  inCeiling: (broker: number) => number;
  /** Bytes at most, in MB. */
  budgetMB: number;
}

/** Moves replicas; returns the MB moved. */
export function shed(model: Model, rules: Rules, goal: Shedding): number {
  const { start, position } = model.replicasByBroker();
  const sources = model.ids
    .map((_, b) => b)
    .filter((b) => model.alive[b] && excessOf(model, goal, b).any)
    .sort((a, b) => model.of(b, disk) - model.of(a, disk) || a - b);
  const sinks = new Sinks(model, rules, goal);
  let moved = 0;
  for (const b of sources) {
    const mine = position.subarray(start[b]!, start[b + 1]!);
    moved += shedBroker({ model, rules, goal, sinks }, b, mine, goal.budgetMB - moved);
  }
  return moved;
}

interface Work {
  model: Model;
  rules: Rules;
  goal: Shedding;
  sinks: Sinks;
}

function excessOf(model: Model, goal: Shedding, b: number) {
  const size = model.of(b, disk) - goal.diskLevel(b);
  const inflow = model.of(b, netIn) - goal.inLevel(b);
  return { size, inflow, any: size > 1e-6 || inflow > 1e-6 };
}

function shedBroker(work: Work, b: number, mine: Int32Array, budgetMB: number): number {
  const { model, goal } = work;
  const { width } = model;
  const ratio = (i: number) =>
    model.inflow[(i / width) | 0]! / (model.size[(i / width) | 0]! || 1e-9);
  const order = Array.from(mine).sort((x, y) => ratio(x) - ratio(y) || x - y);
  const pool = new Nearest(order.map(ratio));
  let moved = 0;
  for (;;) {
    const excess = excessOf(model, goal, b);
    if (!excess.any || moved >= budgetMB) return moved;
    const index = pool.take(wantedRatio(excess));
    if (index < 0) return moved;
    const position = order[index]!;
    const p = (position / width) | 0;
    const size = model.size[p]!;
    if (isOversized(model, excess, p) || moved + size > budgetMB) continue;
    if (work.rules.isFixed(p)) continue;
    const slot = position % width;
    if (model.at(p, slot) !== b) continue;
    const to = work.sinks.best(p, slot);
    if (to < 0) continue;
    model.move(p, slot, to);
    moved += size;
  }
}

/** Inflow per MB that would end both excesses together. */
function wantedRatio({ size, inflow }: { size: number; inflow: number }): number {
  if (size <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, inflow) / size;
}

/** A replica that is much more than what is left to shed would be paid for in vain. */
function isOversized(model: Model, excess: { size: number; inflow: number }, p: number): boolean {
  const needed = Math.max(excess.size, 0);
  const byInflow = excess.inflow > 0 && model.inflow[p]! <= 1.5 * excess.inflow;
  return model.size[p]! > 1.25 * needed && !byInflow;
}

/** Takes elements of a sorted list by nearness to a value, each once, in amortised short steps. */
class Nearest {
  private readonly values: number[];
  private readonly left: Int32Array;
  private readonly right: Int32Array;

  constructor(values: number[]) {
    this.values = values;
    // left[i + 1] and right[i + 1] lead to the next free index; 0 and n + 1 are the ends.
    this.left = Int32Array.from({ length: values.length + 2 }, (_, i) => i);
    this.right = Int32Array.from({ length: values.length + 2 }, (_, i) => i);
  }

  /** Index of the free element nearest to `wanted`; -1 when none is left. */
  take(wanted: number): number {
    const n = this.values.length;
    const at = lowerBound(this.values, wanted);
    const below = find(this.left, at);
    const above = find(this.right, at + 1);
    if (below === 0 && above === n + 1) return -1;
    const near =
      above === n + 1 ||
      (below > 0 && wanted - this.values[below - 1]! <= this.values[above - 1]! - wanted)
        ? below
        : above;
    this.left[near] = near - 1;
    this.right[near] = near + 1;
    return near - 1;
  }
}

function find(next: Int32Array, from: number): number {
  let at = from;
  while (next[at] !== at) {
    next[at] = next[next[at]!]!;
    at = next[at]!;
  }
  return at;
}

function lowerBound(values: number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The brokers that receive, tried from the emptiest. */
class Sinks {
  private readonly model: Model;
  private readonly rules: Rules;
  private readonly goal: Shedding;
  private readonly brokers: number[];
  /** Moved leaders must not make a new worst broker. */
  private readonly outCeiling: number;
  private readonly means: { disk: number; inflow: number; out: number; leaders: number };

  constructor(model: Model, rules: Rules, goal: Shedding) {
    this.model = model;
    this.rules = rules;
    this.goal = goal;
    this.brokers = model.ids.map((_, b) => b).filter((b) => goal.receives(b));
    this.outCeiling = model.ids.reduce(
      (most, _, b) => (model.alive[b] ? Math.max(most, model.of(b, netOut)) : most),
      0,
    );
    this.means = {
      disk: model.mean(disk) || 1,
      inflow: model.mean(netIn) || 1,
      out: model.mean(netOut) || 1,
      leaders: model.mean(leaders) || 1,
    };
  }

  /** The broker that stays emptiest with this replica; -1 when none may take it. */
  best(p: number, slot: number): number {
    const { model, goal, means } = this;
    const size = model.size[p]!;
    const inflow = model.inflow[p]!;
    let best = -1;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const b of this.brokers) {
      const diskAfter = model.of(b, disk) + size;
      const inAfter = model.of(b, netIn) + inflow;
      if (diskAfter > goal.diskCeiling(b) || inAfter > goal.inCeiling(b)) continue;
      if (slot === 0 && model.of(b, netOut) + model.outflow[p]! > this.outCeiling) continue;
      let load = Math.max(diskAfter / means.disk, inAfter / means.inflow);
      if (slot === 0) load = Math.max(load, 0.9 * (model.of(b, netOut) / means.out));
      if (load < bestLoad && this.rules.moveAllows(p, slot, b)) {
        best = b;
        bestLoad = load;
      }
    }
    return best;
  }
}

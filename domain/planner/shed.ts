/**
 * Shedding: brokers above a level of disk or network in give replicas to brokers below it, as few
 * bytes as the level asks for. Of a broker's replicas those are taken whose size, inflow and number
 * stand to one another as what the broker must shed, so that all excesses end together. Pure.
 */
import { Groups } from './groups.ts';
import type { Model } from './model.ts';
import { disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';
import type { Rules } from './rules.ts';
import type { Targets } from './targets.ts';

export interface Shedding {
  /** Multiples of the brokers' shares: above the level they shed, to the ceiling they take. */
  level: number;
  ceiling: number;
  /** Brokers that may receive. */
  receives: (broker: number) => boolean;
  budgetBytes: number;
}

interface Work {
  model: Model;
  rules: Rules;
  targets: Targets;
  goal: Shedding;
  sinks: Sinks;
}

/** Levels of network in below this are not worth bytes. */
const finestIn = 1.01;

/** Moves replicas; returns the bytes moved. */
export function shed(model: Model, rules: Rules, targets: Targets, goal: Shedding): number {
  const { start, position } = model.replicasByBroker();
  const sinks = new Sinks(model, rules, targets, goal);
  const work = { model, rules, targets, goal, sinks };
  const sources = model.ids
    .map((_, b) => b)
    .filter((b) => model.alive[b] && excessOf(work, b).any)
    .sort((a, b) => targets.overTarget(b, disk) - targets.overTarget(a, disk) || a - b);
  let moved = 0;
  for (const b of sources) {
    const mine = position.subarray(start[b]!, start[b + 1]!);
    moved += shedBroker(work, b, mine, goal.budgetBytes - moved);
  }
  return moved;
}

function excessOf({ model, targets, goal }: Work, b: number) {
  const over = (r: number, level: number) =>
    model.known[r] ? model.of(b, r) - level * targets.of(b, r) : 0;
  const size = over(disk, goal.level);
  const inflow = over(netIn, Math.max(goal.level, finestIn));
  const count = over(replicas, goal.level);
  const any = size > 1e-9 * model.of(b, disk) || inflow > 1e-9 * model.of(b, netIn);
  return { size, inflow, count, any };
}

function shedBroker(work: Work, b: number, mine: Int32Array, budgetBytes: number): number {
  const { model } = work;
  const { width } = model;
  const free = Array.from(mine).filter((i) => work.rules.isFree((i / width) | 0));
  const groups = new Groups(
    free,
    (i) => model.inflow[(i / width) | 0]! / (model.size[(i / width) | 0]! || 1e-9),
    (i) => model.size[(i / width) | 0]!,
  );
  let moved = 0;
  for (;;) {
    const excess = excessOf(work, b);
    if (!excess.any || moved >= budgetBytes) return moved;
    const position = groups.take(wantedRatio(excess), wantedSize(excess, work.sinks.bytesPerCount));
    if (position < 0) return moved;
    const p = (position / width) | 0;
    const size = model.size[p]!;
    if (isOversized(model, excess, p) || moved + size > budgetBytes) continue;
    const slot = position % width;
    if (model.at(p, slot) !== b) continue;
    const to = work.sinks.best(p, slot);
    if (to < 0) continue;
    model.move(p, slot, to);
    work.sinks.took(size);
    moved += size;
  }
}

/** Inflow per byte that would end both excesses together. */
function wantedRatio({ size, inflow }: { size: number; inflow: number }): number {
  if (size <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, inflow) / size;
}

/**
 * Size that would end the excesses of bytes and of replicas together, but not far from what those
 * who receive need to be full of both at once.
 */
function wantedSize({ size, count }: { size: number; count: number }, received: number): number {
  if (size <= 0 || count <= 0) return received;
  return Math.min(1.3 * received, Math.max(received / 4, size / count));
}

/** A replica that is much more than what is left to shed would be paid for in vain. */
function isOversized(model: Model, excess: { size: number; inflow: number }, p: number): boolean {
  const needed = Math.max(excess.size, 0);
  const byInflow = excess.inflow > 0 && model.inflow[p]! <= 1.5 * excess.inflow;
  return model.size[p]! > 1.25 * needed && !byInflow;
}

/** The brokers that receive, tried from the emptiest. */
class Sinks {
  private readonly model: Model;
  private readonly rules: Rules;
  private readonly brokers: number[];
  /** Moved leaders must not make a new worst broker. */
  private outCeiling: number;
  private readonly ceilings: { disk: number; inflow: number; count: number };
  private readonly per: Float64Array;
  private readonly wanted: { bytes: number; count: number };

  constructor(model: Model, rules: Rules, targets: Targets, goal: Shedding) {
    this.model = model;
    this.rules = rules;
    this.brokers = model.ids.map((_, b) => b).filter((b) => goal.receives(b) && rules.receives[b]);
    this.per = targets.target.map((t, i) => (t > 0 && model.known[i % kinds] ? 1 / t : 0));
    this.outCeiling = 1.05;
    for (let b = 0; b < model.brokers; b++) {
      if (model.alive[b])
        this.outCeiling = Math.max(this.outCeiling, targets.overTarget(b, netOut));
    }
    const { ceiling } = goal;
    this.ceilings = {
      disk: ceiling,
      inflow: Math.max(ceiling, finestIn),
      count: Math.max(ceiling, 1.04),
    };
    const wanted = (r: number, most: number) =>
      this.brokers.reduce(
        (sum, b) => sum + Math.max(0, most * targets.of(b, r) - model.of(b, r)),
        0,
      );
    this.wanted = { bytes: wanted(disk, ceiling), count: wanted(replicas, 1) };
  }

  /** Bytes that are still wanted for each replica that is wanted. */
  get bytesPerCount(): number {
    return Math.max(0, this.wanted.bytes) / Math.max(1, this.wanted.count);
  }

  took(size: number): void {
    this.wanted.bytes -= size;
    this.wanted.count -= 1;
  }

  /** The broker that stays emptiest with this replica; -1 when none may take it. */
  best(p: number, slot: number): number {
    const { model, per, ceilings } = this;
    const { load } = model;
    const size = model.size[p]!;
    const inflow = model.inflow[p]!;
    const leads = model.leads(p, slot);
    let best = -1;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const b of this.brokers) {
      const at = b * kinds;
      const diskAfter = (load[at + disk]! + size) * per[at + disk]!;
      const inAfter = (load[at + netIn]! + inflow) * per[at + netIn]!;
      const countAfter = (load[at + replicas]! + 1) * per[at + replicas]!;
      if (diskAfter > ceilings.disk || inAfter > ceilings.inflow) continue;
      if (countAfter > ceilings.count) continue;
      const out = leads ? load[at + netOut]! * per[at + netOut]! : 0;
      if (leads && out + model.outflow[p]! * per[at + netOut]! > this.outCeiling) continue;
      const most = Math.max(diskAfter, inAfter, 0.98 * countAfter, 0.9 * out);
      const tilt = leads ? 0.85 * load[at + leaders]! * per[at + leaders]! : 0;
      const full = Math.max(most, tilt);
      if (full < bestLoad && this.rules.moveAllows(p, slot, b)) {
        best = b;
        bestLoad = full;
      }
    }
    return best;
  }
}

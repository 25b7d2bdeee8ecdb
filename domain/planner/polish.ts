/**
 * After shedding: where lumps fit nowhere, single moves and swaps that bring the fullest and the
 * emptiest brokers nearer to their share; then counts of replicas, by moving the smallest. Within
 * a budget of bytes. Pure.
 */
import type { Context } from './context.ts';
import { lowerBound } from './groups.ts';
import { Guard } from './guard.ts';
import { disk, kinds, netIn, replicas } from './resources.ts';

/** For what is left to even out in network in, when disk is done. */
export const outer = 0.1;

/** Nearer than this to its share, a broker needs no polish; in a large cluster lumps are small. */
const fineOf = (brokers: number): number => (brokers > 60 ? 0.099 : 0.04);
const partnersMax = 8;
const roundsMax = 400;

/** Moves and swaps; returns the bytes moved. */
export function polish(
  context: Context,
  receives: (broker: number) => boolean,
  budgetBytes: number,
  fine = fineOf(context.model.brokers),
): number {
  if (!context.model.known[disk]) return 0;
  const work = new Polish(context, receives, fine);
  const stuck = new Set<number>();
  let moved = 0;
  for (let round = 0; round < roundsMax; round++) {
    const from = work.worst(stuck);
    if (from < 0) break;
    const bytes = work.improve(from, budgetBytes - moved);
    if (bytes === 0) stuck.add(from);
    else stuck.clear();
    moved += bytes;
  }
  return moved;
}

interface Choice {
  from: number;
  to: number;
  p: number;
  /** What comes back; -1: nothing. */
  q: number;
  gain: number;
  bytes: number;
}

class Polish {
  private readonly context: Context;
  private readonly receives: (broker: number) => boolean;
  private readonly per: Float64Array;
  private readonly fine: number;
  /** Is disk within its band already, and to stay there? */
  private readonly keepsDisk: boolean;
  /** Partitions that may move, by broker, the smallest first. */
  private readonly held: number[][];

  constructor(context: Context, receives: (broker: number) => boolean, fine: number) {
    this.context = context;
    this.receives = receives;
    const { model, targets, rules } = context;
    this.fine = fine;
    this.keepsDisk = fine === outer;
    this.held = Array.from({ length: model.brokers }, () => []);
    const bySize = Array.from({ length: model.partitions }, (_, p) => p)
      .filter((p) => rules.isFree(p))
      .sort((x, y) => model.size[x]! - model.size[y]! || x - y);
    for (const p of bySize) for (const b of model.brokersOf(p)) this.held[b]!.push(p);
    this.per = targets.target.map((t, i) => (t > 0 && model.known[i % kinds] ? 1 / t : 0));
  }

  private ratio(b: number, r = disk): number {
    return this.context.model.load[b * kinds + r]! * this.per[b * kinds + r]!;
  }

  private ratioWith(b: number, size: number): number {
    return this.ratio(b) + size * this.per[b * kinds + disk]!;
  }

  /** How far a broker is from its share, beyond the fine band. */
  private off(b: number, size: number, inflow: number): number {
    const at = b * kinds;
    const { load } = this.context.model;
    let sum = 0;
    for (const [r, more] of [
      [disk, size],
      [netIn, inflow],
    ] as const) {
      const per = this.per[at + r]!;
      if (per === 0) continue;
      const off = Math.max(0, Math.abs((load[at + r]! + more) * per - 1) - this.fine);
      sum += off * off;
    }
    return sum;
  }

  /** The broker furthest from its share, on either side, that is not stuck; -1: none is far. */
  worst(stuck: ReadonlySet<number>): number {
    const { model } = this.context;
    let worst = -1;
    let most = 0;
    for (let b = 0; b < model.brokers; b++) {
      if (!model.alive[b] || stuck.has(b)) continue;
      const off = this.off(b, 0, 0);
      if (off > most + 1e-12) {
        worst = b;
        most = off;
      }
    }
    return worst;
  }

  /** The best move or swap between this broker and another; returns its bytes, 0 for none. */
  improve(b: number, budgetBytes: number): number {
    const { model } = this.context;
    const isFull = this.ratio(b) + this.ratio(b, netIn) > 2;
    const partners = model.ids
      .map((_, c) => c)
      .filter((c) => c !== b && model.alive[c] && this.receives(isFull ? c : b))
      .sort((x, y) => (isFull ? 1 : -1) * (this.ratio(x) - this.ratio(y)) || x - y)
      .slice(0, partnersMax);
    let best: Choice | undefined;
    for (const c of partners) {
      const choice = isFull ? this.between(b, c, budgetBytes) : this.between(c, b, budgetBytes);
      if (choice && (!best || choice.gain > best.gain)) best = choice;
    }
    if (!best) return 0;
    this.apply(best);
    return best.bytes;
  }

  private between(from: number, to: number, budgetBytes: number): Choice | undefined {
    const { model } = this.context;
    const mine = this.held[from]!;
    const theirs = this.receives(from) ? this.held[to]! : [];
    const sizes = theirs.map((q) => model.size[q]!);
    const before = this.off(from, 0, 0) + this.off(to, 0, 0);
    let best: Choice | undefined;
    const offer = (p: number, q: number) => {
      const size = model.size[p]! - (q < 0 ? 0 : model.size[q]!);
      const inflow = model.inflow[p]! - (q < 0 ? 0 : model.inflow[q]!);
      const bytes = model.size[p]! + (q < 0 ? 0 : model.size[q]!);
      if (bytes > budgetBytes) return;
      const gain = before - this.off(from, -size, -inflow) - this.off(to, size, inflow);
      if (this.keepsDisk && this.ratioWith(to, size) > Math.max(1.1, this.ratio(to))) return;
      if (this.keepsDisk && this.ratioWith(from, -size) > Math.max(1.1, this.ratio(from))) return;
      const choice = { from, to, p, q, gain, bytes };
      if (gain > 1e-9 && (!best || isBetter(choice, best)) && this.allows(choice)) best = choice;
    };
    const wanted = this.wantedBytes(from, to);
    for (const p of mine) {
      offer(p, -1);
      const at = lowerBound(sizes, model.size[p]! - wanted);
      for (let i = Math.max(0, at - 2); i < Math.min(theirs.length, at + 2); i++)
        offer(p, theirs[i]!);
    }
    return best;
  }

  /** Bytes that would bring both brokers to the same ratio. */
  private wantedBytes(from: number, to: number): number {
    const a = this.per[from * kinds + disk]!;
    const b = this.per[to * kinds + disk]!;
    return a + b > 0 ? Math.max(0, (this.ratio(from) - this.ratio(to)) / (a + b)) : 0;
  }

  private allows({ from, to, p, q }: Choice): boolean {
    const { model } = this.context;
    if (!this.mayGo(p, from, to) || (q >= 0 && !this.mayGo(q, to, from))) return false;
    const guard = new Guard(model, [from, to]);
    this.shift(p, from, to);
    if (q >= 0) this.shift(q, to, from);
    const isPushed = guard.isPushed();
    if (q >= 0) this.shift(q, from, to);
    this.shift(p, to, from);
    return !isPushed;
  }

  private mayGo(p: number, from: number, to: number): boolean {
    const { model, rules } = this.context;
    const slot = model.slotOf(p, from);
    return (
      slot >= 0 &&
      rules.receives[to] === 1 &&
      rules.isPlace(p, to) &&
      (slot > 0 || rules.mayLead[to] === 1) &&
      rules.racksStayEven(p, slot, to)
    );
  }

  private shift(p: number, from: number, to: number): void {
    this.context.model.move(p, this.context.model.slotOf(p, from), to);
  }

  private apply({ from, to, p, q }: Choice): void {
    this.shift(p, from, to);
    this.rehold(p, from, to);
    if (q < 0) return;
    this.shift(q, to, from);
    this.rehold(q, to, from);
  }

  private rehold(p: number, from: number, to: number): void {
    const { size } = this.context.model;
    const mine = this.held[from]!;
    mine.splice(mine.indexOf(p), 1);
    const theirs = this.held[to]!;
    const at = theirs.findIndex((q) => size[q]! >= size[p]!);
    theirs.splice(at < 0 ? theirs.length : at, 0, p);
  }
}

/** More gain for its bytes; a move before a swap of the same. */
function isBetter(a: Choice, b: Choice): boolean {
  return a.gain * Math.sqrt(b.bytes + 1) > b.gain * Math.sqrt(a.bytes + 1);
}

/** Counts above this multiple of the share shed, and below its mirror image receive. */
const countBand = 0.08;

/** Evens out replica counts with the smallest replicas; returns the bytes moved. */
export function evenCounts(
  { model, rules, targets }: Context,
  receives: (broker: number) => boolean,
  budgetBytes: number,
): number {
  const ratio = (b: number, more = 0) => {
    const target = targets.of(b, replicas);
    return target > 0 ? (model.of(b, replicas) + more) / target : 1;
  };
  const live = model.ids.map((_, b) => b).filter((b) => model.alive[b]);
  const isCold = live.some((b) => receives(b) && ratio(b) < 1 - countBand);
  const level = isCold ? 1 : 1 + countBand;
  const sources = live.filter((b) => ratio(b) > level).sort((a, b) => ratio(b) - ratio(a) || a - b);
  if (!isCold && sources.length === 0) return 0;
  const { start, position } = model.replicasByBroker();
  const full = (b: number, r: number, more: number) => {
    const target = targets.of(b, r);
    return target > 0 && model.known[r] ? (model.of(b, r) + more) / target : 0;
  };
  const worstNow = (r: number) => Math.max(1.03, ...live.map((b) => full(b, r, 0)));
  const most = [worstNow(disk), worstNow(netIn)];
  const sinks = live.filter((b) => receives(b) && rules.receives[b]);
  let moved = 0;
  for (const b of sources) {
    const mine = Array.from(
      position.subarray(start[b]!, start[b + 1]!),
      (i) => (i / model.width) | 0,
    )
      .filter((p) => rules.isFree(p))
      .sort((x, y) => model.size[x]! - model.size[y]! || x - y);
    for (const p of mine) {
      if (ratio(b, -1) < 1 || moved + model.size[p]! > budgetBytes) break;
      const isOver = ratio(b) > 1 + countBand;
      const slot = model.slotOf(p, b);
      if (slot < 0) continue;
      let best = -1;
      let least = isOver ? 1.02 : 1 - countBand;
      for (const to of sinks) {
        const after = ratio(to);
        if (after >= least || ratio(to, 1) > 1 + countBand) continue;
        if (
          full(to, disk, model.size[p]!) > most[0]! ||
          full(to, netIn, model.inflow[p]!) > most[1]!
        )
          continue;
        if (!rules.moveAllows(p, slot, to)) continue;
        best = to;
        least = after;
      }
      if (best < 0) {
        if (!isOver) break;
        continue;
      }
      model.move(p, slot, best);
      moved += model.size[p]!;
    }
  }
  return moved;
}

/**
 * Small clusters, searched to the end: the fewest bytes, then the fewest changes, that bring every
 * load under its cap. Whatever is above a cap must give something away, so the search branches on
 * what the worst broker gives, and to whom; what was tried without success is not tried again below
 * its siblings. Ends after a number of nodes with the best found. Pure.
 */
import type { Context } from './context.ts';
import { cpu, disk, kinds, leaders, netOut } from './resources.ts';

const nodesMax = 12_000;
/** Solutions whose order of execution is tried. */
const keptMax = 400;

/** Is the cluster small enough for a search to be worth its time? */
export function isSmall({ model }: Context): boolean {
  return model.slots.length <= 80 && model.brokers <= 12;
}

export interface Found {
  bytes: number;
  changes: number;
  /** Brokers of every partition, the leader first. */
  assignment: number[][];
  /** The whole tree was searched: nothing is better. */
  isProven: boolean;
}

/**
 * Searches from the model's state for loads within `caps` (by broker and resource), with at most
 * `bytesMax`, that `isDoable` accepts; the model is as before afterwards. undefined: none found.
 */
export function searchCaps(
  context: Context,
  caps: Float64Array,
  bytesMax: number,
  isDoable: () => boolean,
): Found | undefined {
  return new Search(context, caps, bytesMax, isDoable).run();
}

interface Option {
  p: number;
  slot: number;
  /** -1: the follower in `slot` takes over leadership; else the replica goes there. */
  to: number;
  bytes: number;
  overflow: number;
}

class Search {
  private readonly context: Context;
  private readonly caps: Float64Array;
  private best: Found | undefined;
  private readonly isDoable: () => boolean;
  private readonly bytesMax: number;
  private nodes = 0;
  private kept = 0;
  /** Replicas that came where they are, and those that must not leave: `p * brokers + broker`. */
  private readonly settled = new Set<number>();
  private readonly leadershipFixed = new Set<number>();

  constructor(context: Context, caps: Float64Array, bytesMax: number, isDoable: () => boolean) {
    this.context = context;
    this.caps = caps;
    this.bytesMax = bytesMax;
    this.isDoable = isDoable;
  }

  run(): Found | undefined {
    this.visit(0, 0);
    if (this.best) this.best.isProven = this.nodes < nodesMax;
    return this.best;
  }

  private visit(bytes: number, changes: number): void {
    if (this.nodes++ >= nodesMax) return;
    const { at, leastBytes } = this.worst();
    if (at < 0) {
      this.keep(bytes, changes);
      return;
    }
    if (!this.isWorth(bytes + leastBytes, changes + 1)) return;
    const b = (at / kinds) | 0;
    const options = this.optionsOf(b, at % kinds);
    const bannedReplicas: number[] = [];
    const bannedLeaders: number[] = [];
    let last: Option | undefined;
    for (const option of options) {
      // All ways of this thing to leave are tried: below its siblings it stays.
      if (last && (last.p !== option.p || last.to < 0 !== option.to < 0))
        this.ban(last, b, bannedReplicas, bannedLeaders);
      last = option;
      if (this.isWorth(bytes + option.bytes, changes + 1)) this.take(option, b, bytes, changes);
    }
    for (const key of bannedReplicas) this.settled.delete(key);
    for (const p of bannedLeaders) this.leadershipFixed.delete(p);
  }

  private ban({ p, to }: Option, b: number, replicas: number[], led: number[]): void {
    const key = p * this.context.model.brokers + b;
    if (to < 0 && !this.leadershipFixed.has(p)) {
      this.leadershipFixed.add(p);
      led.push(p);
    } else if (to >= 0 && !this.settled.has(key)) {
      this.settled.add(key);
      replicas.push(key);
    }
  }

  private take({ p, slot, to, bytes: more }: Option, b: number, bytes: number, changes: number) {
    const { model } = this.context;
    if (to < 0) {
      model.lead(p, slot);
      this.leadershipFixed.add(p);
      this.visit(bytes, changes + 1);
      this.leadershipFixed.delete(p);
      model.lead(p, slot);
      return;
    }
    const key = p * model.brokers + to;
    const had = this.settled.has(key);
    model.move(p, slot, to);
    this.settled.add(key);
    this.visit(bytes + more, changes + 1);
    if (!had) this.settled.delete(key);
    model.move(p, slot, b);
  }

  private isWorth(bytes: number, changes: number): boolean {
    if (bytes > this.bytesMax * (1 + 1e-12)) return false;
    if (!this.best) return true;
    const slack = 1e-9 * this.best.bytes;
    return (
      bytes < this.best.bytes - slack ||
      (bytes <= this.best.bytes + slack && changes < this.best.changes)
    );
  }

  private keep(bytes: number, changes: number): void {
    if (!this.isWorth(bytes, changes) || this.kept++ > keptMax || !this.isDoable()) return;
    const { model } = this.context;
    const assignment = Array.from({ length: model.partitions }, (_, p) => model.brokersOf(p));
    this.best = { bytes, changes, assignment, isProven: false };
  }

  /** Where a cap is broken worst, and the least bytes that must still move. */
  private worst(): { at: number; leastBytes: number } {
    const { model } = this.context;
    let at = -1;
    let most = 1e-9;
    let leastBytes = 0;
    for (let i = 0; i < model.load.length; i++) {
      const excess = model.load[i]! - this.caps[i]!;
      if (excess <= 1e-9 * this.caps[i]! || !model.alive[(i / kinds) | 0]) continue;
      if (i % kinds === disk) leastBytes += excess;
      const share = excess / Math.max(this.caps[i]!, 1e-9);
      if (share > most) {
        at = i;
        most = share;
      }
    }
    return { at, leastBytes };
  }

  private optionsOf(b: number, r: number): Option[] {
    const { model, rules } = this.context;
    const options: Option[] = [];
    const isOfLeaders = r === netOut || r === leaders || r === cpu;
    for (let p = 0; p < model.partitions; p++) {
      const slot = model.slotOf(p, b);
      if (slot < 0 || !rules.isMutable(p)) continue;
      const leads = model.leads(p, slot);
      if (model.loadOf(p, leads, r) <= 0) continue;
      if (isOfLeaders && leads && !this.leadershipFixed.has(p)) {
        for (let other = 1; other < model.factor[p]!; other++) {
          if (rules.mayLead[model.at(p, other)] && model.canLead(p, other)) {
            options.push({ p, slot: other, to: -1, bytes: 0, overflow: 0 });
          }
        }
      }
      if (!this.settled.has(p * model.brokers + b) && rules.isFree(p))
        this.addMoves(options, p, slot);
    }
    const group = (o: Option) => (o.to < 0 ? 0 : 1);
    return options.sort(
      (x, y) =>
        group(x) - group(y) ||
        x.bytes - y.bytes ||
        x.p - y.p ||
        x.overflow - y.overflow ||
        x.to - y.to,
    );
  }

  private addMoves(options: Option[], p: number, slot: number): void {
    const { model, rules } = this.context;
    const leads = model.leads(p, slot);
    for (let to = 0; to < model.brokers; to++) {
      if (!rules.receives[to] || !rules.isPlace(p, to)) continue;
      if (leads && !rules.mayLead[to]) continue;
      if (!rules.racksStayEven(p, slot, to)) continue;
      let overflow = 0;
      for (let r = 0; r < kinds; r++) {
        const more = model.loadOf(p, leads, r);
        const cap = this.caps[to * kinds + r]!;
        const excess = model.load[to * kinds + r]! + more - cap;
        if (more > 0 && excess > 0) overflow += excess / Math.max(cap, 1e-9);
      }
      options.push({ p, slot, to, bytes: model.size[p]!, overflow });
    }
  }
}

/** Makes the model what the search found. */
export function applyFound({ model }: Context, { assignment }: Found): void {
  for (const [p, brokers] of assignment.entries()) {
    if (brokers.join() !== model.brokersOf(p).join()) model.assign(p, brokers);
  }
}

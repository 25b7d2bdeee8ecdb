/**
 * Leadership changes: they cost no bytes. Brokers outside the band in network out or leaders, on
 * either side, hand over or take over leadership, as long as every change brings the two brokers
 * concerned nearer to the band. Pure.
 */
import type { Model } from './model.ts';
import { cpu, kinds, leaders, netOut } from './resources.ts';
import type { Rules } from './rules.ts';
import type { Targets } from './targets.ts';

const roundsMax = 12;
const evened = [netOut, leaders, cpu] as const;
/** CPU is mostly a matter of where replicas are; leadership only helps. */
const weightOf = (resource: number): number => (resource === cpu ? 0.2 : 1);

/** Evens out to `band` above and below each broker's share; returns the number of changes. */
export function evenLeadership(model: Model, rules: Rules, targets: Targets, band: number): number {
  const work = new Evening(model, rules, targets, band);
  let changes = 0;
  for (let round = 0; round < roundsMax; round++) {
    const made = work.coolHot() + work.warmCold();
    changes += made;
    if (made === 0) break;
  }
  return changes;
}

class Evening {
  private readonly model: Model;
  private readonly rules: Rules;
  private readonly high: number;
  private readonly low: number;
  /** 1 ÷ target by broker and resource; 0 where a load is not known or not there. */
  private readonly per: Float64Array;

  constructor(model: Model, rules: Rules, targets: Targets, band: number) {
    this.model = model;
    this.rules = rules;
    this.high = band;
    this.low = 2 - band;
    this.per = targets.target.map((t, i) => (t > 0 && model.known[i % kinds] ? 1 / t : 0));
  }

  private penalty(b: number, resource: number, more: number): number {
    const per = this.per[b * kinds + resource]!;
    if (per === 0) return 0;
    const ratio = (this.model.load[b * kinds + resource]! + more) * per;
    const off = Math.max(0, ratio - this.high, this.low - ratio);
    return weightOf(resource) * off * off;
  }

  /** How much nearer to the band two brokers get when `to` takes over from `from`. */
  private gain(p: number, from: number, to: number): number {
    const { model: m } = this;
    let gain = 0;
    for (const r of evened) {
      const by =
        r === netOut ? m.outflow[p]! : r === leaders ? 1 : m.leaderCpu[p]! - m.followerCpu[p]!;
      gain += this.penalty(from, r, 0) - this.penalty(from, r, -by);
      gain += this.penalty(to, r, 0) - this.penalty(to, r, by);
    }
    return gain;
  }

  private worst(b: number, sign: 1 | -1): { off: number; resource: number } {
    let off = 0;
    let resource = -1;
    for (const r of [netOut, leaders]) {
      const per = this.per[b * kinds + r]!;
      if (per === 0) continue;
      const ratio = this.model.load[b * kinds + r]! * per;
      const over = sign > 0 ? ratio - this.high : this.low - ratio;
      if (over > off) {
        off = over;
        resource = r;
      }
    }
    return { off, resource };
  }

  private outside(sign: 1 | -1): number[] {
    return this.model.ids
      .map((_, b) => ({ b, off: this.model.alive[b] ? this.worst(b, sign).off : 0 }))
      .filter(({ off }) => off > 1e-9)
      .sort((x, y) => y.off - x.off || x.b - y.b)
      .map(({ b }) => b);
  }

  /** Large partitions first for outflow, small ones first for counts. */
  private order(partitions: number[], resource: number): number[] {
    const { outflow } = this.model;
    const sign = resource === netOut ? 1 : -1;
    return partitions.sort((x, y) => sign * (outflow[y]! - outflow[x]!) || x - y);
  }

  /** Brokers above the band hand over to the follower that gains most. */
  coolHot(): number {
    const { model, rules } = this;
    const led: number[][] = Array.from({ length: model.brokers }, () => []);
    for (let p = 0; p < model.partitions; p++) if (rules.isMutable(p)) led[model.at(p, 0)]!.push(p);
    let changes = 0;
    for (const b of this.outside(1)) {
      const { resource } = this.worst(b, 1);
      if (resource < 0) continue;
      for (const p of this.order(led[b]!, resource)) {
        if (this.worst(b, 1).off <= 1e-9) break;
        const slot = model.at(p, 0) === b ? this.bestFollower(p, b) : -1;
        if (slot < 0) continue;
        model.lead(p, slot);
        changes += 1;
      }
    }
    return changes;
  }

  private bestFollower(p: number, from: number): number {
    const { model } = this;
    let best = -1;
    let most = 1e-12;
    for (let slot = 1; slot < model.factor[p]!; slot++) {
      const gain = this.gain(p, from, model.at(p, slot));
      if (gain > most && this.rules.leadAllows(p, slot)) {
        best = slot;
        most = gain;
      }
    }
    return best;
  }

  /** Brokers below the band take over what they follow, where both gain by it. */
  warmCold(): number {
    const { model, rules } = this;
    const cold = this.outside(-1);
    const followed = new Map<number, number[]>(cold.map((b) => [b, []]));
    for (let p = 0; p < model.partitions; p++) {
      if (!rules.isMutable(p)) continue;
      for (let slot = 1; slot < model.factor[p]!; slot++) {
        followed.get(model.at(p, slot))?.push(p);
      }
    }
    let changes = 0;
    for (const b of cold) {
      const { resource } = this.worst(b, -1);
      if (resource < 0 || !rules.mayLead[b]) continue;
      for (const p of this.order(followed.get(b)!, resource)) {
        if (this.worst(b, -1).off <= 1e-9) break;
        const slot = model.slotOf(p, b);
        if (slot <= 0 || this.gain(p, model.at(p, 0), b) <= 1e-12) continue;
        if (!rules.leadAllows(p, slot)) continue;
        model.lead(p, slot);
        changes += 1;
      }
    }
    return changes;
  }
}

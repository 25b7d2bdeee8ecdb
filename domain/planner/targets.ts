/**
 * What an even cluster would have on each broker: its share of every load, by capacity (or equal
 * ones), as near as the racks allow. All evenness in the planner is measured against these. Pure.
 */
import type { PlanOptions } from '../../contracts/rebalance.ts';
import type { Model } from './model.ts';
import { rackRange, sharesWithin } from './racks.ts';
import { cpu, disk, kinds, netIn, netOut, replicas } from './resources.ts';

/** The capacity by which each load is shared out; counts follow what their members mostly cost. */
const capacityFor = [disk, netIn, netOut, cpu, netOut, disk];

export class Targets {
  /** Share of each broker in a mean of 1, by `broker * 6 + resource`; 0 for lost brokers. */
  readonly weight: Float64Array;
  /** Load that each broker has in an even cluster, as near as racks allow. */
  readonly target: Float64Array;
  /** The least maximum over mean that racks force, by resource. */
  readonly forced: number[];
  readonly means: number[];
  private readonly model: Model;

  constructor(model: Model, evenness: PlanOptions['evenness'] = 'share') {
    this.model = model;
    this.weight = weightsOf(model, evenness);
    this.means = Array.from({ length: kinds }, (_, r) => model.mean(r));
    this.target = this.weight.map((w, i) => w * this.means[i % kinds]!);
    for (const r of [disk, netIn, replicas]) this.bendToRacks(r);
    this.forced = this.means.map((mean, r) => {
      let most = 1;
      for (let b = 0; b < model.brokers; b++) {
        const even = mean * this.weight[b * kinds + r]!;
        if (even > 0) most = Math.max(most, this.target[b * kinds + r]! / even);
      }
      return most;
    });
  }

  of(b: number, resource: number): number {
    return this.target[b * kinds + resource]!;
  }

  /** Load of a broker over its share of the mean; 1 where there is no load at all. */
  ratio(b: number, resource: number): number {
    const even = this.means[resource]! * this.weight[b * kinds + resource]!;
    return even > 0 ? this.model.of(b, resource) / even : 1;
  }

  /** Load of a broker over what it has in an even cluster. */
  overTarget(b: number, resource: number): number {
    const target = this.of(b, resource);
    return target > 0 ? this.model.of(b, resource) / target : 1;
  }

  private bendToRacks(resource: number): void {
    const { model } = this;
    const brokersIn = new Int32Array(model.racks);
    const weightIn = new Float64Array(model.racks);
    for (let b = 0; b < model.brokers; b++) {
      if (!model.alive[b]) continue;
      brokersIn[model.rack[b]!]! += 1;
      weightIn[model.rack[b]!]! += this.weight[b * kinds + resource]!;
    }
    const { total, least, most } = forcedByRacks(model, brokersIn, resource);
    if (total === 0) return;
    const shares = sharesWithin(total, weightIn, least, most);
    const scale = (this.means[resource]! * weightIn.reduce((sum, w) => sum + w, 0)) / total;
    for (let b = 0; b < model.brokers; b++) {
      if (!model.alive[b]) continue;
      const rack = model.rack[b]!;
      const mine = this.weight[b * kinds + resource]! / weightIn[rack]!;
      this.target[b * kinds + resource] = shares[rack]! * mine * scale;
    }
  }
}

/** Least and most of a load that racks can hold when every partition is spread evenly. */
function forcedByRacks(model: Model, brokersIn: Int32Array, resource: number) {
  const byFactor = new Map<number, number>();
  for (let p = 0; p < model.partitions; p++) {
    const factor = model.factor[p]!;
    byFactor.set(factor, (byFactor.get(factor) ?? 0) + model.loadOf(p, false, resource));
  }
  const least = new Float64Array(model.racks);
  const most = new Float64Array(model.racks);
  let total = 0;
  for (const [factor, load] of byFactor) {
    const range = rackRange(factor, brokersIn);
    const live = brokersIn.reduce((sum, n) => sum + n, 0);
    total += load * Math.min(factor, live);
    for (let k = 0; k < model.racks; k++) {
      least[k]! += load * range.least[k]!;
      most[k]! += load * range.most[k]!;
    }
  }
  return { total, least, most };
}

/** Where a capacity is not known, every broker counts the same. */
function weightsOf(model: Model, evenness: PlanOptions['evenness']): Float64Array {
  const weight = new Float64Array(model.brokers * kinds);
  for (let r = 0; r < kinds; r++) {
    const capacity = (b: number) => model.capacity[b * 4 + capacityFor[r]!]!;
    const live = model.ids.map((_, b) => b).filter((b) => model.alive[b]);
    const byShare = evenness === 'share' && live.every((b) => capacity(b) > 0);
    const mean = live.reduce((sum, b) => sum + capacity(b), 0) / Math.max(1, live.length);
    for (const b of live) weight[b * kinds + r] = byShare ? capacity(b) / mean : 1;
  }
  return weight;
}

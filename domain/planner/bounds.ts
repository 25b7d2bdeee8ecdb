/**
 * Lower bounds on the bytes that any plan must move; derivations in docs/reference/planner.md.
 * Each is taken from the cluster before the plan. Pure.
 */
import type { Model } from './model.ts';
import { cpu, disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';
import type { Targets } from './targets.ts';

/** Per broker and resource, what it may have at most and must have at least. */
export interface Band {
  high: (broker: number, resource: number) => number;
  low: (broker: number, resource: number) => number;
}

/** Least bytes that bring disk, network in and replicas of every live broker within the band. */
export function bandBound(model: Model, { high, low }: Band): number {
  let over = 0;
  let under = 0;
  const shed = [netIn, replicas].map(() => 0);
  const { start, position } = model.replicasByBroker();
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    if (model.known[disk]) {
      over += Math.max(0, model.of(b, disk) - high(b, disk));
      under += Math.max(0, low(b, disk) - model.of(b, disk));
    }
    const mine = position.subarray(start[b]!, start[b + 1]!);
    for (const [i, r] of [netIn, replicas].entries()) {
      const excess = model.of(b, r) - high(b, r);
      if (model.known[r] && excess > 1e-9 * model.of(b, r)) {
        shed[i]! += leastBytes(model, mine, r, excess);
      }
    }
  }
  return Math.max(over, under, ...shed);
}

/** Least bytes that leave one broker when it sheds `excess` of a load: a fractional knapsack. */
function leastBytes(
  model: Model,
  mine: Int32Array,
  resource: number,
  excess: number,
  loadOf = (p: number, slot: number) => model.loadOf(p, model.leads(p, slot), resource),
): number {
  const { width } = model;
  const items = Array.from(mine, (i) => {
    const p = (i / width) | 0;
    return { load: loadOf(p, i % width), size: model.size[p]! };
  }).filter(({ load }) => load > 0);
  items.sort((x, y) => x.size / x.load - y.size / y.load);
  let left = excess;
  let bytes = 0;
  for (const { load, size } of items) {
    if (load >= left) return bytes + (size * left) / load;
    left -= load;
    bytes += size;
  }
  return bytes;
}

/**
 * Least bytes that bring every live broker under its limits, or down to where `reached` (loads
 * after the plan) still is above them: for each broker the largest over its limits. Leadership is
 * free to shed wherever another replica could lead.
 */
export function limitBound(model: Model, reached: Float64Array): number {
  const { start, position } = model.replicasByBroker();
  let total = 0;
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    const mine = position.subarray(start[b]!, start[b + 1]!);
    let most = 0;
    for (const r of [disk, netIn, netOut, cpu, leaders, replicas]) {
      const limit = Math.max(model.limitOf(b, r), reached[b * kinds + r]!);
      if (!model.known[r] || model.of(b, r) <= limit * (1 + 1e-9)) continue;
      most = Math.max(most, boundBytes(model, mine, r, limit));
    }
    total += most;
  }
  return total;
}

function boundBytes(model: Model, mine: Int32Array, resource: number, limit: number): number {
  // What stays when every leadership that can go has gone.
  const stays = (p: number, slot: number) =>
    model.loadOf(p, model.leads(p, slot) && model.factor[p] === 1, resource);
  let sum = 0;
  for (const i of mine) sum += stays((i / model.width) | 0, i % model.width);
  const excess = sum - limit;
  return excess > 1e-9 * sum ? leastBytes(model, mine, resource, excess, stays) : 0;
}

/** A band around each broker's share, as wide as `1 - low` and `high - 1`. */
export const bandAround = (targets: Targets, low: number, high: number): Band => ({
  high: (b, r) => high * targets.of(b, r),
  low: (b, r) => low * targets.of(b, r),
});

/**
 * Lower bounds on the MB that any plan must move; derivations in docs/reference/planner.md. Pure.
 */
import { cpu, disk, leaders, type Model, netIn, netOut, replicas } from './model.ts';

/** Bytes of the replicas that must leave their brokers, whatever the plan. */
export function forcedBound(model: Model, positions: number[]): number {
  return positions.reduce((sum, i) => sum + model.size[(i / model.width) | 0]!, 0);
}

/** Least MB that brings every live broker's disk within low..high × mean. */
export function bandBound(model: Model, low = 0.9, high = 1.1): number {
  const mean = model.mean(disk);
  let over = 0;
  let under = 0;
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    over += Math.max(0, model.of(b, disk) - high * mean);
    under += Math.max(0, low * mean - model.of(b, disk));
  }
  return Math.max(over, under);
}

/**
 * Least MB that brings every broker under its limits: for each broker the largest over its limits
 * of the fractional minimum, taking the replicas with the most of that load per MB first.
 */
export function limitBound(model: Model): number {
  const { start, position } = model.replicasByBroker();
  let total = 0;
  for (let b = 0; b < model.brokers; b++) {
    const mine = position.subarray(start[b]!, start[b + 1]!);
    let most = 0;
    for (const resource of [disk, netIn, cpu, replicas]) {
      const excess = model.of(b, resource) - model.limitOf(b, resource);
      if (excess > 0) most = Math.max(most, fractional(model, mine, resource, excess));
    }
    total += most;
  }
  return total;
}

/** Leadership costs no bytes, so a leader's CPU above a follower's is free to shed. */
function fractional(model: Model, mine: Int32Array, resource: number, excess: number): number {
  const loadOf = (i: number): number => {
    const p = (i / model.width) | 0;
    if (resource === disk) return model.size[p]!;
    if (resource === netIn) return model.inflow[p]!;
    return resource === replicas ? 1 : model.leaderCpu[p]!;
  };
  const sizeOf = (i: number) => model.size[(i / model.width) | 0]!;
  const order = Array.from(mine).sort(
    (x, y) => loadOf(y) / (sizeOf(y) || 1e-9) - loadOf(x) / (sizeOf(x) || 1e-9),
  );
  let left = excess;
  let bytes = 0;
  for (const i of order) {
    const load = loadOf(i);
    if (load >= left) return bytes + (load > 0 ? (sizeOf(i) * left) / load : 0);
    left -= load;
    bytes += sizeOf(i);
  }
  return bytes;
}

export const summarised = [disk, netIn, netOut, cpu, leaders, replicas] as const;

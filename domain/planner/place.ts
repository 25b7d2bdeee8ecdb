/**
 * Forced placement: replicas on brokers that are lost or leave get a new broker each. Only these
 * move, so the bytes are the lower bound. Large ones first, each to the broker that it suits best.
 * Pure.
 */
import { cpu, disk, leaders, type Model, netIn, netOut } from './model.ts';
import type { Rules } from './rules.ts';
import type { Blocked } from './snapshot.ts';

/** Positions (`p * width + slot`) of replicas that must move. */
export function forcedPositions(model: Model, from: (broker: number) => boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < model.slots.length; i++) {
    const b = model.slots[i]!;
    if (b >= 0 && from(b)) found.push(i);
  }
  return found;
}

/** Moves them; what no rule allows stays and is told. Returns what is blocked. */
export function placeForced(model: Model, rules: Rules, positions: number[]): Blocked[] {
  const { width, brokers } = model;
  const blocked: Blocked[] = [];
  // By partition and broker, since a hand-over of leadership changes slots.
  const forced = positions
    .map((position) => ({ p: (position / width) | 0, broker: model.slots[position]! }))
    .sort((a, b) => model.size[b.p]! - model.size[a.p]! || a.p - b.p || a.broker - b.broker);
  const leaving = new Set(forced.map(({ p, broker }) => p * brokers + broker));
  for (const { p, broker } of forced) {
    const fixed = rules.isFixed(p);
    if (!fixed && model.at(p, 0) === broker) handOver(model, rules, p, leaving);
    const slot = slotOf(model, p, broker);
    const to = fixed ? -1 : bestDestination(model, rules, { p, slot, leaving });
    if (to >= 0) model.move(p, slot, to);
    else blocked.push(blockedAt(model, rules, p, slot));
  }
  return blocked;
}

function slotOf(model: Model, p: number, broker: number): number {
  for (let slot = 0; slot < model.factor[p]!; slot++) if (model.at(p, slot) === broker) return slot;
  return 0;
}

function blockedAt(model: Model, rules: Rules, p: number, slot: number): Blocked {
  const { topic, partition } = model.snapshot.partitions[p]!;
  const broker = model.ids[model.at(p, slot)]!;
  return { topic, partition, broker, ...rules.blocking(p, slot) };
}

/** A leader that goes hands over to its least loaded follower that stays, if there is one. */
function handOver(model: Model, rules: Rules, p: number, leaving: ReadonlySet<number>): void {
  let best = -1;
  let bestLoad = Number.POSITIVE_INFINITY;
  const meanOut = model.mean(netOut);
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    if (leaving.has(p * model.brokers + b) || !rules.leadAllows(p, b)) continue;
    const load = leaderLoad(model, b, meanOut);
    if (load < bestLoad) {
      best = slot;
      bestLoad = load;
    }
  }
  if (best > 0) model.lead(p, best);
}

const leaderLoad = (model: Model, b: number, meanOut: number): number =>
  Math.max(model.of(b, netOut) / meanOut, (0.95 * model.of(b, leaders)) / model.mean(leaders));

/** The broker whose fullest relevant load stays lowest; -1 when every one is forbidden. */
function bestDestination(
  model: Model,
  rules: Rules,
  { p, slot, leaving }: { p: number; slot: number; leaving: ReadonlySet<number> },
): number {
  const means = [model.mean(disk), model.mean(netIn), model.mean(cpu)];
  const perDisk = 1 / (means[0] || 1);
  const perIn = 1 / (means[1] || 1);
  const perCpu = 0.9 / (means[2] || 1);
  let best = -1;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (let b = 0; b < model.brokers; b++) {
    const load = Math.max(
      (model.of(b, disk) + model.size[p]!) * perDisk,
      (model.of(b, netIn) + model.inflow[p]!) * perIn,
      model.of(b, cpu) * perCpu,
    );
    // Not back to a broker that it must leave: its replica there is lost, or is to go.
    const fits = load < bestLoad && !leaving.has(p * model.brokers + b);
    if (fits && rules.moveAllows(p, slot, b)) {
      best = b;
      bestLoad = load;
    }
  }
  return best;
}

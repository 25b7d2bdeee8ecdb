/**
 * Just under the limits, with the fewest bytes and changes: leadership first, which is free, then
 * replicas, then exchanges; at the end whatever was not needed is taken back. Small clusters are
 * searched to the end by exact.ts instead. Pure.
 */
import type { Context } from './context.ts';
import { coverOf, type Item } from './cover.ts';
import { exchange } from './exchange.ts';
import { Guard } from './guard.ts';
import type { Model } from './model.ts';
import { BestFit } from './place.ts';
import { cpu, disk, leaders, netIn, netOut, replicas } from './resources.ts';
import type { Rules } from './rules.ts';

const passes = 4;
const ofLeadership = [netOut, leaders, cpu];
const ofReplicas = [disk, netIn, replicas, cpu, netOut, leaders];

/** Live brokers that are over a limit, the worst first. */
export function overBrokers({ model }: { model: Model }): number[] {
  const over = (b: number) => {
    let worst = 0;
    for (const r of ofReplicas) {
      if (!model.isOver(b, r)) continue;
      worst = Math.max(worst, model.of(b, r) / Math.max(model.limitOf(b, r), 1e-9));
    }
    return worst;
  };
  return model.ids
    .map((_, b) => ({ b, over: model.alive[b] ? over(b) : 0 }))
    .filter((x) => x.over > 0)
    .sort((x, y) => y.over - x.over || x.b - y.b)
    .map(({ b }) => b);
}

/** Brings loads under their limits where it can; what stays over is seen in the model. */
export function fitGreedily(context: Context): void {
  const { model } = context;
  for (let pass = 0; pass < passes; pass++) {
    const over = overBrokers(context);
    if (over.length === 0) break;
    const { start, position } = model.replicasByBroker();
    const fit = new BestFit(model, context.rules, context.targets);
    for (const b of over) {
      const mine = position.subarray(start[b]!, start[b + 1]!);
      for (const r of ofLeadership) handOverCover(context, b, r, mine);
      for (const r of ofReplicas) moveCover(context, fit, { b, r, mine });
    }
    if (!context.rules.isSimple) exchange(context, overBrokers(context));
  }
}

const excessOf = (model: Model, b: number, r: number): number =>
  model.isOver(b, r) ? model.of(b, r) - model.limitOf(b, r) : 0;

function handOverCover({ model, rules }: Context, b: number, r: number, mine: Int32Array): void {
  const refused = new Set<number>();
  for (let excess = excessOf(model, b, r); excess > 0; excess = excessOf(model, b, r)) {
    const items: Item[] = [];
    for (const i of mine) {
      const p = (i / model.width) | 0;
      if (model.at(p, 0) !== b || !rules.isMutable(p) || refused.has(p)) continue;
      const load = model.loadOf(p, true, r) - model.loadOf(p, false, r);
      items.push({ key: p, load, cost: 1 });
    }
    if (!items.some(({ load }) => load > 0)) return;
    for (const { key: p } of coverOf(items, excess)) {
      if (leadElsewhere(model, rules, p)) continue;
      refused.add(p);
      // What comes next was chosen for an excess that is another now.
      break;
    }
  }
}

/** To the follower that stays furthest below its limits. */
function leadElsewhere(model: Model, rules: Rules, p: number): boolean {
  let best = -1;
  let bestShare = Number.POSITIVE_INFINITY;
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    if (!rules.leadAllows(p, slot)) continue;
    const b = model.at(p, slot);
    const share = Math.max(
      ...ofLeadership.map((r) => model.of(b, r) / Math.max(model.limitOf(b, r), 1e-9)),
    );
    if (share < bestShare) {
      best = slot;
      bestShare = share;
    }
  }
  if (best > 0) model.lead(p, best);
  return best > 0;
}

function moveCover(
  { model, rules }: Context,
  fit: BestFit,
  { b, r, mine }: { b: number; r: number; mine: Int32Array },
): void {
  const refused = new Set<number>();
  for (let excess = excessOf(model, b, r); excess > 0; excess = excessOf(model, b, r)) {
    const items: Item[] = [];
    for (const i of mine) {
      const p = (i / model.width) | 0;
      if (refused.has(p) || !rules.isFree(p)) continue;
      const slot = model.slotOf(p, b);
      if (slot < 0) continue;
      const load = model.loadOf(p, model.leads(p, slot), r);
      items.push({ key: p, load, cost: model.size[p]! + 1e-6 });
    }
    if (!items.some(({ load }) => load > 0)) return;
    for (const { key: p } of coverOf(items, excess)) {
      const slot = model.slotOf(p, b);
      const to = fit.free(p, slot);
      if (to >= 0) model.move(p, slot, to);
      else refused.add(p);
      // What comes next was chosen for an excess that is another now.
      if (to < 0) break;
    }
  }
}

/**
 * Takes back every change without which the limits hold as well, the dearest first; returns how
 * many.
 */
export function undoNeedless({ model }: Context): number {
  let undone = 0;
  const changed: { p: number; now: number[]; was: number[]; bytes: number }[] = [];
  for (let p = 0; p < model.partitions; p++) {
    const was = settledOf(model, p);
    const now = model.brokersOf(p);
    if (!model.hasSource[p] || now.join() === was.join()) continue;
    const moved = now.filter((b) => !was.includes(b)).length;
    changed.push({ p, now, was, bytes: moved * model.size[p]! });
  }
  changed.sort((a, b) => b.bytes - a.bytes || a.p - b.p);
  for (const { p, now, was } of changed) {
    const guard = new Guard(model, new Set([...now, ...was]));
    model.assign(p, was);
    if (guard.isPushed()) model.assign(p, now);
    else undone += 1;
  }
  return undone;
}

/** The partition's brokers as they settled, the leader first. */
export function settledOf(model: Model, p: number): number[] {
  const at = p * model.width;
  const count = model.list[p]!.replicas.length;
  const list = Array.from(model.slotsBefore.subarray(at, at + count));
  const leader = model.settled[p]!;
  return leader < 0 ? list : [leader, ...list.filter((b) => b !== leader)];
}

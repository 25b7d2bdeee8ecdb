/**
 * Exchanges, for brokers that stay over a limit because nobody has room: another broker first gives
 * something away (to the broker over its limit, or to a third), then takes. Replicas and leaders
 * alike. Bounded in number of tries. Pure.
 */
import type { Context } from './context.ts';
import { Guard } from './guard.ts';
import type { Model } from './model.ts';
import { cpu, disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';

const triesMax = 60_000;
const all = [disk, netIn, netOut, cpu, leaders, replicas];

/** How far brokers are over their limits, as shares of them. */
function excessSum(model: Model, brokers: Iterable<number>): number {
  let sum = 0;
  for (const b of brokers) {
    if (!model.alive[b]) continue;
    for (const r of all) {
      const limit = model.limit[b * kinds + r]!;
      const load = model.load[b * kinds + r]!;
      if (load > limit * (1 + 1e-9)) sum += load / Math.max(limit, 1e-9) - 1;
    }
  }
  return sum;
}

/** Exchanges for each of these brokers as long as they help. */
export function exchange(context: Context, brokers: number[]): void {
  const tries = { left: triesMax };
  for (const b of brokers) {
    while (tries.left > 0 && excessSum(context.model, [b]) > 0) {
      if (!exchangeLeaders(context, b, tries) && !exchangeReplicas(context, b, tries)) break;
    }
  }
}

interface Tries {
  left: number;
}

/** b hands p to c, and c hands q to another of q's replicas. */
function exchangeLeaders({ model, rules }: Context, b: number, tries: Tries): boolean {
  const led = ledBy(model);
  for (const p of led[b]!) {
    if (!rules.isMutable(p)) continue;
    for (let slot = 1; slot < model.factor[p]!; slot++) {
      const c = model.at(p, slot);
      if (!rules.mayLead[c] || !model.canLead(p, slot)) continue;
      for (const q of led[c]!) {
        if (!rules.isMutable(q) || q === p) continue;
        for (let other = 1; other < model.factor[q]!; other++) {
          if (tries.left-- <= 0) return false;
          const d = model.at(q, other);
          if (!rules.mayLead[d] || !model.canLead(q, other)) continue;
          const concerned = new Set([b, c, d]);
          const before = excessSum(model, concerned);
          const guard = new Guard(model, concerned);
          model.lead(q, other);
          model.lead(p, slot);
          if (excessSum(model, concerned) < before - 1e-9 && !guard.isPushed()) return true;
          model.lead(p, slot);
          model.lead(q, other);
        }
      }
    }
  }
  return false;
}

function ledBy(model: Model): number[][] {
  const led: number[][] = Array.from({ length: model.brokers }, () => []);
  for (let p = 0; p < model.partitions; p++) if (model.hasSource[p]) led[model.at(p, 0)]!.push(p);
  return led;
}

/** b gives p to c, and c gives q to b or to another. */
function exchangeReplicas(context: Context, b: number, tries: Tries): boolean {
  const { model, rules } = context;
  const { start, position } = model.replicasByBroker();
  const on = (x: number) =>
    Array.from(position.subarray(start[x]!, start[x + 1]!), (i) => (i / model.width) | 0)
      .filter((p) => rules.isFree(p))
      .sort((x1, y1) => model.size[x1]! - model.size[y1]! || x1 - y1);
  const mine = on(b);
  for (let c = 0; c < model.brokers; c++) {
    if (c === b || !rules.receives[c]) continue;
    for (const q of on(c)) {
      for (const d of destinations(model, b, c)) {
        for (const p of mine) {
          if (tries.left-- <= 0) return false;
          if (p !== q && helps(context, { b, c, d, p, q })) return true;
        }
      }
    }
  }
  return false;
}

/** b itself first, then the others. */
const destinations = (model: Model, b: number, c: number): number[] => [
  b,
  ...model.ids.map((_, x) => x).filter((x) => x !== b && x !== c),
];

interface Pair {
  b: number;
  c: number;
  d: number;
  p: number;
  q: number;
}

function helps({ model, rules }: Context, { b, c, d, p, q }: Pair): boolean {
  const slotQ = model.slotOf(q, c);
  const slotP = model.slotOf(p, b);
  if (slotQ < 0 || slotP < 0) return false;
  if (!rules.receives[d] || !rules.isPlace(q, d) || !rules.isPlace(p, c)) return false;
  if (!rules.racksStayEven(q, slotQ, d) || !rules.racksStayEven(p, slotP, c)) return false;
  if ((slotQ === 0 && !rules.mayLead[d]) || (slotP === 0 && !rules.mayLead[c])) return false;
  const concerned = new Set([b, c, d]);
  const before = excessSum(model, concerned);
  const guard = new Guard(model, concerned);
  model.move(q, slotQ, d);
  model.move(p, slotP, c);
  if (excessSum(model, concerned) < before - 1e-9 && !guard.isPushed()) return true;
  model.move(p, slotP, b);
  model.move(q, slotQ, c);
  return false;
}

/**
 * Evenness, recomputed: shares by capacity, what racks force, and the bounds that follow. The
 * racks' shares are found by fixing racks at their bounds one at a time, not as the planner does.
 * Pure.
 */
import { type Case, type Load, names, num, replicaLoad } from './case.ts';

/** Capacity that each load is shared by: disk, in, out, CPU; counts by what they mostly cost. */
const capacityFor = [0, 1, 2, 3, 2, 0];

export interface Even {
  /** Share of a broker in a mean of 1, and load in an even cluster as the racks allow. */
  weight: Map<number, Load>;
  target: Map<number, Load>;
  mean: number[];
  forced: number[];
}

export function evenOf(c: Case, loads: Map<number, Load> = c.before): Even {
  const mean = names.map((_, r) => {
    const sum = c.live.reduce((all, b) => all + loads.get(b.id)![r]!, 0);
    return sum / Math.max(1, c.live.length);
  });
  const weight = new Map<number, Load>(c.live.map((b) => [b.id, [1, 1, 1, 1, 1, 1]]));
  for (const [r] of names.entries()) {
    const capacity = (i: number) => {
      const { diskBytes, inBytesPerS, outBytesPerS, cpuPct } = c.live[i]!.capacity;
      return num([diskBytes, inBytesPerS, outBytesPerS, cpuPct][capacityFor[r]!]!);
    };
    const all = c.live.map((_, i) => capacity(i));
    const average = all.reduce((sum, x) => sum + x, 0) / Math.max(1, all.length);
    const byShare = (c.options.evenness ?? 'share') === 'share' && all.every((x) => x > 0);
    if (byShare) for (const [i, b] of c.live.entries()) weight.get(b.id)![r] = all[i]! / average;
  }
  const target = new Map<number, Load>(
    c.live.map((b) => [b.id, names.map((_, r) => mean[r]! * weight.get(b.id)![r]!) as Load]),
  );
  for (const r of [0, 1, 5]) bend(c, { weight, target, mean }, r);
  const forced = names.map((_, r) =>
    c.live.reduce((most, b) => {
      const even = mean[r]! * weight.get(b.id)![r]!;
      return even > 0 ? Math.max(most, target.get(b.id)![r]! / even) : most;
    }, 1),
  );
  return { weight, target, mean, forced };
}

interface Rack {
  brokers: number[];
  weight: number;
  least: number;
  most: number;
  share: number;
  isFixed: boolean;
}

function bend(c: Case, even: Pick<Even, 'weight' | 'target' | 'mean'>, r: number): void {
  const racks = new Map<string, Rack>();
  for (const b of c.live) {
    const name = b.rack == null ? `broker ${b.id}` : `rack ${b.rack}`;
    const fresh = { brokers: [], weight: 0, least: 0, most: 0, share: 0, isFixed: false };
    const rack: Rack = racks.get(name) ?? fresh;
    rack.brokers.push(b.id);
    rack.weight += even.weight.get(b.id)![r]!;
    racks.set(name, rack);
  }
  const all = [...racks.values()];
  const total = bounds(c, all, r);
  if (total === 0) return;
  share(all, total);
  const scale = (even.mean[r]! * all.reduce((sum, k) => sum + k.weight, 0)) / total;
  for (const rack of all) {
    for (const id of rack.brokers) {
      const mine = even.weight.get(id)![r]! / rack.weight;
      even.target.get(id)![r] = rack.share * mine * scale;
    }
  }
}

/** Least and most load of each rack, dealing every factor's replicas out one at a time. */
function bounds(c: Case, racks: Rack[], r: number): number {
  const byFactor = new Map<number, number>();
  for (const { p } of c.parts) {
    const load = replicaLoad(p, false, p.replicas.length)[r]!;
    byFactor.set(p.replicas.length, (byFactor.get(p.replicas.length) ?? 0) + load);
  }
  let total = 0;
  for (const [factor, load] of byFactor) {
    const counts = racks.map(() => 0);
    let left = Math.min(factor, c.live.length);
    total += load * left;
    for (;;) {
      const open = racks.flatMap((k, i) => (counts[i]! < k.brokers.length ? [i] : []));
      if (left === 0 || open.length > left) {
        for (const [i, k] of racks.entries()) {
          k.least += load * counts[i]!;
          k.most += load * (counts[i]! + (left > 0 && open.includes(i) ? 1 : 0));
        }
        break;
      }
      for (const i of open) counts[i]! += 1;
      left -= open.length;
    }
  }
  return total;
}

/** Racks take by weight; one that is beyond a bound is fixed there, and the rest is dealt again. */
function share(racks: Rack[], total: number): void {
  for (;;) {
    const open = racks.filter((k) => !k.isFixed);
    if (open.length === 0) return;
    const left = total - racks.reduce((sum, k) => sum + (k.isFixed ? k.share : 0), 0);
    const weight = open.reduce((sum, k) => sum + k.weight, 0);
    for (const k of open) k.share = (left * k.weight) / weight;
    const over = open.filter((k) => k.share > k.most);
    const under = open.filter((k) => k.share < k.least);
    const tooMuch = over.reduce((sum, k) => sum + k.share - k.most, 0);
    const tooLittle = under.reduce((sum, k) => sum + k.least - k.share, 0);
    if (tooMuch === 0 && tooLittle === 0) return;
    const fixing = tooMuch >= tooLittle ? over : under;
    for (const k of fixing) {
      k.share = tooMuch >= tooLittle ? k.most : k.least;
      k.isFixed = true;
    }
  }
}

/** Least bytes that leave a broker which sheds `excess`, given each replica's load and size. */
export function leastBytes(items: { load: number; size: number }[], excess: number): number {
  const useful = items.filter(({ load }) => load > 0);
  useful.sort((a, b) => b.load / (b.size || 1e-300) - a.load / (a.size || 1e-300));
  let left = excess;
  let bytes = 0;
  for (const { load, size } of useful) {
    if (left <= 0) break;
    bytes += size * Math.min(1, left / load);
    left -= load;
  }
  return bytes;
}

/**
 * Which of a broker's things to give away so that an excess ends, for the least cost: those with the
 * most of the load per cost that are not more than what is left, then the cheapest one that covers
 * the rest. Pure.
 */
import { lowerBound } from './groups.ts';

export interface Item {
  /** Whatever the caller knows it by. */
  key: number;
  load: number;
  cost: number;
}

/** Items to give, in order; when all of them do not suffice, all of them. */
export function coverOf(items: Item[], excess: number): Item[] {
  const useful = items.filter(({ load }) => load > 0);
  const byLoad = [...useful].sort((a, b) => a.load - b.load || a.cost - b.cost || a.key - b.key);
  const cheapest = new Cheapest(byLoad);
  const order = [...useful].sort(
    (a, b) => a.cost / a.load - b.cost / b.load || b.load - a.load || a.key - b.key,
  );
  const taken: Item[] = [];
  const isTaken = new Set<Item>();
  let left = excess;
  let cost = 0;
  let best: { cost: number; count: number; last: Item } | undefined;
  const offer = () => {
    const last = cheapest.covering(left, isTaken);
    if (last && (!best || cost + last.cost < best.cost)) {
      best = { cost: cost + last.cost, count: taken.length, last };
    }
  };
  offer();
  for (const item of order) {
    if (item.load >= left) continue;
    taken.push(item);
    isTaken.add(item);
    left -= item.load;
    cost += item.cost;
    if (best && cost >= best.cost) break;
    offer();
  }
  return best ? [...taken.slice(0, best.count), best.last] : order;
}

/** The cheapest item of at least some load. */
class Cheapest {
  private readonly byLoad: Item[];
  private readonly loads: number[];
  /** Cheapest from this index on. */
  private readonly from: Item[];

  constructor(byLoad: Item[]) {
    this.byLoad = byLoad;
    this.loads = byLoad.map(({ load }) => load);
    this.from = [];
    for (let i = byLoad.length - 1; i >= 0; i--) {
      const next = this.from[i + 1];
      this.from[i] = next && next.cost < byLoad[i]!.cost ? next : byLoad[i]!;
    }
  }

  covering(load: number, except: ReadonlySet<Item>): Item | undefined {
    const at = lowerBound(this.loads, load * (1 - 1e-12));
    const best = this.from[at];
    if (!best || !except.has(best)) return best;
    return this.byLoad
      .slice(at)
      .filter((item) => !except.has(item))
      .reduce<Item | undefined>((a, b) => (a && a.cost <= b.cost ? a : b), undefined);
  }
}

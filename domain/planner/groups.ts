/**
 * Things with two figures, to be taken by nearness to wanted figures: grouped by the first, within
 * a few percent; in the nearest group that has something left, the one nearest in the second. Each
 * thing is given once; a take costs two binary searches and short links. Pure.
 */

/** Groups are this wide, in ratio. */
const width = Math.log(1.1);

export class Groups {
  private readonly groups: Nearest[];
  private readonly things: number[][];
  private readonly left: number[];
  private readonly order: Nearest;

  constructor(things: number[], first: (thing: number) => number, second: (t: number) => number) {
    const found = new Map<number, { thing: number; other: number }[]>();
    for (const thing of things) {
      const key = Math.round(Math.log(Math.max(first(thing), 1e-300)) / width);
      const group = found.get(key);
      const entry = { thing, other: second(thing) };
      if (group) group.push(entry);
      else found.set(key, [entry]);
    }
    const keys = [...found.keys()].sort((a, b) => a - b);
    const sorted = keys.map((key) =>
      found.get(key)!.sort((x, y) => x.other - y.other || x.thing - y.thing),
    );
    this.things = sorted.map((group) => group.map(({ thing }) => thing));
    this.left = this.things.map((group) => group.length);
    this.groups = sorted.map((group) => new Nearest(group.map(({ other }) => Math.log(other + 1))));
    this.order = new Nearest(keys.map((key) => key * width));
  }

  /** The thing nearest to both wanted figures, taken out; -1 when none is left. */
  take(first: number, second: number): number {
    const g = this.order.find(first > 0 ? Math.log(first) : Number.NEGATIVE_INFINITY);
    if (g < 0) return -1;
    // Twice as large and half as large are equally far away.
    const i = this.groups[g]!.find(Math.log(Math.max(second, 0) + 1));
    this.groups[g]!.remove(i);
    this.left[g]! -= 1;
    if (this.left[g] === 0) this.order.remove(g);
    return this.things[g]![i]!;
  }
}

/** Elements of a sorted list by nearness to a value, and their removal, in short steps. */
class Nearest {
  private readonly values: number[];
  private readonly left: Int32Array;
  private readonly right: Int32Array;

  constructor(values: number[]) {
    this.values = values;
    // left[i + 1] and right[i + 1] lead to the next element left; 0 and n + 1 are the ends.
    this.left = Int32Array.from({ length: values.length + 2 }, (_, i) => i);
    this.right = Int32Array.from({ length: values.length + 2 }, (_, i) => i);
  }

  /** Index of the element nearest to `wanted`; -1 when none is left. */
  find(wanted: number): number {
    const n = this.values.length;
    const at = lowerBound(this.values, wanted);
    const below = follow(this.left, at);
    const above = follow(this.right, at + 1);
    if (below === 0 && above === n + 1) return -1;
    if (above === n + 1) return below - 1;
    if (below === 0) return above - 1;
    const isBelow = wanted - this.values[below - 1]! <= this.values[above - 1]! - wanted;
    return (isBelow ? below : above) - 1;
  }

  remove(i: number): void {
    this.left[i + 1] = i;
    this.right[i + 1] = i + 2;
  }
}

function follow(next: Int32Array, from: number): number {
  let at = from;
  while (next[at] !== at) {
    next[at] = next[next[at]!]!;
    at = next[at]!;
  }
  return at;
}

/** Index of the first value that is not below `wanted`. */
export function lowerBound(values: number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

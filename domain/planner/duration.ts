/**
 * How long copies take at a throttle that every broker has for what comes in and for what goes out:
 * each copy runs at its share of the busier of its two ends, and speeds up as others finish. Pure.
 */

export interface Copy {
  from: number;
  to: number;
  bytes: number;
}

/**
 * Seconds until the last of copies that begin together is done: between what the busiest broker
 * needs at least, and what equal shares at each broker would take at most.
 */
export function copySeconds(copies: Copy[], throttleBytesPerS: number): number {
  const real = copies.filter((c) => c.bytes > 0);
  return Math.sqrt(busiest(real) * new Flow(real).run()) / throttleBytesPerS;
}

function busiest(copies: Copy[]): number {
  const incoming = new Map<number, number>();
  const outgoing = new Map<number, number>();
  for (const { from, to, bytes } of copies) {
    outgoing.set(from, (outgoing.get(from) ?? 0) + bytes);
    incoming.set(to, (incoming.get(to) ?? 0) + bytes);
  }
  return [...incoming.values(), ...outgoing.values()].reduce((a, x) => Math.max(a, x), 0);
}

/** Time in units of "bytes at the full throttle of one broker". */
class Flow {
  private readonly copies: Copy[];
  private readonly left: Float64Array;
  private readonly rate: Float64Array;
  private readonly since: Float64Array;
  private readonly end: Float64Array;
  /** Copies still running at each end: `in` and `out` of brokers. */
  private readonly at: { incoming: Map<number, Set<number>>; outgoing: Map<number, Set<number>> };
  /** A binary heap of copies by their end. */
  private readonly heap: number[] = [];
  private readonly place: Int32Array;

  constructor(copies: Copy[]) {
    this.copies = copies;
    this.left = Float64Array.from(copies, (c) => c.bytes);
    this.rate = new Float64Array(copies.length);
    this.since = new Float64Array(copies.length);
    this.end = new Float64Array(copies.length);
    this.place = new Int32Array(copies.length).fill(-1);
    this.at = { incoming: new Map(), outgoing: new Map() };
    for (const [i, { from, to }] of copies.entries()) {
      add(this.at.outgoing, from, i);
      add(this.at.incoming, to, i);
    }
  }

  run(): number {
    for (let i = 0; i < this.copies.length; i++) {
      this.pace(i, 0);
      this.push(i);
    }
    let now = 0;
    while (this.heap.length > 0) {
      const i = this.pop();
      now = this.end[i]!;
      const { from, to } = this.copies[i]!;
      this.at.outgoing.get(from)!.delete(i);
      this.at.incoming.get(to)!.delete(i);
      for (const other of this.at.outgoing.get(from)!) this.repace(other, now);
      for (const other of this.at.incoming.get(to)!) this.repace(other, now);
    }
    return now;
  }

  private pace(i: number, now: number): void {
    const { from, to } = this.copies[i]!;
    const busier = Math.max(this.at.outgoing.get(from)!.size, this.at.incoming.get(to)!.size);
    this.rate[i] = 1 / busier;
    this.since[i] = now;
    this.end[i] = now + this.left[i]! * busier;
  }

  private repace(i: number, now: number): void {
    this.left[i] = Math.max(0, this.left[i]! - (now - this.since[i]!) * this.rate[i]!);
    this.pace(i, now);
    this.rise(this.place[i]!);
  }

  private push(i: number): void {
    this.heap.push(i);
    this.place[i] = this.heap.length - 1;
    this.rise(this.heap.length - 1);
  }

  private pop(): number {
    const first = this.heap[0]!;
    const last = this.heap.pop()!;
    if (this.heap.length > 0) {
      this.set(0, last);
      this.sink(0);
    }
    return first;
  }

  private set(at: number, i: number): void {
    this.heap[at] = i;
    this.place[i] = at;
  }

  private rise(from: number): void {
    let at = from;
    const i = this.heap[at]!;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (this.end[this.heap[up]!]! <= this.end[i]!) break;
      this.set(at, this.heap[up]!);
      at = up;
    }
    this.set(at, i);
  }

  private sink(from: number): void {
    let at = from;
    const i = this.heap[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.heap.length) break;
      const right = child + 1;
      if (right < this.heap.length && this.endAt(right) < this.endAt(child)) child = right;
      if (this.endAt(child) >= this.end[i]!) break;
      this.set(at, this.heap[child]!);
      at = child;
    }
    this.set(at, i);
  }

  private endAt(place: number): number {
    return this.end[this.heap[place]!]!;
  }
}

function add(map: Map<number, Set<number>>, key: number, value: number): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}

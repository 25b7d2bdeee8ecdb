/**
 * What brokers carry while a batch runs: everything that arrives counts from the batch's beginning,
 * what leaves counts until its end. So no order of the steps can break a limit. Pure.
 */
import type { Copy } from './duration.ts';
import type { Model } from './model.ts';
import { cpu, disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';
import type { Journey, Move } from './steps.ts';

type Arrival = [broker: number, resource: number, amount: number, isReading?: boolean];

export class InFlight {
  /** Copies of the batch that is being filled. */
  copies: Copy[] = [];
  /** May brokers that are over a limit before the plan take more of it for a while? */
  isRelaxed = false;
  private readonly model: Model;
  private readonly cap: number;
  /** Loads when the batch begins, as the model settled at first. */
  private readonly load: Float64Array;
  private readonly extra: Float64Array;
  private touched: number[] = [];
  private readonly incoming: Int32Array;
  private readonly outgoing: Int32Array;
  /** Replicas that the leader's outflow counts, by partition. */
  private readonly counted: Uint8Array;

  constructor(model: Model, cap: number) {
    this.model = model;
    this.cap = cap;
    this.load = model.settledLoad.slice();
    this.extra = new Float64Array(this.load.length);
    this.incoming = new Int32Array(model.brokers);
    this.outgoing = new Int32Array(model.brokers);
    this.counted = Uint8Array.from(model.list, (p) => p.replicas.length);
  }

  /** Takes the step into the batch, if caps and limits allow. */
  board(p: number, move: Move): boolean {
    const { add, source } = move;
    if (add >= 0 && this.incoming[add]! >= this.cap) return false;
    if (add >= 0 && this.outgoing[source]! >= this.cap) return false;
    const more = this.arrivals(p, move);
    // One after another, since two may come upon the same load of the same broker.
    const mark = this.touched.length;
    for (const arrival of more) {
      const [b, r, amount] = arrival;
      if (!this.hasRoom(arrival)) {
        for (const [i, at] of this.touched.slice(mark).entries()) this.extra[at]! -= more[i]![2];
        this.touched.length = mark;
        return false;
      }
      this.extra[b * kinds + r]! += amount;
      this.touched.push(b * kinds + r);
    }
    if (add >= 0) {
      this.incoming[add]! += 1;
      this.outgoing[source]! += 1;
      this.copies.push({ from: source, to: add, bytes: this.model.size[p]! });
    }
    return true;
  }

  private outflowOf(p: number, count: number): number {
    const { model: m } = this;
    return m.settledOutflow[p]! + (count - m.list[p]!.replicas.length) * m.inflow[p]!;
  }

  /** What comes upon brokers when the step begins: broker, resource, amount, and is it reading? */
  private arrivals(p: number, { add, leader, source, extraReaders, after }: Move): Arrival[] {
    const { model: m } = this;
    const more: Arrival[] = [];
    if (add >= 0) {
      more.push([add, disk, m.size[p]!], [add, netIn, m.inflow[p]!], [add, replicas, 1]);
      more.push([add, cpu, m.followerCpu[p]!]);
      if (extraReaders > 0) more.push([source, netOut, extraReaders * m.inflow[p]!, true]);
    }
    const grown = Math.max(0, after.length - this.counted[p]!);
    if (leader !== source) {
      const out = this.outflowOf(p, Math.max(after.length, this.counted[p]!));
      more.push([leader, netOut, out], [leader, leaders, 1]);
      more.push([leader, cpu, m.leaderCpu[p]! - m.followerCpu[p]!]);
    } else if (grown > extraReaders) {
      more.push([leader, netOut, (grown - extraReaders) * m.inflow[p]!]);
    }
    return more;
  }

  private hasRoom([b, r, amount, isReading]: Arrival): boolean {
    if (amount <= 0) return true;
    const at = b * kinds + r;
    const limit = this.model.limit[at]!;
    // A source that is over its outflow already must be copied from all the same.
    if (isReading && this.load[at]! > limit) return true;
    const after = this.load[at]! + this.extra[at]! + amount;
    if (after <= limit * (1 + 1e-10)) return true;
    // A limit that does not hold before need not hold meanwhile; what the broker has, does.
    const wasOver = this.model.settledLoad[at]! > limit * (1 + 1e-9);
    return this.isRelaxed && wasOver && after <= (r < 4 ? this.model.capacity[b * 4 + r]! : limit);
  }

  /** Puts back what was taken into the batch. */
  abandon(journeys: Journey[]): void {
    for (const journey of journeys) journey.cancel();
    this.clear();
  }

  private clear(): void {
    for (const at of this.touched) this.extra[at] = 0;
    this.touched = [];
    for (const { from, to } of this.copies) {
      this.incoming[to] = 0;
      this.outgoing[from] = 0;
    }
    this.copies = [];
  }

  /** The batch is done: what left is gone. */
  land(journeys: Journey[]): void {
    this.clear();
    for (const journey of journeys) this.apply(journey.p, journey.finish());
  }

  private apply(p: number, { add, removes, leader, source, after }: Move): void {
    const { model: m } = this;
    const account = (b: number, leads: boolean, sign: 1 | -1) => {
      for (const r of [disk, netIn, cpu, replicas]) {
        this.load[b * kinds + r]! += sign * m.loadOf(p, leads, r);
      }
      if (!leads) return;
      this.load[b * kinds + netOut]! += sign * this.outflowOf(p, this.counted[p]!);
      this.load[b * kinds + leaders]! += sign;
    };
    account(source, true, -1);
    for (const b of removes) if (b !== source) account(b, false, -1);
    if (leader !== source && leader !== add) account(leader, false, -1);
    if (leader !== source && !removes.includes(source)) account(source, false, 1);
    if (add >= 0 && add !== leader) account(add, false, 1);
    this.counted[p] = after.length;
    account(leader, true, 1);
  }
}

/**
 * One partition's way from its replicas to those planned, one copy at a time, with a leader in sync
 * at every moment. Knows what could come next; whether there is room now is for in-flight.ts. Pure.
 */
import { inSync, lost, type Model } from './model.ts';
import type { Rules } from './rules.ts';

/** Of one partition. */
export interface Change {
  p: number;
  /** Broker indexes, the leader first: as the model settled, and as it is to be. */
  from: number[];
  to: number[];
}

/** What one step does to brokers. */
export interface Move {
  /** Copied to; -1: nothing is copied. */
  add: number;
  removes: number[];
  leader: number;
  /** Leads when the step begins, and is copied from. */
  source: number;
  /** Followers that read from the leader while it runs, beyond what the model counts. */
  extraReaders: number;
  /** Replicas when it ends, the leader first. */
  after: number[];
}

export class Journey {
  readonly p: number;
  readonly index: number;
  readonly bytes: number;
  /** Fewer in sync than wanted, and at or below min.insync.replicas. */
  readonly isAtRisk: boolean;
  readonly inSyncCount: number;
  isDone = false;
  private readonly model: Model;
  private readonly rules: Rules;
  private readonly goal: number[];
  private members: number[];
  private leader: number;
  private readonly synced: Set<number>;
  private readonly factor: number;
  private readonly atFirst: number;
  private pending: Move | undefined;
  private next: Move[] | undefined;
  /** A lost broker is first in the list, and is to be left whatever else cannot be done. */
  private mustLeave: boolean;

  constructor(model: Model, rules: Rules, { p, from, to }: Change, index: number) {
    this.model = model;
    this.rules = rules;
    this.p = p;
    this.index = index;
    this.goal = to;
    this.members = from.slice();
    this.leader = from[0]!;
    this.factor = from.length;
    this.bytes = model.size[p]!;
    this.synced = new Set(from.filter((b) => model.stateBefore(p, b) === inSync));
    this.inSyncCount = this.synced.size;
    this.atFirst = this.unevenness(from);
    this.mustLeave = model.statesBefore[p * model.width] === lost;
    const { minInSync = 1 } = model.list[p]!;
    this.isAtRisk = this.inSyncCount < from.length && this.inSyncCount <= minInSync;
  }

  /** Replicas as they are, the leader first. */
  now(): number[] {
    return [this.leader, ...this.members.filter((b) => b !== this.leader)];
  }

  copiesNext(): boolean {
    return this.goal.some((b) => !this.members.includes(b));
  }

  /** What could be done next, best first. */
  nextMoves(): Move[] {
    this.next ??= [...this.movesNow(), ...this.lastResorts()];
    return this.next;
  }

  /** What is worth doing though nothing can be copied: leaving lost and leaving leaders. */
  private lastResorts(): Move[] {
    const moves: Move[] = [];
    if (this.rules.leaving[this.leader] && this.goal[0] !== this.leader) {
      for (const b of this.members) {
        const isAble = this.synced.has(b) && this.rules.mayLead[b] && b !== this.leader;
        if (isAble) moves.push(this.moveOf(-1, [], b));
      }
    }
    if (this.mustLeave) moves.push(this.moveOf(-1, [], this.leader));
    return moves;
  }

  private movesNow(): Move[] {
    const adds = this.goal.filter((b) => !this.members.includes(b));
    const removes = this.members.filter((b) => !this.goal.includes(b));
    if (adds.length === 0) return [this.moveOf(-1, removes, this.goal[0]!)];
    // Racks that hold none yet first: whatever comes after, the racks are as even as they can be.
    const { rack } = this.model;
    const kept = this.members.filter((b) => !removes.includes(b));
    const beside = (b: number) => kept.filter((x) => rack[x] === rack[b]).length;
    adds.sort((a, b) => beside(a) - beside(b) || a - b);
    const least = beside(adds[0]!);
    return adds
      .filter((b) => !this.rules.isForced || beside(b) === least)
      .slice(0, 2)
      .flatMap((add) => this.copies(add, this.removedWith(add, adds, removes)))
      .filter(({ after }) => this.rules.isForced || this.unevenness(after) <= this.atFirst);
  }

  /** Sum of squares of the replicas on each rack: the smaller, the more even. */
  private unevenness(brokers: number[]): number {
    const { rack } = this.model;
    let sum = 0;
    for (const a of brokers) for (const b of brokers) if (rack[a] === rack[b]) sum += 1;
    return sum;
  }

  /** What goes when `add` has come: the last copy takes all that are left away. */
  private removedWith(add: number, adds: number[], removes: number[]): number[] {
    if (adds.length === 1) return removes;
    // The leader stays as long as it can: it is what the others are copied from.
    const open = removes.filter((b) => b !== this.leader);
    const { rack } = this.model;
    const isGone = (b: number) => !this.synced.has(b);
    const best = open.find(isGone) ?? open.find((b) => rack[b] === rack[add]) ?? open[0];
    return best === undefined ? [] : [best];
  }

  private copies(add: number, removes: number[]): Move[] {
    const wanted = this.goal[0]!;
    const stay = this.members.filter((b) => !removes.includes(b) && this.synced.has(b));
    if (stay.length === 0) return [this.moveOf(add, removes, add)];
    const others = stay.filter((b) => b !== wanted && b !== this.leader);
    const able = others.filter((b) => this.rules.mayLead[b]);
    const order = [wanted, this.leader, ...able].filter((b) => stay.includes(b));
    return order.map((leader) => this.moveOf(add, removes, leader));
  }

  private moveOf(add: number, removes: number[], leader: number): Move {
    const kept = this.members.filter((b) => !removes.includes(b));
    const list = add >= 0 ? [...kept, add] : kept;
    const rest = [...this.goal, ...list].filter((b, i, all) => all.indexOf(b) === i);
    const after = [leader, ...rest.filter((b) => b !== leader && list.includes(b))];
    const readers = (add >= 0 ? [...this.members, add] : this.members).filter(
      (b) => b === add || this.synced.has(b) || this.isLagging(b),
    ).length;
    const counted = Math.max(this.factor, this.members.length);
    const extraReaders = add >= 0 ? Math.max(0, readers - counted) : 0;
    return { add, removes, leader, source: this.leader, extraReaders, after };
  }

  /** A live replica that is behind reads too. */
  private isLagging(b: number): boolean {
    return this.model.stateBefore(this.p, b) === 0 && this.model.alive[b] === 1;
  }

  start(move: Move): number[] {
    this.pending = move;
    return move.after.map((b) => this.model.ids[b]!);
  }

  cancel(): void {
    this.pending = undefined;
  }

  /** The step that was started is done; what it copied is in sync. */
  finish(): Move {
    const move = this.pending!;
    this.pending = undefined;
    this.next = undefined;
    this.mustLeave = false;
    if (move.add >= 0) this.synced.add(move.add);
    this.members = move.after;
    this.leader = move.leader;
    this.isDone = this.leader === this.goal[0] && sameMembers(this.members, this.goal);
    return move;
  }
}

const sameMembers = (a: number[], b: number[]): boolean =>
  a.length === b.length && a.every((x) => b.includes(x));

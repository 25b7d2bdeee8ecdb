/**
 * The hard rules on one change: may this replica go there, may this broker lead? And, when no
 * broker may, which rule forbids it and what would allow it (that is in refusals.ts). Pure.
 */
import type { PlanOptions } from '../../contracts/rebalance.ts';
import { inSync, lost, type Model } from './model.ts';
import { cpu, disk, leaders, netIn, netOut, replicas } from './resources.ts';
import { topicMatcher } from './topics.ts';

/** Sums drift by rounding; a limit is reached, not broken, within this. */
const rounding = 1 + 1e-12;

export class Rules {
  readonly receives: Uint8Array;
  readonly mayLead: Uint8Array;
  /** Brokers to be emptied. */
  readonly leaving: Uint8Array;
  /** Partitions of excluded topics. */
  readonly fixed: Uint8Array;
  /** Broker set of each partition; 0: the brokers of no set. */
  readonly setOf: Uint8Array;
  /**
   * Only moves that can be done one by one from where the cluster is: no leader that hands over
   * meanwhile, and a leader with room for one more reader.
   */
  isSimple = false;
  /** Do replicas move because they must? Then racks may have to be less even than before. */
  readonly isForced: boolean;
  private readonly model: Model;
  private readonly frozen: Uint8Array;
  /** Do replicas outside their broker set have to go? */
  private readonly gathers: boolean;
  /** Sets of each broker, as `set * brokers + broker`. */
  private readonly inSet: Uint8Array;
  /** Live brokers that stay, by `set * racks + rack`. */
  private readonly liveIn: Int32Array;
  /** Racks with such brokers, by set. */
  private readonly liveRacks: Int32Array;

  constructor(model: Model, options: PlanOptions, leaving: ReadonlySet<number>) {
    this.model = model;
    this.isForced = ['heal', 'drain', 'brokerSets', 'replicationFactor'].includes(options.intent);
    this.frozen = new Uint8Array(model.partitions);
    this.gathers = options.intent === 'brokerSets';
    const excluded = new Set(options.excludedBrokers ?? []);
    const allowed = options.allowedDestinations && new Set(options.allowedDestinations);
    this.leaving = Uint8Array.from(model.ids, (_, b) => (leaving.has(b) ? 1 : 0));
    const stays = (b: number) => model.alive[b] === 1 && !leaving.has(b);
    this.receives = Uint8Array.from(model.ids, (id, b) =>
      stays(b) && !excluded.has(id) && (!allowed || allowed.has(id)) ? 1 : 0,
    );
    this.mayLead = Uint8Array.from(model.ids, (id, b) => (stays(b) && !excluded.has(id) ? 1 : 0));
    const isExcluded = topicMatcher(options.excludedTopics ?? []);
    this.fixed = this.byTopic((topic) => (isExcluded(topic) ? 1 : 0));
    const sets = options.brokerSets ?? [];
    const matchers = sets.map((set) => topicMatcher(set.topics));
    this.setOf = this.byTopic((topic) => matchers.findIndex((matches) => matches(topic)) + 1);
    this.inSet = this.membersOf(sets);
    this.liveIn = new Int32Array((sets.length + 1) * model.racks);
    this.liveRacks = new Int32Array(sets.length + 1);
    for (let i = 0; i < this.inSet.length; i++) {
      const b = i % model.brokers;
      const set = (i / model.brokers) | 0;
      if (!this.inSet[i] || !stays(b)) continue;
      const at = set * model.racks + model.rack[b]!;
      if (this.liveIn[at] === 0) this.liveRacks[set]! += 1;
      this.liveIn[at]! += 1;
    }
  }

  private byTopic(read: (topic: string) => number): Uint8Array {
    const values = new Map<string, number>();
    return Uint8Array.from(this.model.list, ({ topic }) => {
      const value = values.get(topic) ?? read(topic);
      values.set(topic, value);
      return value;
    });
  }

  /** Topics of no set may use the brokers of no set. */
  private membersOf(sets: NonNullable<PlanOptions['brokerSets']>): Uint8Array {
    const { brokers, ids } = this.model;
    const members = new Uint8Array((sets.length + 1) * brokers).fill(1, 0, brokers);
    for (const [i, set] of sets.entries()) {
      for (const id of set.brokers) {
        members[(i + 1) * brokers + ids.indexOf(id)] = 1;
        members[ids.indexOf(id)] = 0;
      }
    }
    return members;
  }

  /** May the partition's replicas be on this broker by the broker sets? */
  setAllows(p: number, b: number): boolean {
    return this.inSet[this.setOf[p]! * this.model.brokers + b] === 1;
  }

  /** Is the replica in this slot one that must go, or is gone? */
  isGone(p: number, slot: number): boolean {
    const b = this.model.at(p, slot);
    if (this.model.stateOf(p, slot) === lost || this.leaving[b] === 1) return true;
    return this.gathers && !this.setAllows(p, b);
  }

  /** Live brokers that stay, of a rack, that the partition's set may use. */
  liveBrokers(p: number, rack: number): number {
    return this.liveIn[this.setOf[p]! * this.model.racks + rack]!;
  }

  /** Replicas of the partition on a rack, those in `except` and those that go not counted. */
  onRack(p: number, rack: number, except: number): number {
    const { model } = this;
    let count = 0;
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      if (slot !== except && model.rack[model.at(p, slot)] === rack && !this.isGone(p, slot)) {
        count += 1;
      }
    }
    return count;
  }

  /** A broker whose directory with the replica failed is no place for another of it. */
  wasLostOn(p: number, b: number): boolean {
    return this.model.impaired[p] === 1 && this.model.stateBefore(p, b) === lost;
  }

  /** May a replica come to this broker by its set, and by what it held at first? */
  isPlace(p: number, b: number): boolean {
    const { model } = this;
    if (!this.setAllows(p, b) || model.holds(p, b)) return false;
    // What was behind or lost here is not in sync when it comes back.
    return (
      model.odd[p] === 0 || (model.stateBefore(p, b) >= inSync && model.stateBefore(p, b) < lost)
    );
  }

  /** Brokers of a rack that hold a replica, or are no place for one any more. */
  private heldOnRack(p: number, rack: number): number {
    const { model } = this;
    let count = 0;
    for (let slot = 0; model.impaired[p] && slot < model.list[p]!.replicas.length; slot++) {
      const b = model.slotsBefore[p * model.width + slot]!;
      const isHere = model.rack[b] === rack && model.alive[b] && !this.leaving[b];
      if (isHere && this.wasLostOn(p, b) && !model.holds(p, b) && this.setAllows(p, b)) count += 1;
    }
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      const b = model.at(p, slot);
      if (model.rack[b] === rack && model.alive[b] && !this.leaving[b] && this.setAllows(p, b)) {
        count += 1;
      }
    }
    return count;
  }

  /** Fewest replicas on any rack with a live broker that holds none: there the next one belongs. */
  rackFloor(p: number, except: number): number {
    const { model } = this;
    let least = Number.POSITIVE_INFINITY;
    let touched = 0;
    for (let slot = 0; slot < model.factor[p]!; slot++) {
      const rack = model.rack[model.at(p, slot)]!;
      if (this.isRepeated(p, slot, rack)) continue;
      if (this.liveBrokers(p, rack) === 0) continue;
      touched += 1;
      if (this.heldOnRack(p, rack) >= this.liveBrokers(p, rack)) continue;
      least = Math.min(least, this.onRack(p, rack, except));
    }
    if (touched >= this.liveRacks[this.setOf[p]!]!) return least;
    return model.impaired[p] ? Math.min(least, this.untouchedFloor(p)) : 0;
  }

  /** Among racks that hold none: 0 where a broker is a place for one. */
  private untouchedFloor(p: number): number {
    const { model } = this;
    for (let rack = 0; rack < model.racks; rack++) {
      const isTouched = model.brokersOf(p).some((b) => model.rack[b] === rack);
      if (!isTouched && this.heldOnRack(p, rack) < this.liveBrokers(p, rack)) return 0;
    }
    return Number.POSITIVE_INFINITY;
  }

  private isRepeated(p: number, slot: number, rack: number): boolean {
    for (let other = 0; other < slot; other++) {
      if (this.model.rack[this.model.at(p, other)] === rack) return true;
    }
    return false;
  }

  /** A replica of its own free will goes only where the racks are no less even for it. */
  racksStayEven(p: number, slot: number, to: number): boolean {
    const { model } = this;
    const from = model.rack[model.at(p, slot)]!;
    const rack = model.rack[to]!;
    return from === rack || this.onRack(p, rack, -1) < this.onRack(p, from, -1);
  }

  /** Has `to` room for this much more of one load? What is over already gets nothing more. */
  private has(to: number, resource: number, more: number): boolean {
    const { model: m } = this;
    return more <= 0 || m.of(to, resource) + more <= m.limitOf(to, resource) * rounding;
  }

  /** Does `to` stay within all six limits with this replica? */
  limitsAllow(p: number, leads: boolean, to: number): boolean {
    const { model: m } = this;
    return (
      this.has(to, disk, m.size[p]!) &&
      this.has(to, netIn, m.inflow[p]!) &&
      this.has(to, replicas, 1) &&
      this.has(to, cpu, leads ? m.leaderCpu[p]! : m.followerCpu[p]!) &&
      (!leads || (this.has(to, netOut, m.outflow[p]!) && this.has(to, leaders, 1)))
    );
  }

  /** Within its limits, could the follower on `to` become the leader? */
  leadershipFits(p: number, to: number): boolean {
    const { model: m } = this;
    return (
      this.has(to, netOut, m.outflow[p]!) &&
      this.has(to, leaders, 1) &&
      this.has(to, cpu, m.leaderCpu[p]! - m.followerCpu[p]!)
    );
  }

  /** May the follower in this slot become the leader? */
  leadAllows(p: number, slot: number): boolean {
    const to = this.model.at(p, slot);
    return this.mayLead[to] === 1 && this.model.canLead(p, slot) && this.leadershipFits(p, to);
  }

  /** From now on the partition stays as it is; a lost leader is left all the same. */
  freeze(p: number): void {
    this.frozen[p] = 1;
  }

  /** Forgets what was frozen, and that moves were to be simple. */
  thaw(): void {
    this.frozen.fill(0);
    this.isSimple = false;
  }

  /** May anything of this partition change at all? */
  isMutable(p: number): boolean {
    return !this.fixed[p] && !this.frozen[p] && this.model.hasSource[p] === 1;
  }

  /** May replicas of this partition move without need? Not beside a lost one: heal comes first. */
  isFree(p: number): boolean {
    const { model: m } = this;
    return this.isMutable(p) && !m.impaired[p];
  }

  private isDoneAlone(p: number, slot: number): boolean {
    const { model: m } = this;
    const leader = m.at(p, 0);
    const out = m.of(leader, netOut);
    const limit = m.limitOf(leader, netOut);
    return (slot > 0 || m.factor[p] === 1) && (out > limit || out + m.inflow[p]! <= limit);
  }

  /** May the replica in `slot` move to `to`, of its own free will? */
  moveAllows(p: number, slot: number, to: number): boolean {
    const { model: m } = this;
    return (
      this.receives[to] === 1 &&
      this.isPlace(p, to) &&
      (slot > 0 || this.mayLead[to] === 1) &&
      (!this.isSimple || this.isDoneAlone(p, slot)) &&
      this.racksStayEven(p, slot, to) &&
      this.limitsAllow(p, m.leads(p, slot), to)
    );
  }

  /** May the forced replica in `slot` move to `to`, where its rack may hold `floor` others? */
  forcedAllows(p: number, slot: number, to: number, floor: number): boolean {
    const { model: m } = this;
    return (
      this.receives[to] === 1 &&
      this.isPlace(p, to) &&
      this.onRack(p, m.rack[to]!, slot) <= floor &&
      this.limitsAllow(p, m.leads(p, slot), to)
    );
  }

  /** Replicas of the partition that are in a fuller rack than they need to be. */
  rackDebt(p: number): number {
    const { model: m } = this;
    const counts = new Map<number, number>();
    for (let slot = 0; slot < m.factor[p]!; slot++) {
      if (this.isGone(p, slot)) continue;
      const rack = m.rack[m.at(p, slot)]!;
      counts.set(rack, (counts.get(rack) ?? 0) + 1);
    }
    let most = 0;
    for (const count of counts.values()) most = Math.max(most, count);
    return most < 2 ? 0 : this.debtOf(p, counts);
  }

  private debtOf(p: number, counts: Map<number, number>): number {
    for (let debt = 0; ; debt++) {
      let full = -1;
      let free = -1;
      for (let rack = 0; rack < this.model.racks; rack++) {
        const count = counts.get(rack) ?? 0;
        if (full < 0 || count > (counts.get(full) ?? 0)) full = rack;
        const isOpen = this.liveBrokers(p, rack) > count;
        if (isOpen && (free < 0 || count < (counts.get(free) ?? 0))) free = rack;
      }
      if (free < 0 || (counts.get(full) ?? 0) < (counts.get(free) ?? 0) + 2) return debt;
      counts.set(full, (counts.get(full) ?? 0) - 1);
      counts.set(free, (counts.get(free) ?? 0) + 1);
    }
  }
}

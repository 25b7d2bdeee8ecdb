/**
 * The cluster as typed arrays with incremental sums: every change costs a few additions, whatever
 * the cluster's size. Brokers and partitions are sorted, so the order of the input has no part in
 * a plan. Knows loads and replicas; rules about where they may go are in rules.ts. Pure.
 */
import type {
  BrokerSnapshot,
  ClusterSnapshot,
  Limits,
  PartitionSnapshot,
} from '../../contracts/rebalance.ts';
import {
  aliveOf,
  allBrokers,
  capacitiesOf,
  knownLoads,
  limitsOf,
  part,
  sortedPartitions,
} from './reading.ts';
import { cpu, disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';

/** CPU weights of bytes in and out, as in Cruise Control's default model. */
const inWeight = 0.7;
const outWeight = 0.15;

/** What a replica is: it lags; it may lead; it is not copied yet; its broker or disk is lost. */
const lagging = 0;
export const inSync = 1;
export const fresh = 2;
export const lost = 3;

export class Model {
  /** Sorted by topic and partition. */
  readonly list: PartitionSnapshot[];
  readonly brokers: number;
  readonly partitions: number;
  /** Places for replicas per partition in `slots`. */
  readonly width: number;
  /** Broker index of each replica, the leader first; -1 where there is none. */
  readonly slots: Int32Array;
  /** What each replica in `slots` is. */
  readonly states: Uint8Array;
  /** The same two as they were, in the order of the snapshot's lists. */
  readonly slotsBefore: Int32Array;
  readonly statesBefore: Uint8Array;
  readonly factor: Uint8Array;
  readonly size: Float64Array;
  readonly inflow: Float64Array;
  /** Outflow of the leader: consumers and replication. */
  readonly outflow: Float64Array;
  readonly leaderCpu: Float64Array;
  readonly followerCpu: Float64Array;
  /** load[broker * 6 + resource]. */
  readonly load: Float64Array;
  /** Loads with the leaders of now, before any election. */
  readonly loadNow: Float64Array;
  readonly limit: Float64Array;
  /** Loads and outflows once every preferred leader that can lead does: where a plan begins. */
  readonly settledLoad: Float64Array;
  readonly settledOutflow: Float64Array;
  readonly rack: Int32Array;
  readonly racks: number;
  readonly rackNames: string[];
  readonly alive: Uint8Array;
  /** Partitions with a leader, thus with a source to copy from. */
  readonly hasSource: Uint8Array;
  /** Partitions with a replica on a lost broker or disk. */
  readonly impaired: Uint8Array;
  /** Partitions with a replica that is lost or behind. */
  readonly odd: Uint8Array;
  /** Who leads once every preferred leader that can lead does; -1: nobody. */
  readonly settled: Int32Array;
  readonly leaderNow: Int32Array;
  readonly known: boolean[];
  readonly ids: number[];
  /** Capacity per broker, 0 where unknown or the broker is not described. */
  readonly capacity: Float64Array;
  private readonly indexes: Map<number, number>;

  constructor(snapshot: ClusterSnapshot, limits: Limits, widest = 1) {
    this.list = sortedPartitions(snapshot.partitions);
    const brokers = allBrokers(snapshot);
    this.brokers = brokers.length;
    this.partitions = this.list.length;
    this.ids = brokers.map((b) => b.id);
    this.indexes = new Map(this.ids.map((id, index) => [id, index]));
    this.width = this.list.reduce((most, p) => Math.max(most, p.replicas.length), widest);
    const places = this.partitions * this.width;
    this.slots = new Int32Array(places).fill(-1);
    this.states = new Uint8Array(places);
    this.factor = Uint8Array.from(this.list, (p) => p.replicas.length);
    this.size = Float64Array.from(this.list, (p) => part(p.sizeBytes));
    this.inflow = Float64Array.from(this.list, (p) => part(p.inBytesPerS));
    this.outflow = Float64Array.from(
      this.list,
      (p) => part(p.outBytesPerS) + (p.replicas.length - 1) * part(p.inBytesPerS),
    );
    this.leaderCpu = Float64Array.from(this.list, (p) => part(p.cpuPct));
    this.followerCpu = this.leaderCpu.map((value, p) => this.followerCpuOf(value, p));
    this.load = new Float64Array(this.brokers * kinds);
    this.loadNow = new Float64Array(this.brokers * kinds);
    this.capacity = capacitiesOf(brokers);
    this.limit = limitsOf(this.capacity, limits);
    const names = new Map<string, number>();
    const rackOf = (b: BrokerSnapshot) => (b.rack == null ? `\n${b.id}` : b.rack);
    for (const b of brokers) if (!names.has(rackOf(b))) names.set(rackOf(b), names.size);
    this.racks = names.size;
    this.rackNames = [...names.keys()];
    this.rack = Int32Array.from(brokers, (b) => names.get(rackOf(b)) ?? 0);
    this.alive = aliveOf(snapshot, brokers);
    this.hasSource = new Uint8Array(this.partitions);
    this.impaired = new Uint8Array(this.partitions);
    this.odd = new Uint8Array(this.partitions);
    this.settled = new Int32Array(this.partitions).fill(-1);
    this.leaderNow = new Int32Array(this.partitions).fill(-1);
    this.known = knownLoads(snapshot);
    this.fill(snapshot);
    this.slotsBefore = this.slots.slice();
    this.statesBefore = this.states.slice();
    this.elect();
    this.settledLoad = this.load.slice();
    this.settledOutflow = this.outflow.slice();
  }

  /** Index of a broker id that input.ts has found to be in the snapshot. */
  indexOf(id: number): number {
    return this.indexes.get(id) ?? -1;
  }

  private followerCpuOf(leader: number, p: number): number {
    const inflow = this.inflow[p]!;
    const all = inWeight * inflow + outWeight * this.outflow[p]!;
    return all > 0 ? (leader * outWeight * inflow) / all : 0;
  }

  private fill(snapshot: ClusterSnapshot): void {
    const lostKeys = new Set(
      (snapshot.lostReplicas ?? []).map((r) => `${r.topic}\n${r.partition}\n${r.broker}`),
    );
    for (const [p, { topic, partition, replicas: ids, inSync: synced }] of this.list.entries()) {
      for (const [slot, id] of ids.entries()) {
        const b = this.indexOf(id);
        const isLost =
          !this.alive[b] || (lostKeys.size > 0 && lostKeys.has(`${topic}\n${partition}\n${id}`));
        const state = isLost ? lost : synced && !synced.includes(id) ? lagging : inSync;
        this.slots[p * this.width + slot] = b;
        this.states[p * this.width + slot] = state;
        if (isLost) this.impaired[p] = 1;
        if (state !== inSync) this.odd[p] = 1;
      }
    }
  }

  /** Finds leaders, puts each in the first slot, and adds up all loads. */
  private elect(): void {
    for (let p = 0; p < this.partitions; p++) {
      const at = p * this.width;
      const asked = this.list[p]!.leader;
      const current = asked == null ? -1 : this.slotOf(p, this.indexOf(asked));
      const able = (slot: number) => slot >= 0 && this.states[at + slot] === inSync;
      let first = -1;
      for (let slot = 0; slot < this.factor[p]! && first < 0; slot++) if (able(slot)) first = slot;
      const settled = able(0) ? 0 : able(current) ? current : first;
      const now = able(current) ? current : asked === null ? -1 : first;
      this.hasSource[p] = first >= 0 ? 1 : 0;
      this.settled[p] = settled < 0 ? -1 : this.slots[at + settled]!;
      this.leaderNow[p] = now < 0 ? -1 : this.slots[at + now]!;
      for (let slot = 0; slot < this.factor[p]!; slot++) {
        const b = this.slots[at + slot]!;
        this.account(b, p, b === this.leaderNow[p], 1);
      }
    }
    this.loadNow.set(this.load);
    this.load.fill(0);
    for (let p = 0; p < this.partitions; p++) {
      if (this.settled[p]! >= 0) this.swap(p, this.slotOf(p, this.settled[p]!));
      for (let slot = 0; slot < this.factor[p]!; slot++) {
        this.account(this.at(p, slot), p, this.leads(p, slot), 1);
      }
    }
  }

  /** Does the replica in this slot lead? */
  leads(p: number, slot: number): boolean {
    return slot === 0 && this.hasSource[p] === 1;
  }

  /** Adds (`sign` 1) or takes away (-1) one replica's load. */
  account(broker: number, p: number, leads: boolean, sign: 1 | -1): void {
    const at = broker * kinds;
    const { load } = this;
    load[at + disk]! += sign * this.size[p]!;
    load[at + netIn]! += sign * this.inflow[p]!;
    load[at + replicas]! += sign;
    load[at + cpu]! += sign * (leads ? this.leaderCpu[p]! : this.followerCpu[p]!);
    if (!leads) return;
    load[at + netOut]! += sign * this.outflow[p]!;
    load[at + leaders]! += sign;
  }

  at(p: number, slot: number): number {
    return this.slots[p * this.width + slot]!;
  }

  of(broker: number, resource: number): number {
    return this.load[broker * kinds + resource]!;
  }

  limitOf(broker: number, resource: number): number {
    return this.limit[broker * kinds + resource]!;
  }

  isOver(broker: number, resource: number): boolean {
    return this.of(broker, resource) > this.limitOf(broker, resource) * (1 + 1e-9);
  }

  /** What one replica puts on its broker. */
  loadOf(p: number, leads: boolean, resource: number): number {
    if (resource === disk) return this.size[p]!;
    if (resource === netIn) return this.inflow[p]!;
    if (resource === replicas) return 1;
    if (resource === cpu) return leads ? this.leaderCpu[p]! : this.followerCpu[p]!;
    if (!leads) return 0;
    return resource === netOut ? this.outflow[p]! : 1;
  }

  /** Slot of the partition's replica on a broker; -1 when it holds none. */
  slotOf(p: number, broker: number): number {
    for (let slot = 0; slot < this.factor[p]!; slot++) {
      if (this.at(p, slot) === broker) return slot;
    }
    return -1;
  }

  holds(p: number, broker: number): boolean {
    return this.slotOf(p, broker) >= 0;
  }

  stateOf(p: number, slot: number): number {
    return this.states[p * this.width + slot]!;
  }

  /** Was there a replica on this broker, and what was it? `fresh` when there was none. */
  stateBefore(p: number, broker: number): number {
    const at = p * this.width;
    for (let slot = 0; slot < this.width; slot++) {
      if (this.slotsBefore[at + slot] === broker) return this.statesBefore[at + slot]!;
    }
    return fresh;
  }

  /** May the replica in this slot lead when the plan is done? */
  canLead(p: number, slot: number): boolean {
    const state = this.stateOf(p, slot);
    return this.hasSource[p] === 1 && (state === inSync || state === fresh);
  }

  /** Puts the replica in `slot` onto another broker; its role stays. */
  move(p: number, slot: number, to: number): void {
    this.account(this.at(p, slot), p, this.leads(p, slot), -1);
    this.slots[p * this.width + slot] = to;
    this.states[p * this.width + slot] = this.stateBefore(p, to);
    this.account(to, p, this.leads(p, slot), 1);
  }

  private swap(p: number, slot: number): void {
    const at = p * this.width;
    for (const array of [this.slots, this.states]) {
      const first = array[at]!;
      array[at] = array[at + slot]!;
      array[at + slot] = first;
    }
  }

  /** Makes the replica in `slot` the leader; the old one takes its place. */
  lead(p: number, slot: number): void {
    if (slot === 0) return;
    const old = this.at(p, 0);
    const next = this.at(p, slot);
    this.account(old, p, true, -1);
    this.account(old, p, false, 1);
    this.account(next, p, false, -1);
    this.account(next, p, true, 1);
    this.swap(p, slot);
  }

  /** Adds a follower: the leader's outflow grows by what it will read. */
  addReplica(p: number, to: number): void {
    const slot = this.factor[p]!;
    this.slots[p * this.width + slot] = to;
    this.states[p * this.width + slot] = this.stateBefore(p, to);
    this.factor[p] = slot + 1;
    this.account(to, p, false, 1);
    this.changeOutflow(p, this.inflow[p]!);
  }

  /** Takes a follower away. */
  removeReplica(p: number, slot: number): void {
    const last = this.factor[p]! - 1;
    this.account(this.at(p, slot), p, false, -1);
    const at = p * this.width;
    for (const array of [this.slots, this.states]) array[at + slot] = array[at + last]!;
    this.slots[at + last] = -1;
    this.factor[p] = last;
    this.changeOutflow(p, -this.inflow[p]!);
  }

  /** Gives the partition these replicas, the leader first; all of it is accounted anew. */
  assign(p: number, brokers: number[]): void {
    for (let slot = 0; slot < this.factor[p]!; slot++) {
      this.account(this.at(p, slot), p, this.leads(p, slot), -1);
      this.slots[p * this.width + slot] = -1;
    }
    this.outflow[p] =
      this.settledOutflow[p]! + (brokers.length - this.list[p]!.replicas.length) * this.inflow[p]!;
    this.factor[p] = brokers.length;
    for (const [slot, b] of brokers.entries()) {
      this.slots[p * this.width + slot] = b;
      this.states[p * this.width + slot] = this.stateBefore(p, b);
      this.account(b, p, this.leads(p, slot), 1);
    }
  }

  /** The partition's brokers, the leader first. */
  brokersOf(p: number): number[] {
    return Array.from(this.slots.subarray(p * this.width, p * this.width + this.factor[p]!));
  }

  private changeOutflow(p: number, by: number): void {
    this.outflow[p]! += by;
    if (this.hasSource[p]) this.load[this.at(p, 0) * kinds + netOut]! += by;
  }

  /** Mean load of the brokers that live. */
  mean(resource: number): number {
    let sum = 0;
    let count = 0;
    for (let b = 0; b < this.brokers; b++) {
      if (!this.alive[b]) continue;
      sum += this.of(b, resource);
      count += 1;
    }
    return count > 0 ? sum / count : 0;
  }

  /** Replica positions by broker: start offsets and `p * width + slot` of each, in order. */
  replicasByBroker(): { start: Int32Array; position: Int32Array } {
    const start = new Int32Array(this.brokers + 1);
    for (const b of this.slots) if (b >= 0) start[b + 1]! += 1;
    for (let b = 0; b < this.brokers; b++) start[b + 1]! += start[b]!;
    const next = start.slice();
    const position = new Int32Array(start[this.brokers]!);
    for (let i = 0; i < this.slots.length; i++) {
      const b = this.slots[i]!;
      if (b >= 0) position[next[b]!++] = i;
    }
    return { start, position };
  }
}

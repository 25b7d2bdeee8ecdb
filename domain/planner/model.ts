/**
 * The cluster as typed arrays with incremental sums: every change costs a few additions, whatever
 * the cluster's size. Loads of a replica follow the docstring of the benchmark's generator. Pure.
 */
import type { ClusterSnapshot, Limits, ResourceName } from './snapshot.ts';

export const resources: ResourceName[] = [
  'disk',
  'networkIn',
  'networkOut',
  'cpu',
  'leaders',
  'replicas',
];
export const disk = 0;
export const netIn = 1;
export const netOut = 2;
export const cpu = 3;
export const leaders = 4;
export const replicas = 5;
const kinds = 6;

export const defaultLimits: Limits = {
  diskShare: 0.8,
  networkInShare: 0.8,
  networkOutShare: 0.8,
  cpuShare: 0.7,
  leaders: Number.POSITIVE_INFINITY,
  replicas: 10_000,
};

/** CPU weights of bytes in and out, as in Cruise Control's default model. */
const inWeight = 0.7;
const outWeight = 0.15;

export class Model {
  readonly snapshot: ClusterSnapshot;
  readonly brokers: number;
  readonly partitions: number;
  /** Slots per partition in `slots`. */
  readonly width: number;
  /** Broker index of each replica, leader first; -1 where there is none. */
  readonly slots: Int32Array;
  readonly factor: Uint8Array;
  readonly size: Float64Array;
  readonly inflow: Float64Array;
  /** Outflow of the leader: consumers and replication. */
  readonly outflow: Float64Array;
  readonly leaderCpu: Float64Array;
  readonly followerCpu: Float64Array;
  /** load[broker * 6 + resource]. */
  readonly load: Float64Array;
  readonly limit: Float64Array;
  readonly rack: Int32Array;
  readonly racks: number;
  readonly alive: Uint8Array;
  readonly ids: number[];
  private readonly indexes: Map<number, number>;

  constructor(snapshot: ClusterSnapshot, limits: Limits) {
    this.snapshot = snapshot;
    const { brokers, partitions } = snapshot;
    this.brokers = brokers.length;
    this.partitions = partitions.length;
    this.ids = brokers.map((b) => b.id);
    this.indexes = new Map(this.ids.map((id, index) => [id, index]));
    this.width = partitions.reduce((most, p) => Math.max(most, p.replicas.length), 1);
    this.slots = new Int32Array(this.partitions * this.width).fill(-1);
    this.factor = new Uint8Array(this.partitions);
    this.size = Float64Array.from(partitions, (p) => p.sizeMB);
    this.inflow = Float64Array.from(partitions, (p) => p.bytesInKBps);
    this.outflow = Float64Array.from(
      partitions,
      (p) => p.bytesOutKBps + (p.replicas.length - 1) * p.bytesInKBps,
    );
    this.leaderCpu = Float64Array.from(partitions, (p) => p.cpuPct);
    this.followerCpu = Float64Array.from(partitions, (p, i) => this.followerCpuOf(p.cpuPct, i));
    this.load = new Float64Array(this.brokers * kinds);
    this.limit = limitsOf(snapshot, limits);
    const names = [...new Set(brokers.map((b) => b.rack))];
    this.racks = names.length;
    this.rack = Int32Array.from(brokers, (b) => names.indexOf(b.rack));
    const dead = new Set(snapshot.deadBrokers ?? []);
    this.alive = Uint8Array.from(brokers, (b) => (dead.has(b.id) ? 0 : 1));
    this.fill();
  }

  /** Index of a broker id; throws for an id that is in no broker's list. */
  indexOf(id: number): number {
    const index = this.indexes.get(id);
    if (index === undefined) throw new Error(`broker ${id} is not in the snapshot`);
    return index;
  }

  private followerCpuOf(leader: number, i: number): number {
    const inflow = this.inflow[i] ?? 0;
    const all = inWeight * inflow + outWeight * (this.outflow[i] ?? 0);
    return all > 0 ? (leader * outWeight * inflow) / all : 0;
  }

  private fill(): void {
    for (const [p, { replicas: ids }] of this.snapshot.partitions.entries()) {
      this.factor[p] = ids.length;
      for (const [slot, id] of ids.entries()) {
        this.slots[p * this.width + slot] = this.indexOf(id);
        this.account(this.indexOf(id), p, slot === 0, 1);
      }
    }
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

  /** Puts the replica in `slot` onto another broker; its role stays. */
  move(p: number, slot: number, to: number): void {
    this.account(this.at(p, slot), p, slot === 0, -1);
    this.slots[p * this.width + slot] = to;
    this.account(to, p, slot === 0, 1);
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
    this.slots[p * this.width] = next;
    this.slots[p * this.width + slot] = old;
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

  holds(p: number, broker: number): boolean {
    for (let slot = 0; slot < this.factor[p]!; slot++) if (this.at(p, slot) === broker) return true;
    return false;
  }

  /** Replica positions by broker: start offsets and `p * width + slot` of each, in input order. */
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

function limitsOf({ brokers }: ClusterSnapshot, limits: Limits): Float64Array {
  const all = new Float64Array(brokers.length * kinds);
  for (const [b, { capacity }] of brokers.entries()) {
    all.set(
      [
        capacity.diskMB * limits.diskShare,
        capacity.networkInKBps * limits.networkInShare,
        capacity.networkOutKBps * limits.networkOutShare,
        capacity.cpuPct * limits.cpuShare,
        limits.leaders,
        limits.replicas,
      ],
      b * kinds,
    );
  }
  return all;
}

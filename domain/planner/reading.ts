/**
 * Reads a snapshot into the arrays that the model keeps: sorted, with the brokers that only replica
 * lists name, and with what is not known left out. Pure; changes nothing of the snapshot.
 */
import type {
  BrokerSnapshot,
  ClusterSnapshot,
  Known,
  Limits,
  PartitionSnapshot,
} from '../../contracts/rebalance.ts';
import { kinds, leaders, replicas } from './resources.ts';

/** A sum that is known in part counts what is known; `Model.known` tells which are whole. */
export const part = (value: Known): number => (value === 'unknown' ? 0 : value);

/** Partitions by topic and number, whatever the order of the input. */
export function sortedPartitions(partitions: PartitionSnapshot[]): PartitionSnapshot[] {
  const topics = new Map<string, PartitionSnapshot[]>();
  for (const p of partitions) {
    const mine = topics.get(p.topic);
    if (mine) mine.push(p);
    else topics.set(p.topic, [p]);
  }
  const names = [...topics.keys()].sort();
  return names.flatMap((name) => topics.get(name)!.sort((a, b) => a.partition - b.partition));
}

/** Brokers by id; those that only replica lists name are lost, and nothing is known of them. */
export function allBrokers({ brokers, partitions }: ClusterSnapshot): BrokerSnapshot[] {
  const described = new Set(brokers.map((b) => b.id));
  const missing = new Set<number>();
  for (const { replicas: ids } of partitions) {
    for (const id of ids) if (!described.has(id)) missing.add(id);
  }
  const nothing = 'unknown' as const;
  const capacity = {
    diskBytes: nothing,
    inBytesPerS: nothing,
    outBytesPerS: nothing,
    cpuPct: nothing,
  };
  const absent = [...missing].map((id): BrokerSnapshot => ({ id, capacity }));
  return [...brokers, ...absent].sort((a, b) => a.id - b.id);
}

/** 1 for brokers that are described and not dead. */
export function aliveOf(snapshot: ClusterSnapshot, brokers: BrokerSnapshot[]): Uint8Array {
  const dead = new Set(snapshot.deadBrokers ?? []);
  const described = new Set(snapshot.brokers.map((b) => b.id));
  return Uint8Array.from(brokers, (b) => (described.has(b.id) && !dead.has(b.id) ? 1 : 0));
}

/** Disk, network in and out, and CPU of each broker; 0 where it is not known. */
export function capacitiesOf(brokers: BrokerSnapshot[]): Float64Array {
  const all = new Float64Array(brokers.length * 4);
  for (const [b, { capacity: c }] of brokers.entries()) {
    const values = [c.diskBytes, c.inBytesPerS, c.outBytesPerS, c.cpuPct];
    all.set(values.map(part), b * 4);
  }
  return all;
}

/** A capacity that is not known limits nothing, and nothing is claimed of it. */
export function limitsOf(capacity: Float64Array, limits: Limits): Float64Array {
  const count = capacity.length / 4;
  const all = new Float64Array(count * kinds);
  const shares = [limits.diskShare, limits.networkInShare, limits.networkOutShare, limits.cpuShare];
  for (let b = 0; b < count; b++) {
    for (const [r, share] of shares.entries()) {
      const known = capacity[b * 4 + r]!;
      all[b * kinds + r] = known > 0 ? known * share : Number.POSITIVE_INFINITY;
    }
    all[b * kinds + leaders] = limits.leaders;
    all[b * kinds + replicas] = limits.replicas;
  }
  return all;
}

/** Which of the six loads are known for every partition and every broker that lives. */
export function knownLoads({ brokers, partitions, deadBrokers = [] }: ClusterSnapshot): boolean[] {
  const dead = new Set(deadBrokers);
  const live = brokers.filter((b) => !dead.has(b.id)).map((b) => b.capacity);
  const size = partitions.every((p) => p.sizeBytes !== 'unknown');
  const inflow = partitions.every((p) => p.inBytesPerS !== 'unknown');
  const out = inflow && partitions.every((p) => p.outBytesPerS !== 'unknown');
  const load = out && partitions.every((p) => p.cpuPct !== 'unknown');
  return [
    size && live.every((c) => c.diskBytes !== 'unknown'),
    inflow && live.every((c) => c.inBytesPerS !== 'unknown'),
    out && live.every((c) => c.outBytesPerS !== 'unknown'),
    load && live.every((c) => c.cpuPct !== 'unknown'),
    true,
    true,
  ];
}

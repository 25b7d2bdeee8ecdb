/**
 * The generator's format (MB, KB/s) as the planner's snapshot (bytes, bytes per second). Decimal
 * units; whole bytes, so that sums are exact.
 */
import type { ClusterSnapshot } from '../../contracts/rebalance.ts';

interface Generated {
  brokers: {
    id: number;
    rack?: string;
    capacity: { diskMB: number; networkInKBps: number; networkOutKBps: number; cpuPct: number };
  }[];
  partitions: {
    topic: string;
    partition: number;
    replicas: number[];
    sizeMB: number;
    bytesInKBps: number;
    bytesOutKBps: number;
    cpuPct: number;
  }[];
  deadBrokers?: number[];
  newBrokers?: number[];
  lostReplicas?: ClusterSnapshot['lostReplicas'];
}

const scaled = (value: number, by: number): number => Math.round(value * by);

/** A cluster of the generator, or a bare snapshot of that format, in the planner's units. */
export function snapshotOf(text: string | Generated): ClusterSnapshot {
  const c = typeof text === 'string' ? (JSON.parse(text) as Generated) : text;
  return {
    brokers: c.brokers.map(({ id, rack, capacity }) => ({
      id,
      ...(rack === undefined ? {} : { rack }),
      capacity: {
        diskBytes: scaled(capacity.diskMB, 1e6),
        inBytesPerS: scaled(capacity.networkInKBps, 1e3),
        outBytesPerS: scaled(capacity.networkOutKBps, 1e3),
        cpuPct: capacity.cpuPct,
      },
    })),
    partitions: c.partitions.map((p) => ({
      topic: p.topic,
      partition: p.partition,
      replicas: p.replicas,
      sizeBytes: scaled(p.sizeMB, 1e6),
      inBytesPerS: scaled(p.bytesInKBps, 1e3),
      outBytesPerS: scaled(p.bytesOutKBps, 1e3),
      cpuPct: p.cpuPct,
    })),
    ...(c.deadBrokers ? { deadBrokers: c.deadBrokers } : {}),
    ...(c.newBrokers ? { newBrokers: c.newBrokers } : {}),
    ...(c.lostReplicas ? { lostReplicas: c.lostReplicas } : {}),
  };
}

/**
 * Hostile clusters from a seed: RF 1–5, racks 1–10 and uneven or missing, dead and lost brokers,
 * lost directories, replicas behind, mixed capacity, tight limits, unknown loads, odd options.
 */
import type {
  ClusterSnapshot,
  Intent,
  PartitionSnapshot,
  PlanOptions,
} from '../../contracts/rebalance.ts';

export interface Hostile {
  snapshot: ClusterSnapshot;
  options: PlanOptions;
}

const intents: Intent[] = [
  'heal',
  'drain',
  'add',
  'demote',
  'rebalance',
  'fit',
  'repairRacks',
  'replicationFactor',
  'spreadTopics',
];

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Dice {
  readonly u: () => number;

  constructor(seed: number) {
    this.u = mulberry32(seed * 7919 + 13);
  }
  int(low: number, high: number): number {
    return low + Math.floor(this.u() * (high - low + 1));
  }
  chance(p: number): boolean {
    return this.u() < p;
  }
  some<T>(of: T[], p: number): T[] {
    return of.filter(() => this.u() < p);
  }
}

/** One cluster and what is asked of it; the same seed, the same bytes. */
export function hostile(seed: number): Hostile {
  const d = new Dice(seed);
  const intent = intents[seed % intents.length]!;
  const n = d.int(2, 14);
  const rackCount = d.int(1, Math.min(n, 10));
  const isUneven = d.chance(0.4);
  const isMixed = d.chance(0.3);
  const brokers = Array.from({ length: n }, (_, i): ClusterSnapshot['brokers'][number] => {
    const k = isMixed && d.chance(0.5) ? 2 : 1;
    const rack = `r${isUneven ? d.int(0, rackCount - 1) : i % rackCount}`;
    return {
      id: i * 3 + 1,
      ...(d.chance(0.03) ? {} : { rack }),
      capacity: {
        diskBytes: 1e9 * k,
        inBytesPerS: 1e6 * k,
        outBytesPerS: 3e6 * k,
        cpuPct: 100,
      },
    };
  });
  const partitions = partitionsOf(d, brokers);
  tighten(d, brokers, partitions);
  const snapshot = { brokers, partitions, ...faults(d, intent, brokers, partitions) };
  forget(d, snapshot);
  return { snapshot, options: optionsOf(d, intent, snapshot) };
}

function partitionsOf(d: Dice, brokers: ClusterSnapshot['brokers']): PartitionSnapshot[] {
  const factor = d.int(1, Math.min(5, brokers.length));
  const isSkewed = d.chance(0.5);
  return Array.from({ length: d.int(0, 50) }, (_, i) => {
    const ids = brokers.map((b) => b.id);
    const rf = d.chance(0.1) ? d.int(1, Math.min(5, brokers.length)) : factor;
    const pick = () => {
      const at = isSkewed ? Math.floor(d.u() ** 2 * ids.length) : d.int(0, ids.length - 1);
      return ids.splice(at, 1)[0]!;
    };
    const inflow = d.chance(0.1) ? 0 : d.int(100, 20_000);
    return {
      topic: `t${i % 6}`,
      partition: Math.floor(i / 6),
      replicas: Array.from({ length: rf }, pick),
      sizeBytes: d.chance(0.1) ? 0 : d.int(1_000, 30_000_000),
      inBytesPerS: inflow,
      outBytesPerS: inflow * d.int(0, 4),
      cpuPct: Math.round(d.u() * 3000) / 1000,
      ...(d.chance(0.3) ? { minInSync: d.int(1, Math.max(1, rf - 1)) } : {}),
    };
  });
}

/** Capacities such that limits are near what is used, in a third of the clusters. */
function tighten(d: Dice, brokers: ClusterSnapshot['brokers'], parts: PartitionSnapshot[]): void {
  if (!d.chance(0.4)) return;
  const factor = 1.05 + d.u() * 0.6;
  const n = brokers.length;
  let [size, inflow, out, load] = [0, 0, 0, 0];
  for (const p of parts) {
    const rf = p.replicas.length;
    size += Number(p.sizeBytes) * rf;
    inflow += Number(p.inBytesPerS) * rf;
    out += Number(p.outBytesPerS) + (rf - 1) * Number(p.inBytesPerS);
    load += Number(p.cpuPct) * 1.3;
  }
  for (const b of brokers) {
    const k = Number(b.capacity.diskBytes) / 1e9;
    b.capacity = {
      diskBytes: Math.ceil(1 + (k * factor * size) / n / 0.8),
      inBytesPerS: Math.ceil(1 + (k * factor * inflow) / n / 0.8),
      outBytesPerS: Math.ceil(1 + (k * factor * out) / n / 0.8),
      cpuPct: Math.ceil(1 + (k * factor * load) / n / 0.7),
    };
  }
}

function faults(
  d: Dice,
  intent: Intent,
  brokers: ClusterSnapshot['brokers'],
  partitions: PartitionSnapshot[],
) {
  const ids = brokers.map((b) => b.id);
  const isBroken = intent === 'heal' || d.chance(0.3);
  const deadBrokers = isBroken ? d.some(ids, intent === 'heal' ? 0.25 : 0.12) : [];
  const lostReplicas =
    isBroken && d.chance(0.4)
      ? d.some(partitions, 0.1).map(({ topic, partition, replicas }) => ({
          topic,
          partition,
          broker: replicas[d.int(0, replicas.length - 1)]!,
        }))
      : [];
  const held = new Set(partitions.flatMap((p) => p.replicas));
  const alive = ids.filter((id) => !deadBrokers.includes(id));
  const empty = alive.filter((id) => !held.has(id));
  const fresh = empty.length > 0 ? empty : alive.slice(-1);
  // A broker that only replica lists name is lost.
  if (isBroken && d.chance(0.15)) {
    for (const p of d.some(partitions, 0.15)) p.replicas[d.int(0, p.replicas.length - 1)] = 99;
  }
  if (d.chance(0.25)) {
    for (const p of d.some(partitions, 0.3)) {
      p.inSync = d.some(p.replicas, 0.7);
      if (d.chance(0.3))
        p.leader = d.chance(0.2) ? null : p.replicas[d.int(0, p.replicas.length - 1)]!;
    }
  }
  const lost = lostReplicas.filter((r) =>
    partitions.some(
      (p) => p.topic === r.topic && p.partition === r.partition && p.replicas.includes(r.broker),
    ),
  );
  return { deadBrokers, lostReplicas: lost, newBrokers: intent === 'add' ? fresh : [] };
}

/** Some loads, or one capacity, are not known. */
function forget(d: Dice, { brokers, partitions }: ClusterSnapshot): void {
  if (!d.chance(0.12)) return;
  const what = d.int(0, 4);
  if (what === 4) {
    brokers[d.int(0, brokers.length - 1)]!.capacity.outBytesPerS = 'unknown';
    return;
  }
  const name = (['sizeBytes', 'inBytesPerS', 'outBytesPerS', 'cpuPct'] as const)[what]!;
  for (const p of d.some(partitions, d.chance(0.5) ? 1 : 0.2)) p[name] = 'unknown';
}

function optionsOf(d: Dice, intent: Intent, { brokers, partitions }: ClusterSnapshot): PlanOptions {
  const ids = brokers.map((b) => b.id);
  const isNamed = intent === 'drain' || intent === 'demote';
  const named = d.some(ids, 0.3);
  const hasTopic = partitions.some((p) => p.topic === 't1');
  return {
    intent,
    ...(isNamed ? { brokers: named.length > 0 ? named : ids.slice(0, 1) } : {}),
    ...(hasTopic && d.chance(0.15) ? { excludedTopics: [d.chance(0.5) ? 't1' : '*1'] } : {}),
    ...(d.chance(0.15) ? { excludedBrokers: d.some(ids, 0.3) } : {}),
    ...(d.chance(0.1) ? { allowedDestinations: d.some(ids, 0.6) } : {}),
    ...(d.chance(0.15) ? { limits: { leaders: d.int(1, 30), replicas: d.int(5, 60) } } : {}),
    ...(d.chance(0.2) ? { evenness: 'load' as const } : {}),
    ...(d.chance(0.2) ? { rackDebt: 'temporary' as const } : {}),
    ...(d.chance(0.2) ? { copiesPerBroker: d.int(1, 3) } : {}),
    ...(intent === 'replicationFactor'
      ? { replicationFactor: d.int(1, Math.min(5, ids.length)) }
      : {}),
  };
}

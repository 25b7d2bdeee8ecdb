/**
 * Small clusters and their optima by trying everything: each partition's possible lists in order of
 * bytes, cut where bytes or loads are beyond what is asked. Shares no code with the planner.
 */
import type { ClusterSnapshot, PartitionSnapshot } from '../../contracts/rebalance.ts';

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

/** 3–6 brokers, 5–12 partitions, RF 1–2, racks 1, 2, 3 or one each; `isTight`: limits are near. */
export function smallCluster(seed: number, isTight: boolean): ClusterSnapshot {
  const u = mulberry32(seed * 2654435761);
  const int = (low: number, high: number) => low + Math.floor(u() * (high - low + 1));
  const n = int(3, 6);
  const racks = [1, 2, 3, n][int(0, 3)]!;
  const rf = int(1, 2);
  const partitions: PartitionSnapshot[] = Array.from(
    { length: int(5, rf === 1 ? 12 : 9) },
    (_, i) => {
      const ids = Array.from({ length: n }, (_x, id) => id);
      const pick = () => ids.splice(Math.floor(u() ** 1.7 * ids.length), 1)[0]!;
      const inflow = int(1, 200) * 100;
      return {
        topic: `t${i % 3}`,
        partition: i,
        replicas: Array.from({ length: rf }, pick),
        sizeBytes: int(100, 3200) * 1000,
        inBytesPerS: inflow,
        outBytesPerS: inflow * int(0, 3),
        cpuPct: int(10, 60) / 10,
      };
    },
  );
  const sum = (of: (p: PartitionSnapshot) => number) => partitions.reduce((s, p) => s + of(p), 0);
  const factor = isTight ? 1.15 + 0.5 * u() : 8;
  const disk = sum((p) => Number(p.sizeBytes) * rf);
  const inflow = sum((p) => Number(p.inBytesPerS) * rf);
  const out = sum((p) => Number(p.outBytesPerS) + (rf - 1) * Number(p.inBytesPerS));
  const cpu = sum((p) => Number(p.cpuPct)) * (rf === 1 ? 1 : 1.15);
  const capacity = {
    diskBytes: Math.round((factor * disk) / n / 0.8),
    inBytesPerS: Math.round((factor * inflow) / n / 0.8),
    outBytesPerS: Math.round((1.1 * factor * out) / n / 0.8),
    cpuPct: (1.1 * factor * cpu) / n / 0.7,
  };
  const brokers = Array.from({ length: n }, (_, id) => ({ id, rack: `r${id % racks}`, capacity }));
  return { brokers, partitions };
}

interface Way {
  list: number[];
  bytes: number;
  loads: { id: number; load: number[] }[];
}

/** Caps per broker id on disk, in, out, CPU and replicas. */
export type Caps = (id: number) => number[];

const nodesMax = 4_000_000;

/**
 * Least bytes within the caps, at most `bytesMax`, with at least `diskFloor` on every broker;
 * undefined: none; NaN: too many to try.
 */
export function leastBytes(
  { brokers, partitions }: ClusterSnapshot,
  caps: Caps,
  bytesMax = Number.POSITIVE_INFINITY,
  diskFloor = 0,
): number | undefined {
  const ids = brokers.map((b) => b.id);
  const rack = new Map(brokers.map((b) => [b.id, b.rack ?? '']));
  const limits = new Map(ids.map((id) => [id, caps(id).map((x) => x * (1 + 1e-9) + 1e-9)]));
  const order = [...partitions].sort((a, b) => Number(b.sizeBytes) - Number(a.sizeBytes));
  const ways = order.map((p) => waysOf(p, ids, rack));
  const used = new Map(ids.map((id) => [id, [0, 0, 0, 0, 0]]));
  let best: number | undefined;
  let nodes = 0;
  const visit = (i: number, bytes: number) => {
    if (nodes++ > nodesMax) return;
    if (i === ways.length) {
      const isFull = [...used.values()].every(([disk]) => disk! >= diskFloor * (1 - 1e-9));
      if (isFull) best = bytes;
      return;
    }
    for (const way of ways[i]!) {
      const total = bytes + way.bytes;
      if (total > bytesMax * (1 + 1e-9) || (best !== undefined && total >= best)) break;
      const fits = way.loads.every(({ id, load }) =>
        load.every((x, r) => used.get(id)![r]! + x <= limits.get(id)![r]!),
      );
      if (!fits) continue;
      for (const { id, load } of way.loads)
        for (let r = 0; r < 5; r++) used.get(id)![r]! += load[r]!;
      visit(i + 1, total);
      for (const { id, load } of way.loads)
        for (let r = 0; r < 5; r++) used.get(id)![r]! -= load[r]!;
    }
  };
  visit(0, 0);
  return nodes > nodesMax ? Number.NaN : best;
}

function waysOf(p: PartitionSnapshot, ids: number[], rack: Map<number, string>): Way[] {
  const lists = ids.flatMap((a) =>
    p.replicas.length === 1 ? [[a]] : ids.filter((b) => b !== a).map((b) => [a, b]),
  );
  const isSame = (list: number[]) => rack.get(list[0]!) === rack.get(list[1]!);
  const mayShare = p.replicas.length > 1 && isSame(p.replicas);
  const [size, inflow] = [Number(p.sizeBytes), Number(p.inBytesPerS)];
  const out = Number(p.outBytesPerS) + (p.replicas.length - 1) * inflow;
  const follower = (Number(p.cpuPct) * 0.15 * inflow) / (0.7 * inflow + 0.15 * out);
  return lists
    .filter((list) => list.length === 1 || mayShare || !isSame(list))
    .map((list) => ({
      list,
      bytes: size * list.filter((id) => !p.replicas.includes(id)).length,
      loads: list.map((id, i) => ({
        id,
        load: i === 0 ? [size, inflow, out, Number(p.cpuPct), 1] : [size, inflow, 0, follower, 1],
      })),
    }))
    .sort((a, b) => a.bytes - b.bytes);
}

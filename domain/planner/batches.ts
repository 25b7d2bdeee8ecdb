/**
 * Batches: while a replica is copied, its bytes are on the old and on the new broker. A batch holds
 * as many partitions as fit beside what is there, one moving partition's replicas together. Pure.
 */
import { disk, type Model } from './model.ts';
import type { Reassignment } from './snapshot.ts';

/** Moving replicas into one broker at a time, so that a copy is not slowed by many others. */
const inboundMax = 5;

/** Indices into the reassignments, batch by batch; leadership-only changes come first, together. */
export function batchesOf(model: Model, reassignments: Reassignment[]): number[][] {
  const index = new Map(
    model.snapshot.partitions.map((p, i) => [`${p.topic}\n${p.partition}`, i] as const),
  );
  const used = usedBefore(model);
  const free: number[] = [];
  let waiting: { at: number; p: number; to: number[]; from: number[] }[] = [];
  for (const [at, change] of reassignments.entries()) {
    const p = index.get(`${change.topic}\n${change.partition}`) ?? -1;
    const before = model.snapshot.partitions[p]?.replicas ?? [];
    const to = change.replicas.filter((id) => !before.includes(id)).map((id) => model.indexOf(id));
    const from = before
      .filter((id) => !change.replicas.includes(id))
      .map((id) => model.indexOf(id));
    if (to.length === 0) free.push(at);
    else waiting.push({ at, p, to, from });
  }
  const batches = free.length > 0 ? [free] : [];
  while (waiting.length > 0) {
    const inbound = new Map<number, number>();
    const [now, later] = split(waiting, ({ p, to }) => {
      const fits = to.every(
        (b) =>
          (inbound.get(b) ?? 0) < inboundMax && used[b]! + model.size[p]! <= model.limitOf(b, disk),
      );
      if (fits) {
        for (const b of to) {
          inbound.set(b, (inbound.get(b) ?? 0) + 1);
          used[b]! += model.size[p]!;
        }
      }
      return fits;
    });
    // Nothing fits beside what is there (disks over their limit already): one at a time, then.
    const batch = now.length > 0 ? now : later.splice(0, 1);
    if (now.length === 0)
      for (const { p, to } of batch) for (const b of to) used[b]! += model.size[p]!;
    for (const { p, from } of batch) for (const b of from) used[b]! -= model.size[p]!;
    batches.push(batch.map(({ at }) => at));
    waiting = later;
  }
  return batches;
}

function usedBefore(model: Model): Float64Array {
  const used = new Float64Array(model.brokers);
  for (const { replicas, sizeMB } of model.snapshot.partitions) {
    for (const id of replicas) used[model.indexOf(id)]! += sizeMB;
  }
  return used;
}

function split<T>(items: T[], test: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}

/** The replication factor of topics, up or down; racks and limits as for every replica. Pure. */
import type { Asked } from './context.ts';
import { inSync, lost } from './model.ts';
import { BestFit } from './place.ts';
import { disk, netOut } from './resources.ts';
import { topicMatcher } from './topics.ts';

/** No slot: the replica that is to be added. */
const added = 255;

/** Partitions that the intent is about, and that have another factor than wanted. */
export function offFactor({ model, options }: Asked): number[] {
  const matches = topicMatcher(options.topics ?? ['*']);
  const found: number[] = [];
  for (let p = 0; p < model.partitions; p++) {
    if (model.factor[p] !== options.replicationFactor && matches(model.list[p]!.topic)) {
      found.push(p);
    }
  }
  return found;
}

/** Adds and removes followers until the factor is reached, or nobody may take one more. */
export function changeFactors(asked: Asked): void {
  const { model, rules, targets, options } = asked;
  const factor = options.replicationFactor!;
  const fit = new BestFit(model, rules, targets);
  let left = Number.POSITIVE_INFINITY;
  for (;;) {
    const partitions = offFactor(asked).filter((p) => rules.isMutable(p));
    // Those that lose replicas make room for those that gain some.
    if (partitions.length === 0 || partitions.length >= left) return;
    left = partitions.length;
    changeAll(asked, fit, partitions, factor);
  }
}

function changeAll(asked: Asked, fit: BestFit, partitions: number[], factor: number): void {
  const { model, rules } = asked;
  for (const p of partitions.sort((x, y) => model.size[y]! - model.size[x]! || x - y)) {
    while (model.factor[p]! > factor) {
      const slot = leastNeeded(asked, p);
      if (slot < 0) break;
      model.removeReplica(p, slot);
    }
    while (model.factor[p]! < factor) {
      const leader = model.at(p, 0);
      const more = model.of(leader, netOut) + model.inflow[p]!;
      const hasRoom = model.inflow[p] === 0 || more <= model.limitOf(leader, netOut);
      const to = hasRoom ? fit.forced(p, added, rules.rackFloor(p, added)) : -1;
      if (to < 0) break;
      model.addReplica(p, to);
    }
  }
}

/** Lost ones go first, then those behind, then from the fullest rack and the fullest broker. */
function leastNeeded({ model, rules, targets }: Asked, p: number): number {
  let best = -1;
  let most = -1;
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const state = model.stateOf(p, slot);
    const b = model.at(p, slot);
    const rank = state === lost ? 1e6 : state !== inSync ? 1e5 : 0;
    const score =
      rank + 100 * rules.onRack(p, model.rack[b]!, -1) + Math.min(99, targets.overTarget(b, disk));
    if (score > most) {
      best = slot;
      most = score;
    }
  }
  return best;
}

/**
 * Topics over brokers: each topic's replicas as evenly as the rules allow, and a least number of
 * leaders of each on every broker. Pure.
 */
import type { Asked } from './context.ts';
import { BestFit } from './place.ts';
import { topicMatcher } from './topics.ts';

/** Moves replicas from brokers that hold more of a topic than the ceiling of its mean. */
export function spreadTopics(asked: Asked): void {
  const { model, rules, options } = asked;
  const matches = topicMatcher(options.topics ?? ['*']);
  const topics = new Map<string, number[]>();
  for (let p = 0; p < model.partitions; p++) {
    const { topic } = model.list[p]!;
    if (rules.fixed[p] || !matches(topic)) continue;
    const mine = topics.get(topic);
    if (mine) mine.push(p);
    else topics.set(topic, [p]);
  }
  const fit = new BestFit(model, rules, asked.targets);
  for (const partitions of topics.values()) {
    spreadOne(asked, fit, partitions);
    if (options.minLeaders) raiseLeaders(asked, partitions, options.minLeaders);
  }
}

function spreadOne({ model, rules }: Asked, fit: BestFit, partitions: number[]): void {
  const first = partitions[0]!;
  const open = model.ids
    .map((_, b) => b)
    .filter((b) => rules.receives[b] && rules.setAllows(first, b));
  const count = new Int32Array(model.brokers);
  let total = 0;
  for (const p of partitions) {
    for (const b of model.brokersOf(p)) {
      count[b]! += 1;
      total += 1;
    }
  }
  const most = Math.ceil(total / Math.max(1, open.length));
  const bySize = [...partitions].sort((x, y) => model.size[x]! - model.size[y]! || x - y);
  for (const p of bySize) {
    if (!rules.isFree(p)) continue;
    for (let slot = model.factor[p]! - 1; slot >= 0; slot--) {
      const from = model.at(p, slot);
      if (count[from]! <= most) continue;
      const to = fit.best(p, (b) => count[b]! < most && rules.moveAllows(p, slot, b));
      if (to < 0) continue;
      model.move(p, slot, to);
      count[from]! -= 1;
      count[to]! += 1;
    }
  }
}

/** Brokers that follow partitions of the topic take leadership over from those with more. */
function raiseLeaders({ model, rules }: Asked, partitions: number[], least: number): void {
  const led = new Int32Array(model.brokers);
  for (const p of partitions) if (model.hasSource[p]) led[model.at(p, 0)]! += 1;
  for (let b = 0; b < model.brokers; b++) {
    if (!rules.mayLead[b]) continue;
    const mine = partitions
      .filter((p) => rules.isMutable(p) && model.slotOf(p, b) > 0)
      .sort((x, y) => led[model.at(y, 0)]! - led[model.at(x, 0)]! || x - y);
    for (const p of mine) {
      if (led[b]! >= least) break;
      const from = model.at(p, 0);
      const slot = model.slotOf(p, b);
      if (led[from]! <= least || !rules.leadAllows(p, slot)) continue;
      model.lead(p, slot);
      led[from]! -= 1;
      led[b]! += 1;
    }
  }
}

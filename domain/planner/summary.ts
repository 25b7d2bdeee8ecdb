/** How even the cluster is, and which limits are broken: the figures that a plan prints. Pure. */
import type { LoadSummary, MovePlan, Summaries } from '../../contracts/rebalance.ts';
import type { Model } from './model.ts';
import { kinds, resources } from './resources.ts';
import type { Targets } from './targets.ts';

/** Further than this from its share of the mean, a broker counts as outside. */
const band = 0.1;

/** Summaries of the loads that are known in full; `load` is the model's, or as it is now. */
export function summariesOf(model: Model, targets: Targets, load: Float64Array): Summaries {
  return Object.fromEntries(
    resources.map((name, r) => [name, model.known[r] ? summaryOf(model, targets, load, r) : null]),
  ) as Summaries;
}

function summaryOf(model: Model, targets: Targets, load: Float64Array, r: number): LoadSummary {
  const live = model.ids.map((_, b) => b).filter((b) => model.alive[b]);
  const sum = live.reduce((all, b) => all + load[b * kinds + r]!, 0);
  const mean = sum / Math.max(1, live.length);
  const summary = { maxOverMean: 1, minOverMean: 1, outside: 0, worstBroker: -1 };
  let [most, least, ofLimit] = [-1, Number.POSITIVE_INFINITY, 0];
  for (const b of live) {
    const value = load[b * kinds + r]!;
    const ratio = mean > 0 ? value / (mean * targets.weight[b * kinds + r]!) : 1;
    if (ratio > most) summary.worstBroker = model.ids[b]!;
    most = Math.max(most, ratio);
    least = Math.min(least, ratio);
    // A rounding's breadth beyond the band is within it.
    if (ratio > 1 + band + 1e-9 || ratio < 1 - band - 1e-9) summary.outside += 1;
    ofLimit = Math.max(ofLimit, shareOfLimit(value, model.limitOf(b, r)));
  }
  if (live.length > 0) Object.assign(summary, { maxOverMean: most, minOverMean: least });
  const isLimited = live.some((b) => Number.isFinite(model.limitOf(b, r)));
  const forcedOverMean = targets.forced[r]!;
  return { ...summary, forcedOverMean, ofLimit: isLimited ? ofLimit : null };
}

/** Over a limit of 0 by one is over it by one. */
const shareOfLimit = (value: number, limit: number): number =>
  limit > 0 ? value / limit : value > 0 ? 1 + value : 0;

/** Brokers over a limit whose load is known in full. */
export function overLimits(model: Model): MovePlan['overLimit'] {
  const found: MovePlan['overLimit'] = [];
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    for (const [r, resource] of resources.entries()) {
      if (model.known[r] && model.isOver(b, r)) found.push({ broker: model.ids[b]!, resource });
    }
  }
  return found;
}

/** What the model has that the snapshot had not: the changes that are to be put in order. Pure. */
import type { PlanOptions } from '../../contracts/rebalance.ts';
import { settledOf } from './fit.ts';
import { lost, type Model } from './model.ts';
import type { Rules } from './rules.ts';
import { type Pace, scheduleOf } from './schedule.ts';
import type { Change } from './steps.ts';

const defaultThrottle = 50_000_000;
const defaultCopies = 5;

/** How fast and how many at a time, with the defaults. */
export const paceOf = (options: PlanOptions): Pace => ({
  copiesPerBroker: options.copiesPerBroker ?? defaultCopies,
  throttleBytesPerS: options.throttleBytesPerS ?? defaultThrottle,
});

/** Could all that the model has by now be done without breaking a limit on the way? */
export function canBeDone(model: Model, rules: Rules, options: PlanOptions): boolean {
  const changes = changesOf(model, rules);
  return scheduleOf(model, rules, changes, paceOf(options)).cut.length === 0;
}

/** Partitions whose list is another than it was, and those whose preferred leader is lost. */
export function changesOf(model: Model, rules: Rules): Change[] {
  const changes: Change[] = [];
  for (let p = 0; p < model.partitions; p++) {
    if (rules.fixed[p] || !model.hasSource[p]) continue;
    const from = settledOf(model, p);
    const to = model.brokersOf(p);
    const first = model.slotsBefore[p * model.width]!;
    const isLost = model.statesBefore[p * model.width] === lost && from[0] !== first;
    if (isLost || !isSame(from, to)) changes.push({ p, from, to });
  }
  return changes;
}

/** Followers may be listed in any order: that alone is no change. */
const isSame = (from: number[], to: number[]): boolean =>
  from.length === to.length && from[0] === to[0] && to.every((b) => from.includes(b));

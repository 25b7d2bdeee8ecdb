/** What the planner's parts are handed: the picture, what may be done in it, and what is asked. */
import type { PlanOptions } from '../../contracts/rebalance.ts';
import type { Model } from './model.ts';
import type { Rules } from './rules.ts';
import type { Targets } from './targets.ts';

export interface Context {
  model: Model;
  rules: Rules;
  targets: Targets;
}

export interface Asked extends Context {
  options: PlanOptions;
  fresh: ReadonlySet<number>;
  /** Partitions that could not be brought where they were to be. */
  refused: Set<number>;
}

/**
 * A suite: a bench, and the lives of clusters on it. Trial numbers are fixed (each life has the
 * same count), and everything about a trial follows from seed and number, so that a series can be
 * run in pieces.
 */
import type { TrialBench } from './bench.ts';
import type { Trial } from './trial.ts';

export interface Suite {
  open(): Promise<TrialBench>;
  trialsPerCluster: number;
  /** The trial of this number. `stands`: the life's trials before it left a cluster. */
  trial(options: { index: number; seed: number; stands: boolean; threeNodes: boolean }): Trial;
  /** Takes the cluster away, with nothing done to it. */
  farewell(index: number, last: Trial): Trial;
}

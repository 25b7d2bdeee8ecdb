/** How operations end. The only place that says what is good, for status, exit codes and tests. */
import type { ErrorType } from './errors.ts';

interface Outcome {
  /** What was asked for was reached. */
  good: boolean;
  /** The run fails with this type. */
  failsAs?: ErrorType;
}

/**
 * How an operation can end; the only place that says what is good. `tested` is good on a pass only.
 * `held`: stopped with something left in place on purpose, or because an undo failed; the reason
 * says what. `unchanged`: the plan was empty.
 */
export const outcomes = {
  ready: { good: true },
  unchanged: { good: true },
  applied: { good: true },
  untested: { good: true },
  tested: { good: true },
  destroyed: { good: true },
  quarantined: { good: false },
  'rolled-back': { good: false, failsAs: 'RolledBack' },
  held: { good: false, failsAs: 'Held' },
  refused: { good: false },
  aborted: { good: false, failsAs: 'Aborted' },
  /** Ended by Temporal (terminated, timed out, reset) without a word of its own. */
  interrupted: { good: false },
} as const satisfies Record<string, Outcome>;
export type OperationOutcome = keyof typeof outcomes;

/** Reading errors: Temporal wraps an activity's failure; people want the innermost sentence. */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/common';

/** The cause that says most, without stack or wrapper. */
export function messageOf(error: unknown): string {
  const cause = causeOf(error);
  return cause instanceof Error ? cause.message : String(cause);
}

/** Unwraps activity and child failures. */
export function causeOf(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause ? causeOf(error.cause) : error;
}

/** The catalogue type of a failure, if it has one. */
export function typeOf(error: unknown): string | undefined {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

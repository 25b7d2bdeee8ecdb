/**
 * Failures of workflows: made here (`fail`), and read here, since Temporal wraps an activity's
 * failure and people want the innermost sentence.
 */
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { ErrorType } from '../../contracts/errors.ts';
import type { Violation } from '../../contracts/spec.ts';
import { clip } from '../../contracts/text.ts';

/** Violations that travel in a failure; more are only counted, so that a failure stays small. */
const violationsMax = 50;
const messageMax = 4_000;

/** Makes a failure of a catalogue type that ends or refuses something for good. */
export function fail(type: ErrorType, message: string, details?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message: clip(message, messageMax),
    nonRetryable: true,
    ...(details === undefined ? {} : { details: [details] }),
  });
}

/** Makes InvalidInput of violations: all in the message as far as it goes, the first 50 as data. */
export function invalid(violations: readonly Violation[]): ApplicationFailure {
  const shown = violations.slice(0, violationsMax).map(short);
  const more = violations.length - shown.length;
  const text = shown.map((v) => `${v.field}: ${v.message}; ${v.remedy}`).join(' | ');
  return fail('InvalidInput', more > 0 ? `${text} | and ${more} more` : text, {
    violations: shown,
  });
}

/** A field's path may hold a key of any length that somebody sent. */
const short = ({ field, rule, message, remedy }: Violation): Violation => ({
  field: clip(field, 200),
  rule,
  message: clip(message, 300),
  remedy: clip(remedy, 300),
});

/** The cause that says most, without stack or wrapper. */
export function messageOf(error: unknown): string {
  const cause = causeOf(error);
  return clip(cause instanceof Error ? cause.message : String(cause));
}

/** Unwraps activity and child failures. */
export function causeOf(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause ? causeOf(error.cause) : error;
}

/** True for a failure after which a person must see to the cluster, also when all is undone. */
export function holds(error: unknown): boolean {
  const cause = causeOf(error);
  const [details] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  return (details as { hold?: unknown } | null | undefined)?.hold === true;
}

/** The catalogue type of a failure, if it has one. */
export function typeOf(error: unknown): string | undefined {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

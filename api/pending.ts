/** What an operation is at right now: its pending activities, which only Temporal knows. */
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { PendingWork } from '../contracts/operation.ts';

/** The fields that matter of Temporal's PendingActivityInfo. */
export interface PendingActivity {
  activityType?: { name?: string | null } | null;
  attempt?: number | null;
  heartbeatDetails?: { payloads?: Payload[] | null } | null;
  lastFailure?: { message?: string | null } | null;
}

/** One entry for each activity that has something to tell: a text, or a failed attempt. */
export function pendingWork(activities: readonly PendingActivity[]): PendingWork[] {
  return activities.map(workOf).filter((w) => w.text !== undefined || w.attempt > 1);
}

function workOf(a: PendingActivity): PendingWork {
  const failure = a.lastFailure?.message;
  const text = textOf(a.heartbeatDetails?.payloads?.[0]);
  return {
    activity: a.activityType?.name ?? '?',
    attempt: a.attempt ?? 1,
    ...(text ? { text } : {}),
    ...(failure ? { lastFailure: failure } : {}),
  };
}

function textOf(payload: Payload | undefined): string | undefined {
  const value: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
  if (typeof value === 'string') return value;
  const { text } = (value ?? {}) as { text?: unknown };
  return typeof text === 'string' ? text : undefined;
}

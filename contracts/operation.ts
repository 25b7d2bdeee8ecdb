/**
 * What every operation of every service has: its definition, phases, outcomes, status and updates.
 * An operation is defined once, in contracts/services/<service>.ts; starting it, the lease, routes,
 * queue checks and pages follow from that.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type { ClusterPhase, Connection } from './cluster.ts';
import type { LoadVerdict } from './load.ts';
import type { QueueName } from './names.ts';
import { type OperationOutcome, outcomes } from './outcomes.ts';
import type { ShownPlan } from './plan.ts';
import { Digest, Requester } from './text.ts';

export interface OperationDefinition<I extends TSchema = TSchema> {
  readonly service: string;
  /** The workflow type on the wire; also the word in statuses, leases and ids. */
  readonly type: string;
  readonly input: I;
  /** The cluster that a valid input is about. */
  readonly clusterOf: (input: Static<I>) => string;
  /** What the entity checks before the start. */
  readonly needs: 'nothing' | 'a known cluster' | 'an unprotected cluster';
  /** The cluster's phase while this holds the lease; absent: as it was. */
  readonly phase?: ClusterPhase;
  /** The same for a cluster that stood before. Default: `phase`. */
  readonly phaseOfKnown?: ClusterPhase;
  /** Types that may hold a lease at the same time. Default: none. */
  readonly beside?: readonly string[];
  /** A holder with a lower rank is asked to stop and undo. Default 0. */
  readonly rank?: number;
  /** True: when it ends without a word the cluster is held, since nobody knows how far it got. */
  readonly mutates: boolean;
  /** Queues that must be polled before it is accepted, beside the workflows'. */
  readonly queues: readonly Exclude<QueueName, 'workflows'>[];
}

/** Keeps the type of the input's schema. */
export const operation = <const I extends TSchema>(
  definition: OperationDefinition<I>,
): OperationDefinition<I> => definition;

export type OperationPhase =
  | 'validating'
  | 'waiting-for-lease'
  | 'planning'
  | 'awaiting-approval'
  | 'applying'
  | 'paused'
  | 'load-testing'
  | 'rolling-back'
  | 'finished';

/** True when the operation reached what was asked; a load test must also have passed. */
export function endedWell({ outcome, load }: Pick<OperationStatus, 'outcome' | 'load'>): boolean {
  if (outcome === undefined) return false;
  return outcomes[outcome].good && (load?.verdict?.verdict ?? 'pass') === 'pass';
}

export type StepState =
  | 'pending'
  | 'running'
  | 'done'
  | 'failed'
  | 'undoing'
  | 'undone'
  | 'undo-failed'
  | 'skipped';

/** How far a step of the plan is; what it does is told in the plan under the same id. */
export interface StepStatus {
  id: string;
  state: StepState;
  /** ISO times by the workflow's clock. */
  startedAt?: string;
  endedAt?: string;
  /** Why it failed, or what it waits for. */
  detail?: string;
}

export interface OperationEvent {
  /** Counts from 1; the SSE event id. */
  seq: number;
  at: string;
  text: string;
}

/** A call under way that has something to tell: how far it is, or why it is tried again. */
export interface PendingWork {
  activity: string;
  /** Above 1: earlier attempts failed, the last one with `lastFailure`. */
  attempt: number;
  /** What its heartbeat says. */
  text?: string;
  lastFailure?: string;
}

/** Answer of the `status` query of every operation workflow. */
export interface OperationStatus {
  operationId: string;
  runId: string;
  /** Workflow type. */
  type: string;
  cluster: string;
  requester: string;
  phase: OperationPhase;
  outcome?: OperationOutcome;
  /** Why it is held, quarantined, rolled back or refused: one sentence. */
  reason?: string;
  startedAt: string;
  finishedAt?: string;
  plan?: ShownPlan;
  steps: StepStatus[];
  abortRequested: boolean;
  /** Present from the start of the gate on. */
  load?: { progress?: string; verdict?: LoadVerdict };
  connection?: Connection;
  /** The newest 200. */
  events: OperationEvent[];
  /** Added by the API from what Temporal knows; a workflow cannot see it. */
  pending?: PendingWork[];
}

/** What a finished operation returns (the workflow's result, and the CLI's last JSON line). */
export interface OperationResult {
  operationId: string;
  cluster: string;
  outcome: OperationOutcome;
  reason?: string;
  digest?: string;
  verdict?: LoadVerdict;
  connection?: Connection;
  /** Milliseconds by the workflow's clock: where the time went. */
  timings: { totalMs: number; bootMs: number; loadTestMs: number };
}

export const ApproveInput = Type.Object(
  {
    digest: Digest,
    by: Type.Optional(Requester),
  },
  { additionalProperties: false },
);
export type ApproveInput = Static<typeof ApproveInput>;

export const updates = {
  approve: 'approve',
  pause: 'pause',
  resume: 'resume',
  abort: 'abort',
  submit: 'submit',
  setProtection: 'setProtection',
} as const;
export const statusQuery = 'status';

/**
 * Inputs, statuses and messages of Odin's workflows. Every workflow, update and signal takes one
 * JSON object; the HTTP bodies and `temporal workflow start --input-file` use the same ones.
 */
import { type Static, Type } from 'typebox';
import type { LoadReport, LoadVerdict } from './load.ts';
import type { ClusterPlan, StepKind } from './plan.ts';
import { ClusterSpec, LoadSpec } from './spec.ts';

const closed = { additionalProperties: false } as const;

export const ProvisionInput = Type.Object(
  {
    spec: ClusterSpec,
    /** `auto` applies at once (default); `required` waits for `approve` naming the digest. */
    approval: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('required')])),
    /** Refuse to run unless the plan has this digest (an approved plan that may be stale). */
    expectDigest: Type.Optional(Type.String()),
    /** What a failed step leads to: undo everything (default) or stop and keep what there is. */
    onFailure: Type.Optional(Type.Union([Type.Literal('rollback'), Type.Literal('hold')])),
    /** Who asked; shown in the history. Default `temporal-cli`. */
    requester: Type.Optional(Type.String()),
  },
  closed,
);
export type ProvisionInput = Static<typeof ProvisionInput>;

/** applyPlan: the same without the gate; `expectDigest` is then required. */
export const ApplyInput = Type.Object(
  {
    spec: ClusterSpec,
    expectDigest: Type.String(),
    onFailure: Type.Optional(Type.Union([Type.Literal('rollback'), Type.Literal('hold')])),
    requester: Type.Optional(Type.String()),
  },
  closed,
);
export type ApplyInput = Static<typeof ApplyInput>;

export const PlanInput = Type.Object(
  {
    spec: Type.Optional(ClusterSpec),
    /** With `intent: destroy`, the cluster to take away. */
    cluster: Type.Optional(Type.String()),
    intent: Type.Optional(Type.Union([Type.Literal('apply'), Type.Literal('destroy')])),
  },
  closed,
);
export type PlanInput = Static<typeof PlanInput>;

export const LoadTestInput = Type.Object(
  {
    cluster: Type.String(),
    /** Default: the cluster's own gate. */
    load: Type.Optional(LoadSpec),
    requester: Type.Optional(Type.String()),
  },
  closed,
);
export type LoadTestInput = Static<typeof LoadTestInput>;

export const DestroyInput = Type.Object(
  {
    cluster: Type.String(),
    /** Must repeat the cluster's name: a second look before a point of no return. */
    confirm: Type.String(),
    requester: Type.Optional(Type.String()),
  },
  closed,
);
export type DestroyInput = Static<typeof DestroyInput>;

export type OperationKind = 'provision' | 'apply' | 'load-test' | 'destroy';

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

/**
 * How an operation ended. `held`: stopped with something left in place on purpose or because an
 * undo failed; the reason says what. `unchanged`: the plan was empty.
 */
export type OperationOutcome =
  | 'ready'
  | 'quarantined'
  | 'untested'
  | 'unchanged'
  | 'applied'
  | 'tested'
  | 'destroyed'
  | 'rolled-back'
  | 'held'
  | 'refused'
  | 'aborted';

export type StepState =
  | 'pending'
  | 'running'
  | 'done'
  | 'failed'
  | 'undoing'
  | 'undone'
  | 'undo-failed'
  | 'skipped';

export interface StepStatus {
  id: string;
  kind: StepKind;
  summary: string;
  stage: number;
  state: StepState;
  /** ISO times by the workflow's clock. */
  startedAt?: string;
  endedAt?: string;
  /** Why it failed, or what it waits for. */
  detail?: string;
}

/** How clients reach the cluster. The file holds the credentials (0600); no secret is in here. */
export interface Connection {
  bootstrap: string;
  securityProtocol: 'SASL_PLAINTEXT' | 'SASL_SSL';
  mechanism: 'SCRAM-SHA-512';
  username: string;
  clientPropertiesFile: string;
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
  kind: OperationKind;
  cluster: string;
  requester: string;
  phase: OperationPhase;
  outcome?: OperationOutcome;
  /** Why it is held, quarantined, rolled back or refused: one sentence. */
  reason?: string;
  startedAt: string;
  finishedAt?: string;
  plan?: ClusterPlan;
  steps: StepStatus[];
  paused: boolean;
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

export type ClusterPhase =
  | 'absent'
  | 'provisioning'
  | 'ready'
  | 'quarantined'
  | 'untested'
  | 'changing'
  | 'destroying'
  | 'held'
  | 'destroyed';

/** The lease: who may change the cluster now, why, and since when. */
export interface Lease {
  operationId: string;
  runId: string;
  kind: OperationKind;
  requester: string;
  since: string;
}

export interface OperationSummary {
  operationId: string;
  runId: string;
  kind: OperationKind;
  requester: string;
  startedAt: string;
  finishedAt?: string;
  outcome?: OperationOutcome | 'interrupted';
  reason?: string;
  digest?: string;
}

/** Answer of the `status` query of the cluster entity. */
export interface ClusterStatus {
  name: string;
  phase: ClusterPhase;
  reason?: string;
  protection: boolean;
  /** The last spec that was applied in full. */
  spec?: ClusterSpec;
  connection?: Connection;
  lastVerdict?: {
    verdict: LoadVerdict['verdict'];
    reasons: string[];
    report?: LoadReport;
    at: string;
  };
  lease?: Lease;
  waiting: { operationId: string; kind: OperationKind; since: string }[];
  /** The newest 50. */
  history: OperationSummary[];
}

export interface ApproveInput {
  digest: string;
  by?: string;
}
export interface ProtectionInput {
  enabled: boolean;
  by?: string;
}
/**
 * The entity's `submit` update: start this operation as the lease holder, or say who is running.
 */
export interface SubmitInput {
  operationId: string;
  kind: OperationKind;
  input: ProvisionInput | ApplyInput | LoadTestInput | DestroyInput;
  requester: string;
  /** Digest of the request's body: the same operation id with another one is refused. */
  requestDigest?: string;
}
export interface SubmitResult {
  operationId: string;
  runId: string;
}

export const updates = {
  approve: 'approve',
  pause: 'pause',
  resume: 'resume',
  abort: 'abort',
  submit: 'submit',
  setProtection: 'setProtection',
} as const;
export const statusQuery = 'status';

/** The cluster entity's public language: phases, lease, status, protection, submission. */
import { type Static, Type } from 'typebox';
import type { LoadReport, LoadVerdict } from './load.ts';
import type { OperationOutcome } from './outcomes.ts';
import type { NormalSpec } from './spec.ts';
import { Id, Requester } from './text.ts';

export const clusterPhases = [
  'absent',
  'provisioning',
  'ready',
  'quarantined',
  'untested',
  'changing',
  'destroying',
  'held',
  'destroyed',
] as const;
export type ClusterPhase = (typeof clusterPhases)[number];

/** How clients reach the cluster. The file holds the credentials (0600); no secret is in here. */
export interface Connection {
  bootstrap: string;
  securityProtocol: 'SASL_PLAINTEXT' | 'SASL_SSL';
  mechanism: 'SCRAM-SHA-512';
  username: string;
  clientPropertiesFile: string;
}

/** The lease: who may change the cluster now, and since when. */
export interface Lease {
  operationId: string;
  /** The holder's original run id; '' while it is being started. */
  runId: string;
  /** Workflow type. */
  type: string;
  requester: string;
  since: string;
}

export interface OperationSummary {
  operationId: string;
  runId: string;
  type: string;
  requester: string;
  startedAt: string;
  finishedAt?: string;
  outcome?: OperationOutcome;
  reason?: string;
  digest?: string;
}

/** Answer of the `status` query of the cluster entity: what was last decided, and by when. */
export interface ClusterStatus {
  name: string;
  phase: ClusterPhase;
  /** Since when the phase is so. */
  since: string;
  reason?: string;
  protection: boolean;
  /** Where it runs, from the first operation on it. */
  provider?: string;
  kafkaVersion?: string;
  /** The last spec that was applied in full, with its defaults of then. */
  spec?: NormalSpec;
  connection?: Connection;
  lastVerdict?: {
    verdict: LoadVerdict['verdict'];
    reasons: string[];
    report?: LoadReport;
    at: string;
  };
  /** Who holds the cluster; several only where their definitions allow it. */
  leases: Lease[];
  waiting: { operationId: string; type: string; since: string }[];
  /** The newest 50. */
  history: OperationSummary[];
}

/** What the entity writes down for lists, beside its phase. */
export interface ClusterMemo {
  reason?: string;
  /** Since when the phase is so. */
  since: string;
  /** Of the operation that holds the lease. */
  operationId?: string;
}

export const ProtectionInput = Type.Object(
  { enabled: Type.Boolean(), by: Type.Optional(Requester) },
  { additionalProperties: false },
);
export type ProtectionInput = Static<typeof ProtectionInput>;
export interface ProtectionResult {
  enabled: boolean;
  /** False: no cluster of this name is known, though one that was forgotten may stand. */
  known: boolean;
}

/**
 * The entity's `submit` update: start this operation as the lease holder, or say who is running.
 * `input` is checked by the schema of the operation's definition.
 */
export const SubmitInput = Type.Object(
  {
    operationId: Id,
    type: Type.String({ minLength: 1, maxLength: 100 }),
    input: Type.Unknown(),
    requester: Requester,
    /** Digest of the request's body: the same operation id with another one is refused. */
    requestDigest: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: false },
);
export type SubmitInput = Static<typeof SubmitInput>;
export interface SubmitResult {
  operationId: string;
  runId: string;
}

/**
 * The lease protocol between the cluster entity and the operations that change the cluster. Plain
 * signals both ways, so that an operation started by hand with the `temporal` CLI takes the same
 * lease as one started by the API. Internal: users never send these, yet anybody who reaches
 * Temporal can; so each message has a schema, and one that does not fit is dropped with a word.
 */
import { type Static, Type } from 'typebox';
import { type ClusterStatus, clusterPhases } from './cluster.ts';
import { outcomes } from './outcomes.ts';
import { ClusterSpec } from './spec.ts';
import { Digest, Id, Requester, RunId, Sentence, Time } from './text.ts';

const closed = { additionalProperties: false } as const;
const oneOf = <T extends string>(values: readonly T[]) => Type.Enum([...values] as [T, ...T[]]);

export const leaseSignals = {
  /** Operation → entity: I want the lease. Repeating it changes nothing. */
  requested: 'leaseRequested',
  /** Entity → operation: it is yours. */
  granted: 'leaseGranted',
  /** Entity → operation: are you there? Fails when the operation has ended in any way. */
  pinged: 'leasePinged',
  /** Entity → operation: somebody who goes first needs the cluster; stop and undo. */
  recalled: 'leaseRecalled',
  /** Operation → entity: I am done, and this is how the cluster is now. */
  released: 'leaseReleased',
} as const;

/** Who an operation is, to the entity. */
const who = {
  operationId: Id,
  /** The original run id, which a reset keeps. */
  runId: RunId,
  type: Type.String({ minLength: 1, maxLength: 100 }),
  requester: Requester,
};

/** Where a cluster runs and with what: told with the first request, since a destroy needs it. */
const Place = {
  provider: Type.Optional(Type.String({ maxLength: 40 })),
  kafkaVersion: Type.Optional(Type.String({ maxLength: 40 })),
};

export const LeaseRequested = Type.Object({ ...who, ...Place }, closed);
export type LeaseRequested = Static<typeof LeaseRequested>;

/** What the holder may rely on while it holds the lease. */
export interface LeaseGranted {
  operationId: string;
  runId: string;
  /** False before the first successful or interrupted provision. */
  known: boolean;
  cluster: Pick<
    ClusterStatus,
    'name' | 'phase' | 'reason' | 'protection' | 'provider' | 'kafkaVersion' | 'spec'
  >;
}

export const LeaseRecalled = Type.Object({ runId: RunId, by: Id }, closed);
export type LeaseRecalled = Static<typeof LeaseRecalled>;

const Summary = Type.Object(
  {
    ...who,
    /** `-` of one that never ran. */
    runId: Id,
    startedAt: Time,
    finishedAt: Type.Optional(Time),
    outcome: Type.Optional(oneOf(Object.keys(outcomes) as (keyof typeof outcomes)[])),
    reason: Type.Optional(Sentence),
    digest: Type.Optional(Digest),
  },
  closed,
);

const Connection = Type.Object(
  {
    bootstrap: Type.String({ maxLength: 20_000 }),
    securityProtocol: oneOf(['SASL_PLAINTEXT', 'SASL_SSL'] as const),
    mechanism: Type.Literal('SCRAM-SHA-512'),
    username: Type.String({ maxLength: 255 }),
    clientPropertiesFile: Type.String({ maxLength: 4_096 }),
  },
  closed,
);

/** The verdict's figures are shown, never computed with: only their place is checked. */
const LastVerdict = Type.Object({
  verdict: oneOf(['pass', 'fail', 'unknown'] as const),
  reasons: Type.Array(Sentence, { maxItems: 50 }),
  report: Type.Optional(Type.Unknown()),
  at: Time,
});

/** How the cluster is at rest. */
const Rest = {
  phase: oneOf(clusterPhases),
  reason: Type.Optional(Sentence),
  /** A NormalSpec, whose shape is that of a spec with nothing left out. */
  spec: Type.Optional(ClusterSpec),
  connection: Type.Optional(Connection),
  lastVerdict: Type.Optional(LastVerdict),
};

export const LeaseReleased = Type.Object(
  {
    operationId: Id,
    runId: RunId,
    summary: Summary,
    /** Absent fields stay as they were; an empty reason clears it. */
    cluster: Type.Partial(Type.Object({ ...Rest, protection: Type.Boolean() }, closed)),
  },
  closed,
);
export interface LeaseReleased {
  operationId: string;
  runId: string;
  summary: Static<typeof Summary>;
  cluster: Partial<
    Pick<ClusterStatus, 'phase' | 'reason' | 'spec' | 'connection' | 'lastVerdict' | 'protection'>
  >;
}

const lease = { ...who, since: Time, ...Place };
const Lease = Type.Object(lease, closed);
const Holder = Type.Object(
  {
    ...lease,
    /** Empty while its operation is being started. */
    runId: Type.Union([Type.Literal(''), RunId]),
    /** The grant needs no telling now. */
    told: Type.Boolean(),
    /** A grant has reached it: from then on it may have begun to change things. */
    knows: Type.Boolean(),
    /** The operation that goes first and waits for this one to stop. */
    recalledBy: Type.Optional(Id),
  },
  closed,
);

/** The entity's state: plain JSON, carried by continue-as-new, every list bounded. */
export const LeaseBook = Type.Object(
  {
    version: Type.Literal(1),
    name: Type.String({ maxLength: 40 }),
    /** True once something may exist under this name. */
    known: Type.Boolean(),
    /** Deletion protection. On until somebody lifts it, also of a cluster that was forgotten. */
    protection: Type.Boolean(),
    ...Place,
    /** The resting part of the status: how the cluster is when nobody holds a lease. */
    rest: Type.Object({ ...Rest, since: Time }, closed),
    holders: Type.Array(Holder),
    waiting: Type.Array(Lease),
    history: Type.Array(Summary),
    /** Operations started by `submit`, for repeated submissions. */
    submitted: Type.Array(
      Type.Object({
        operationId: Id,
        runId: Id,
        requestDigest: Type.Optional(Type.String({ maxLength: 100 })),
      }),
    ),
  },
  closed,
);
export type LeaseHolder = Static<typeof Holder>;
export interface LeaseBook
  extends Omit<Static<typeof LeaseBook>, 'rest' | 'holders' | 'waiting' | 'history'> {
  rest: Pick<ClusterStatus, 'phase' | 'reason' | 'spec' | 'connection' | 'lastVerdict' | 'since'>;
  holders: LeaseHolder[];
  waiting: Static<typeof Lease>[];
  history: Static<typeof Summary>[];
}

/**
 * The bodies of the HTTP API's answers, as schemas: one source for the OpenAPI document, the API
 * (whose handlers return these types) and the CLI. Nothing here decides anything.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type { ClusterPhase, Connection as ConnectionType } from './cluster.ts';
import type { LoadReport, LoadVerdict } from './load.ts';
import type { InstanceState } from './observed.ts';
import type { OperationPhase, StepState } from './operation.ts';
import type { OperationOutcome } from './outcomes.ts';
import type { ClusterPlan, ShownPlan } from './plan.ts';
import type { NormalSpec } from './spec.ts';

/** A string of the contract's own union: told as a string, typed as the union. */
const word = <T extends string>(description?: string) =>
  Type.Unsafe<T>(Type.String(description ? { description } : {}));
/** A value whose type is told elsewhere; only its main fields are in the document. */
const like = <T>(schema: TSchema) => Type.Unsafe<T>(schema);
const when = (description?: string) =>
  Type.String({ format: 'date-time', ...(description ? { description } : {}) });

const Violation = Type.Object({
  field: Type.String(),
  rule: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
});

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:asgard:error:<Type>; see docs/reference/errors.md' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'The cause, in one or more sentences' }),
    instance: Type.String(),
    remedy: Type.String(),
    violations: Type.Optional(Type.Array(Violation)),
    operationId: Type.Optional(Type.String()),
  },
  { description: 'RFC 9457 problem details' },
);
export type Problem = Static<typeof Problem>;

/** Answer to everything that starts an operation. `operation` and `events` are paths. */
export const Accepted = Type.Object({
  operationId: Type.String(),
  runId: Type.String(),
  operation: Type.String(),
  events: Type.String(),
});
export type Accepted = Static<typeof Accepted>;

const Plan = Type.Object({
  cluster: Type.String(),
  intent: Type.String(),
  digest: Type.String(),
  steps: Type.Array(Type.Object({ id: Type.String(), summary: Type.String() })),
  warnings: Type.Array(Type.String()),
});

export const Planned = Type.Object({
  plan: like<ClusterPlan>(Plan),
  text: Type.String({ description: 'The plan for people' }),
});
export type Planned = Static<typeof Planned>;

export const Protection = Type.Object({
  name: Type.String(),
  protection: Type.Boolean(),
  known: Type.Boolean({ description: 'False: no cluster of this name is known' }),
});
export type Protection = Static<typeof Protection>;

const Lease = Type.Object({
  operationId: Type.String(),
  runId: Type.String(),
  type: Type.String({ description: 'Workflow type' }),
  requester: Type.String(),
  since: when(),
});

const PastOperation = Type.Object({
  operationId: Type.String(),
  runId: Type.String(),
  type: Type.String({ description: 'Workflow type' }),
  requester: Type.String(),
  startedAt: when(),
  finishedAt: Type.Optional(when()),
  outcome: Type.Optional(word<OperationOutcome>()),
  reason: Type.Optional(Type.String()),
  digest: Type.Optional(Type.String()),
});

export const OpenOperation = Type.Object({
  operationId: Type.String(),
  type: Type.String({ description: '`unknown` when the operation does not answer' }),
  phase: word<OperationPhase | 'unknown'>(),
  requester: Type.Optional(Type.String()),
  startedAt: Type.Optional(when()),
  digest: Type.Optional(Type.String({ description: 'Of its plan, once it has one' })),
  holdsLease: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'Why it does not answer' })),
});
export type OpenOperation = Static<typeof OpenOperation>;

export const OperationList = Type.Object({
  open: Type.Array(OpenOperation, { description: 'Asked one by one, just now' }),
  history: Type.Array(PastOperation, { description: 'The newest 50 that ended, oldest first' }),
});
export type OperationList = Static<typeof OperationList>;

const Step = Type.Object({
  id: Type.String({ description: 'Of the plan, which says what the step does' }),
  state: word<StepState>(),
  startedAt: Type.Optional(when()),
  endedAt: Type.Optional(when()),
  detail: Type.Optional(Type.String()),
});

const Pending = Type.Object({
  activity: Type.String(),
  attempt: Type.Integer(),
  text: Type.Optional(Type.String()),
  lastFailure: Type.Optional(Type.String()),
});

const Connection = like<ConnectionType>(
  Type.Object({
    bootstrap: Type.String(),
    securityProtocol: Type.String(),
    mechanism: Type.String(),
    username: Type.String(),
    clientPropertiesFile: Type.String(),
  }),
);

/** An operation in full; `outcome` is `interrupted` when Temporal ended it without a word of it. */
export const OperationView = Type.Object({
  operationId: Type.String(),
  runId: Type.String(),
  type: Type.String({ description: 'Workflow type' }),
  cluster: Type.String(),
  requester: Type.String(),
  phase: word<OperationPhase>(),
  outcome: Type.Optional(word<OperationOutcome>()),
  reason: Type.Optional(Type.String()),
  startedAt: when(),
  finishedAt: Type.Optional(when()),
  plan: Type.Optional(like<ShownPlan>(Plan)),
  steps: Type.Array(Step),
  abortRequested: Type.Boolean(),
  load: Type.Optional(
    Type.Object({
      progress: Type.Optional(Type.String()),
      verdict: Type.Optional(like<LoadVerdict>(Type.Object({ verdict: Type.String() }))),
    }),
  ),
  connection: Type.Optional(Connection),
  events: Type.Array(Type.Object({ seq: Type.Integer(), at: when(), text: Type.String() })),
  pending: Type.Optional(Type.Array(Pending)),
});
export type OperationView = Static<typeof OperationView>;

/** Answer to approve, pause, resume and abort. */
export const Told = Type.Object({
  operationId: Type.String(),
  accepted: Type.Enum(['approve', 'pause', 'resume', 'abort']),
  digest: Type.Optional(Type.String({ description: 'What was approved' })),
});
export type Told = Static<typeof Told>;

/** A machine and its half of Kafka, as they were when they were looked at. */
export const NodeStatus = Type.Object({
  slot: Type.String(),
  nodeId: Type.Integer(),
  rack: Type.String(),
  roles: Type.Array(Type.Enum(['broker', 'controller'])),
  machine: Type.Object({
    state: word<InstanceState | 'absent'>(
      'pending, running, stopping, stopped, terminated, or absent when there is none',
    ),
    since: Type.Optional(when('When it came into this state or was found in it, if known')),
    code: Type.Optional(
      Type.Enum(['ended', 'not-started', 'disk-emptied'], {
        description: 'What kind of reason; no start helps one that is `disk-emptied`',
      }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why it is so, where the cloud knows' })),
  }),
  broker: Type.Optional(
    Type.Object({
      registration: Type.Enum(['registered', 'fenced', 'absent', 'unknown'], {
        description:
          'fenced: Kafka does not serve it though it has replicas; unknown: Kafka did not answer',
      }),
      leaders: Type.Optional(Type.Integer()),
      replicas: Type.Optional(Type.Integer()),
      outOfSync: Type.Optional(
        Type.Integer({ description: 'Its replicas that are not in the in-sync set' }),
      ),
    }),
  ),
  controller: Type.Optional(Type.Enum(['leader', 'voter', 'not-voter', 'unknown'])),
});
export type NodeStatus = Static<typeof NodeStatus>;

/** What one look at the world found (the result of the workflow `inspectCluster`). */
const StrangerView = Type.Object({
  id: Type.String(),
  kind: word<'instance' | 'volume'>(),
  slot: Type.String({ description: 'As noted beside the lost record' }),
  running: Type.Boolean({ description: 'A machine runs; a disk is used by one that does' }),
  where: Type.String({ description: 'Where a person finds it' }),
});
export type StrangerView = Static<typeof StrangerView>;

export const Inspection = Type.Object({
  lookedAt: when(),
  providers: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Those that have anything of it; only when nobody knew which one to ask',
    }),
  ),
  nodes: Type.Array(NodeStatus),
  strangers: Type.Optional(
    Type.Array(StrangerView, {
      description:
        'Machines and disks of the cluster that have lost their record; nobody touches them',
    }),
  ),
  kafka: Type.Object({
    answers: Type.Boolean(),
    asked: Type.Optional(
      Type.Boolean({ description: 'False when there are no credentials to ask it with' }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why it does not' })),
    leaderless: Type.Optional(Type.Integer({ description: 'Partitions that nobody leads' })),
    underReplicated: Type.Optional(
      Type.Integer({ description: 'Partitions with a replica out of sync' }),
    ),
  }),
});
export type Inspection = Static<typeof Inspection>;

export const ClusterNow = Type.Object({
  ...Type.Partial(Inspection).properties,
  summary: Type.String({ description: 'One line, such as `2 of 3 machines stopped`' }),
  remedy: Type.Optional(Type.String({ description: 'Who brings back what is away' })),
  problem: Type.Optional(
    Type.String({ description: 'Why the world could not be looked at; then there are no nodes' }),
  ),
});
export type ClusterNow = Static<typeof ClusterNow>;

/** One row of the list: what was last decided, from Temporal's index; no worker is asked. */
export const ClusterSummary = Type.Object({
  name: Type.String(),
  phase: word<ClusterPhase | 'unknown'>('As last decided; `unknown` before the first answer'),
  reason: Type.Optional(Type.String()),
  since: Type.Optional(when('Since when it was decided so')),
  operationId: Type.Optional(Type.String({ description: 'Of the operation that holds it' })),
  problem: Type.Optional(Type.String({ description: 'Why its entity does not go on' })),
});
export type ClusterSummary = Static<typeof ClusterSummary>;

export const ClusterList = Type.Object({
  clusters: Type.Array(ClusterSummary),
  next: Type.Optional(Type.String({ description: '`cursor` of the next page, when there is one' })),
});
export type ClusterList = Static<typeof ClusterList>;

/** What was last decided about a cluster, and what is there now. */
export const ClusterView = Type.Object({
  name: Type.String(),
  phase: word<ClusterPhase | 'unknown'>('As last decided, at `since`; see `now`'),
  forgotten: Type.Optional(
    Type.Boolean({ description: 'Something of it stands, and nothing is known of it any more' }),
  ),
  reason: Type.Optional(Type.String()),
  since: Type.Optional(when('Since when it was decided so')),
  protection: Type.Optional(Type.Boolean()),
  spec: Type.Optional(like<NormalSpec>(Type.Object({ name: Type.String() }))),
  connection: Type.Optional(Connection),
  lastVerdict: Type.Optional(
    Type.Object({
      verdict: word<LoadVerdict['verdict']>(),
      reasons: Type.Array(Type.String()),
      report: Type.Optional(like<LoadReport>(Type.Object({ sent: Type.Integer() }))),
      at: when(),
    }),
  ),
  leases: Type.Optional(Type.Array(Lease)),
  waiting: Type.Optional(
    Type.Array(
      Type.Object({
        operationId: Type.String(),
        type: Type.String({ description: 'Workflow type' }),
        since: when(),
      }),
    ),
  ),
  history: Type.Optional(Type.Array(PastOperation)),
  partial: Type.Optional(
    Type.String({ description: 'Why only what Temporal’s index knows is here' }),
  ),
  now: ClusterNow,
});
export type ClusterView = Static<typeof ClusterView>;

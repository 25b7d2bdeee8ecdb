/**
 * Odin's operations: inputs and definitions. The HTTP bodies and `temporal workflow start
 * --input-file` use the same inputs.
 */
import { type Static, Type } from 'typebox';
import { operation } from '../operation.ts';
import { ClusterSpec, LoadSpec } from '../spec.ts';
import { Digest, Name, Requester } from '../text.ts';

const closed = { additionalProperties: false } as const;

const OnFailure = Type.Union([Type.Literal('rollback'), Type.Literal('hold')], {
  description: 'What a failed step leads to: undo everything, or stop and keep what there is.',
  default: 'rollback',
});
const AskedBy = Type.Optional(Requester);
const Provider = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 40,
    description: 'Only for a cluster that Asgard no longer knows: where it runs.',
  }),
);

export const ProvisionInput = Type.Object(
  {
    spec: ClusterSpec,
    approval: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Literal('required')], {
        description: '`required` waits for `approve` naming the digest.',
        default: 'auto',
      }),
    ),
    /** Refuse to run unless the plan has this digest (an approved plan that may be stale). */
    expectDigest: Type.Optional(Digest),
    onFailure: Type.Optional(OnFailure),
    requester: AskedBy,
  },
  closed,
);
export type ProvisionInput = Static<typeof ProvisionInput>;

/** applyPlan: the same without the gate; `expectDigest` is then required. */
export const ApplyInput = Type.Object(
  {
    spec: ClusterSpec,
    expectDigest: Digest,
    onFailure: Type.Optional(OnFailure),
    requester: AskedBy,
  },
  closed,
);
export type ApplyInput = Static<typeof ApplyInput>;

export const LoadTestInput = Type.Object(
  {
    cluster: Name,
    /** Default: the cluster's own gate. */
    load: Type.Optional(LoadSpec),
    requester: AskedBy,
  },
  closed,
);
export type LoadTestInput = Static<typeof LoadTestInput>;

export const DestroyInput = Type.Object(
  {
    cluster: Name,
    /** Must repeat the cluster's name: a second look before a point of no return. */
    confirm: Name,
    provider: Provider,
    requester: AskedBy,
  },
  closed,
);
export type DestroyInput = Static<typeof DestroyInput>;

/** What planCluster takes: a spec, or the name of a cluster to take away. */
export const PlanInput = Type.Object(
  {
    spec: Type.Optional(ClusterSpec),
    /** With `intent: destroy`, the cluster to take away. */
    cluster: Type.Optional(Name),
    intent: Type.Optional(Type.Union([Type.Literal('apply'), Type.Literal('destroy')])),
    provider: Provider,
  },
  closed,
);
export type PlanInput = Static<typeof PlanInput>;

/** Read-only workflow; no operation, since it takes no lease. */
export const planWorkflowType = 'planCluster';

/** A look at machines and brokers as they are now; without a provider every one is asked. */
export const InspectInput = Type.Object({ cluster: Name, provider: Provider }, closed);
export type InspectInput = Static<typeof InspectInput>;
/** Read-only workflow; no operation, since it takes no lease. */
export const inspectWorkflowType = 'inspectCluster';

export const odin = {
  provisionCluster: operation({
    service: 'odin',
    type: 'provisionCluster',
    input: ProvisionInput,
    clusterOf: ({ spec }) => spec.name,
    needs: 'nothing',
    phase: 'provisioning',
    phaseOfKnown: 'changing',
    mutates: true,
    queues: ['cloud', 'kafka', 'load'],
  }),
  applyPlan: operation({
    service: 'odin',
    type: 'applyPlan',
    input: ApplyInput,
    clusterOf: ({ spec }) => spec.name,
    needs: 'nothing',
    phase: 'changing',
    mutates: true,
    queues: ['cloud', 'kafka'],
  }),
  loadTest: operation({
    service: 'odin',
    type: 'loadTest',
    input: LoadTestInput,
    clusterOf: ({ cluster }) => cluster,
    needs: 'a known cluster',
    beside: ['chaosDrill'],
    mutates: false,
    queues: ['cloud', 'kafka', 'load'],
  }),
  destroyCluster: operation({
    service: 'odin',
    type: 'destroyCluster',
    input: DestroyInput,
    clusterOf: ({ cluster }) => cluster,
    needs: 'an unprotected cluster',
    phase: 'destroying',
    mutates: true,
    queues: ['cloud', 'kafka'],
  }),
} as const;

/**
 * A plan: ordered steps that turn the observed cluster into the one the spec asks for. The plan is
 * the deed: every mutating provider call that execution makes is listed in a step, and the digest
 * over the canonical form is what an approval names.
 */

export type StepKind =
  | 'createIdentity'
  | 'createInterface'
  | 'createVolume'
  | 'launchInstance'
  | 'startInstance'
  | 'awaitNode'
  | 'restartNode'
  | 'growVolume'
  | 'alterClusterConfig'
  | 'createTopic'
  | 'alterTopicConfig'
  | 'addPartitions'
  | 'deleteTopic'
  | 'unregisterNode'
  | 'terminateInstance'
  | 'deleteVolume'
  | 'deleteInterface'
  | 'deleteIdentity';

/** Terraform's symbols: create, update in place, delete, delete-then-create, read. */
export type StepSymbol = '+' | '~' | '-' | '-/+' | '<=';

/** A node as a step needs it; enough to render its configuration without looking anything up. */
export interface NodeTarget {
  slot: string;
  pool: string;
  nodeId: number;
  rack: string;
  roles: ('broker' | 'controller')[];
  instanceType: string;
  diskGiB: number;
}

/** What a step does, as data; `before` holds what its undo restores. */
export type StepAction =
  | { kind: 'createIdentity' | 'deleteIdentity' }
  | {
      kind:
        | 'createInterface'
        | 'createVolume'
        | 'startInstance'
        | 'awaitNode'
        | 'unregisterNode'
        | 'terminateInstance'
        | 'deleteVolume'
        | 'deleteInterface';
      node: NodeTarget;
    }
  | { kind: 'launchInstance'; node: NodeTarget; staticConfig: Record<string, string> }
  | {
      kind: 'restartNode';
      node: NodeTarget;
      staticConfig: Record<string, string>;
      before: { instanceType: string; configDigest: string; staticConfig?: Record<string, string> };
    }
  | { kind: 'growVolume'; node: NodeTarget; before: { diskGiB: number } }
  | {
      kind: 'alterClusterConfig';
      /** null removes the dynamic value. */
      set: Record<string, string | null>;
      before: Record<string, string | null>;
    }
  | {
      kind: 'createTopic';
      topic: string;
      partitions: number;
      replicationFactor: number;
      config: Record<string, string>;
    }
  | {
      kind: 'alterTopicConfig';
      topic: string;
      set: Record<string, string | null>;
      before: Record<string, string | null>;
    }
  | { kind: 'addPartitions'; topic: string; partitions: number; before: { partitions: number } }
  | { kind: 'deleteTopic'; topic: string };

/** The action of one kind, out of the union. */
export type ActionOf<K extends StepKind> = StepAction extends infer A
  ? A extends { kind: infer X }
    ? K extends X
      ? A & { kind: K }
      : never
    : never
  : never;

export interface PlanStep {
  /** Unique in the plan and stable for the same change: `<kind>/<target>`. */
  id: string;
  /** Steps of one stage may run side by side; stages run in order, counted from 0. */
  stage: number;
  symbol: StepSymbol;
  action: StepAction;
  /** One line for people, for example `launch broker main-0 (node 0, rack-a, local.small)`. */
  summary: string;
  /** How it is taken back, in words, or `point of no return`, or `nothing to undo`. */
  undo: string;
  /** Slots restarted by this step. */
  restarts: string[];
  /** Estimated bytes copied over the network by this step; 0 when none. */
  bytes: number;
  /** Estimated duration in seconds. */
  durationS: number;
  /**
   * Mutating provider calls made by this step, as `<world>.<call> <target>`; reads are not listed.
   */
  calls: string[];
}

export interface ClusterPlan {
  cluster: string;
  /** `apply` builds or changes towards a spec; `destroy` takes everything away. */
  intent: 'apply' | 'destroy';
  steps: PlanStep[];
  /** Terraform's footer counts; a replacement counts as one add and one destroy. */
  counts: { add: number; change: number; destroy: number };
  /** Remarks that do not block, for example `rack-a is lost if …`. */
  warnings: string[];
  /** `sha256:<hex>` over the canonical JSON of cluster, intent and steps. */
  digest: string;
}

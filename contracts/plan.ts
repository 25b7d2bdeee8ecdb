/**
 * A plan: ordered steps that turn the observed cluster into the one the spec asks for. The plan is
 * the deed: every mutating provider call that execution makes is listed in a step, and the digest
 * over the canonical form is what an approval names.
 */

/** Terraform's symbols: create, update in place, delete, read. */
export type StepSymbol = '+' | '~' | '-' | '<=';

/**
 * What becomes of a step when a later one fails: `restored` as it was before, `unneeded` since it
 * changes nothing that would have to go, `impossible` (a point of no return).
 */
export type UndoKind = 'restored' | 'unneeded' | 'impossible';

/** Values to set; null takes a value away, so that the default holds again. */
export type ConfigPatch = Record<string, string | null>;

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

/** One key of a node's configuration; null: not set, Kafka's default. */
export interface ConfigChange {
  key: string;
  from: string | null;
  to: string | null;
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
      /** `kafkaVersion` is absent when nobody knows what it ran before: then no way leads back. */
      before: { instanceType: string; configDigest: string; kafkaVersion?: string };
      /** What changes of what it boots with; empty when unknown, or when only the type changes. */
      changes: ConfigChange[];
    }
  | { kind: 'growVolume'; node: NodeTarget; before: { diskGiB: number } }
  | {
      kind: 'alterClusterConfig';
      set: ConfigPatch;
      before: ConfigPatch;
    }
  | { kind: 'createTopics'; groups: TopicCreation[] }
  | { kind: 'alterTopicConfigs'; groups: TopicPatch[] }
  | { kind: 'addPartitions'; groups: TopicGrowth[] }
  | { kind: 'deleteTopics'; topics: string[] };

/**
 * Topics go in batches, one request to Kafka each; in a batch, equal changes are told once for all
 * their topics.
 */
interface ForTopics {
  topics: string[];
}
export interface TopicCreation extends ForTopics {
  partitions: number;
  replicationFactor: number;
  config: Record<string, string>;
}
export interface TopicPatch extends ForTopics {
  set: ConfigPatch;
  before: ConfigPatch;
}
export interface TopicGrowth extends ForTopics {
  partitions: number;
  before: { partitions: number };
}

export type StepKind = StepAction['kind'];

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
  undo: UndoKind;
  /** Slots restarted by this step. */
  restarts: string[];
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
  /** Nothing of the cluster was on any disk before: what is inside Kafka goes with its disks. */
  fresh: boolean;
  /** Terraform's footer: how many things (topics, not batches) come, change and go. */
  counts: { add: number; change: number; destroy: number };
  /** Remarks that do not block, for example `rack-a is lost if …`. */
  warnings: string[];
  /** `sha256:<hex>` over the canonical JSON of cluster, intent and steps. */
  digest: string;
}

/** A step as people read it: without the data that only execution needs. */
export type ShownStep = Omit<PlanStep, 'action'> & { action?: never };

/** A plan as an operation's status shows it: every step once, and short. */
export type ShownPlan = Omit<ClusterPlan, 'steps'> & { steps: ShownStep[] };

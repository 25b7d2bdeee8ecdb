/**
 * What the rebalance planner reads and writes: plain data, in the field's terms. Disk in bytes,
 * network in bytes per second, CPU in percent of the broker. Types and schemas only; no rules.
 */
import { type Static, Type } from 'typebox';

/** A figure, or `unknown`: never guessed, never balanced on, its limit never claimed. */
export type Known = number | 'unknown';

export interface Capacity {
  diskBytes: Known;
  inBytesPerS: Known;
  outBytesPerS: Known;
  cpuPct: Known;
}

export interface BrokerSnapshot {
  id: number;
  /** Without one the broker counts as a rack of its own. */
  rack?: string | null;
  capacity: Capacity;
  /** Log directories, for the intent `logDirs`. */
  logDirs?: { path: string; capacityBytes: Known }[];
}

export interface PartitionSnapshot {
  topic: string;
  partition: number;
  /** Broker ids, the preferred leader first. Ids that are no broker's are lost brokers. */
  replicas: number[];
  /** Who leads now; null: nobody. Default: the first replica that lives and is in sync. */
  leader?: number | null;
  /** Replicas in sync. Default: all that live. */
  inSync?: number[];
  /** min.insync.replicas; default 1. */
  minInSync?: number;
  sizeBytes: Known;
  /** Produced to the leader. */
  inBytesPerS: Known;
  /** Read from the leader by consumers, replication not counted. */
  outBytesPerS: Known;
  /** CPU of the leader. */
  cpuPct: Known;
  /** Log directory of each replica, in the order of `replicas`; for the intent `logDirs`. */
  logDirs?: string[];
}

export interface ReplicaName {
  topic: string;
  partition: number;
  broker: number;
}

export interface ClusterSnapshot {
  brokers: BrokerSnapshot[];
  partitions: PartitionSnapshot[];
  deadBrokers?: number[];
  newBrokers?: number[];
  /** Replicas on failed log directories of brokers that live. */
  lostReplicas?: ReplicaName[];
}

export const Intent = Type.Union([
  Type.Literal('heal'),
  Type.Literal('drain'),
  Type.Literal('add'),
  Type.Literal('demote'),
  Type.Literal('rebalance'),
  Type.Literal('fit'),
  Type.Literal('repairRacks'),
  Type.Literal('replicationFactor'),
  Type.Literal('spreadTopics'),
  Type.Literal('brokerSets'),
  Type.Literal('logDirs'),
]);
export type Intent = Static<typeof Intent>;
export const intents: Intent[] = [
  'heal',
  'drain',
  'add',
  'demote',
  'rebalance',
  'fit',
  'repairRacks',
  'replicationFactor',
  'spreadTopics',
  'brokerSets',
  'logDirs',
];

const Ids = Type.Array(Type.Integer({ minimum: 0 }));
const Names = Type.Array(Type.String({ minLength: 1 }));
const Share = Type.Number({ exclusiveMinimum: 0, maximum: 1 });
const Count = Type.Integer({ minimum: 0 });

/** Shares of capacity, and counts, that no broker may exceed. Defaults are Cruise Control's. */
export const Limits = Type.Object(
  {
    diskShare: Share,
    networkInShare: Share,
    networkOutShare: Share,
    cpuShare: Share,
    leaders: Count,
    replicas: Count,
  },
  { additionalProperties: false },
);
export type Limits = Static<typeof Limits>;

/** Topics are named exactly or by a pattern with `*` (which no topic's name can contain). */
export const PlanOptions = Type.Object(
  {
    intent: Intent,
    /** Brokers to empty (drain) or to take leadership from (demote). */
    brokers: Type.Optional(Ids),
    limits: Type.Optional(Type.Partial(Limits)),
    /** Topics of which no replica moves and no leader changes. */
    excludedTopics: Type.Optional(Names),
    /** Brokers that receive neither replicas nor leadership. */
    excludedBrokers: Type.Optional(Ids),
    /** The only brokers that may receive replicas. Default: all that live. */
    allowedDestinations: Type.Optional(Ids),
    /**
     * Bytes that may be moved, as a multiple of the lower bound. Default: rebalance 1.07 + 2.5 ÷
     * brokers but at most 1.12 (1.25 where racks are uneven), add 1.01. What the limits force is
     * moved in any case.
     */
    bytesOverBound: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    /** No broker leads more than this × mean, where possible. Default 1.05; heal 1.10. */
    leaderBand: Type.Optional(Type.Number({ minimum: 1, maximum: 100 })),
    /** What is evened out: `share` of capacity (default), or `load`, whatever the capacity. */
    evenness: Type.Optional(Type.Union([Type.Literal('share'), Type.Literal('load')])),
    /** `temporary`: heal may put a replica into a fuller rack when nothing else fits. */
    rackDebt: Type.Optional(Type.Union([Type.Literal('never'), Type.Literal('temporary')])),
    /** Bytes per second that a broker may copy in, and out. Default 50,000,000. */
    throttleBytesPerS: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    /** Copies into one broker, and out of one, at a time. Default 5. */
    copiesPerBroker: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    /** Topics that replicationFactor and spreadTopics are about. Default: all. */
    topics: Type.Optional(Names),
    /** The factor that the intent `replicationFactor` gives to `topics`. */
    replicationFactor: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    /** Leaders of every topic matched that each receiving broker is to have (spreadTopics). */
    minLeaders: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Brokers that keep to themselves: a topic's replicas stay in the first set that matches. */
    brokerSets: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String({ minLength: 1 }), brokers: Ids, topics: Names },
          { additionalProperties: false },
        ),
      ),
    ),
    /** logDirs only: the user knows that such a move can fail a directory (KAFKA-19571). */
    acceptLogDirRisk: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type PlanOptions = Static<typeof PlanOptions>;

/** One changed partition: Kafka's assignment format, leader first. */
export interface Reassignment {
  topic: string;
  partition: number;
  replicas: number[];
  /** Directory of each replica, or `any`; only where a replica changes its directory. */
  logDirs?: string[];
}

export type BlockedRule =
  | 'rack'
  | 'limit'
  | 'destination'
  | 'excluded-topic'
  | 'no-broker'
  | 'no-source'
  | 'no-replica'
  | 'broker-set';

/** What could not be done, the rule that forbade it, and what would allow it. */
export interface Blocked extends ReplicaName {
  /** The replica could not be placed, or its leadership could not be handed over. */
  what: 'replica' | 'leadership';
  rule: BlockedRule;
  message: string;
  remedy: string;
}

export interface LoadSummary {
  /** Largest and smallest ratio to the broker's share of the mean. */
  maxOverMean: number;
  minOverMean: number;
  /** Brokers more than 10 % away from their share of the mean. */
  outside: number;
  worstBroker: number;
  /** The least maximum over mean that uneven racks force; 1 where they force nothing. */
  forcedOverMean: number;
  /** Largest share of its limit that a broker uses; null: there is no limit. */
  ofLimit: number | null;
}

export type ResourceName = 'disk' | 'networkIn' | 'networkOut' | 'cpu' | 'leaders' | 'replicas';

/** A load that is not known in full has no summary. */
export type Summaries = Record<ResourceName, LoadSummary | null>;

/**
 * One step of one partition: the list to ask of Kafka, the preferred leader first. A step copies at
 * most one replica, and its first replica is in sync when the step begins, unless it is the only
 * replica that stays.
 */
export interface Step {
  /** Index into `reassignments`. */
  change: number;
  replicas: number[];
}

/** Steps that may run at the same time, in any order; the next batch begins when all are done. */
export interface Batch {
  steps: Step[];
  durationS: number;
}

export interface MovePlan {
  intent: Intent;
  reassignments: Reassignment[];
  blocked: Blocked[];
  moves: number;
  /** Partitions whose leader changes, and those of them that copy nothing. */
  leaderChanges: number;
  leadershipOnly: number;
  movedBytes: number;
  /** Least bytes that any plan as even as this one must move; see docs/reference/planner.md. */
  lowerBoundBytes: number;
  /** Most bytes that this plan was allowed; null where the intent forces the bytes. */
  budgetBytes: number | null;
  before: Summaries;
  after: Summaries;
  /** Replicas that are in a fuller rack than they need to be. */
  rackDebt: { before: number; after: number };
  /** Loads that are not known in full: not balanced on, their limits not claimed. */
  unknownLoads: ResourceName[];
  /** Brokers over a limit after the plan, with the limit's name. */
  overLimit: { broker: number; resource: ResourceName }[];
  /** Partitions that another than the preferred leader leads; an election mends that. */
  electionsPending: number;
  /** Seconds at the throttle; the sum over the batches. */
  durationS: number;
  batches: Batch[];
}

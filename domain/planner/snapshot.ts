/**
 * What the rebalance planner reads and writes: plain data, in the field's terms. Disk in MB,
 * network in KB/s, CPU in percent of the broker. Pure types; no code.
 */

export interface Capacity {
  diskMB: number;
  networkInKBps: number;
  networkOutKBps: number;
  cpuPct: number;
}

export interface BrokerSnapshot {
  id: number;
  rack: string;
  capacity: Capacity;
}

export interface PartitionSnapshot {
  topic: string;
  partition: number;
  /** Broker ids, the preferred leader first. */
  replicas: number[];
  sizeMB: number;
  /** Produced to the leader. */
  bytesInKBps: number;
  /** Read from the leader by consumers, replication not counted. */
  bytesOutKBps: number;
  /** CPU of the leader. */
  cpuPct: number;
}

export interface ClusterSnapshot {
  brokers: BrokerSnapshot[];
  partitions: PartitionSnapshot[];
  deadBrokers?: number[];
  newBrokers?: number[];
  /** Replicas on failed log directories of brokers that live. */
  lostReplicas?: { topic: string; partition: number; broker: number }[];
}

export type Intent = 'heal' | 'drain' | 'add' | 'demote' | 'rebalance' | 'fit';

/** Shares of capacity, and counts, that no broker may exceed. Defaults are Cruise Control's. */
export interface Limits {
  diskShare: number;
  networkInShare: number;
  networkOutShare: number;
  cpuShare: number;
  leaders: number;
  replicas: number;
}

export interface PlanOptions {
  intent: Intent;
  /** Brokers to empty (drain) or to take leadership from (demote). */
  brokers?: number[];
  limits?: Partial<Limits>;
  /** Topics of which no replica moves and no leader changes. */
  excludedTopics?: string[];
  /** Brokers that receive neither replicas nor leadership. */
  excludedBrokers?: number[];
  /** The only brokers that may receive replicas. Default: all that live. */
  allowedDestinations?: number[];
  /**
   * Bytes that may be moved, as a multiple of the disk lower bound. Default: rebalance 1.07 + 2.5 ÷
   * brokers but at most 1.12, add 1.01.
   */
  bytesOverBound?: number;
  /**
   * Leadership is evened out until no broker has more than this × mean. Default 1.05; heal 1.10.
   */
  leaderBand?: number;
  /** Bytes per second that a broker may copy; for the estimated duration. Default 50 MB/s. */
  throttleMBps?: number;
}

/** One changed partition: Kafka's assignment format, leader first. */
export interface Reassignment {
  topic: string;
  partition: number;
  replicas: number[];
}

/** What could not be placed, and the rule that forbade it. */
export interface Blocked {
  topic: string;
  partition: number;
  broker: number;
  rule: 'rack' | 'limit' | 'destination' | 'excluded-topic' | 'no-broker';
  message: string;
}

export interface LoadSummary {
  maxOverMean: number;
  worstBroker: number;
  /** Largest share of its limit that a broker uses. */
  ofLimit: number;
}

export type ResourceName = 'disk' | 'networkIn' | 'networkOut' | 'cpu' | 'leaders' | 'replicas';

export interface MovePlan {
  intent: Intent;
  reassignments: Reassignment[];
  blocked: Blocked[];
  moves: number;
  leadershipOnly: number;
  leaderChanges: number;
  movedMB: number;
  /** Least MB that any plan of this intent must move; see docs/reference/planner.md. */
  lowerBoundMB: number;
  before: Record<ResourceName, LoadSummary>;
  after: Record<ResourceName, LoadSummary>;
  /** Brokers over a limit after the plan, with the limit's name. */
  overLimit: { broker: number; resource: ResourceName }[];
  /** Seconds at the throttle, by the busiest broker. */
  durationS: number;
  /** Indices into `reassignments`; a batch's copies fit beside what is there. */
  batches: number[][];
}

/**
 * The snapshot a plan is computed from: what the cloud and Kafka said, and nothing derived.
 * `observe` activities fill it; domain/cluster/plan.ts reads it.
 */

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'terminated';

/**
 * What a node boots with, in three layers of which the later win; `${asgard:…}` in the outer two
 * stands for an address or a secret. Content-addressed: `configDigest` is the digest of this.
 */
export interface NodeConfig {
  kafkaVersion: string;
  /** Asgard's own, for what the spec does not say. */
  defaults: Record<string, string>;
  staticConfig: Record<string, string>;
  /** Identity, listeners, security. */
  fixed: Record<string, string>;
}

/** One slot as found: any of its three resources may be missing after an interrupted operation. */
export interface ObservedNode {
  slot: string;
  pool: string;
  nodeId: number;
  rack: string;
  roles: ('broker' | 'controller')[];
  volume?: { id: string; diskGiB: number };
  networkInterface?: { id: string; host: string; clientPort: number; controllerPort: number };
  instance?: {
    id: string;
    state: InstanceState;
    instanceType: string;
    /** Digest of what it was last started with; `configs` of the cluster has it, if it is known. */
    configDigest: string;
  };
  /** What Kafka says of the node's broker half; `unknown` when Kafka did not answer. */
  registration: 'registered' | 'fenced' | 'absent' | 'unknown';
  /** Replicas hosted, when Kafka told of every topic. */
  replicas?: number;
}

export interface ObservedTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Explicit (non-default) topic configuration only. */
  config: Record<string, string>;
  /** It exists, but Kafka did not tell how: the protocol's error. Never planned on. */
  unknown?: string;
  /** Partitions without a leader now; absent: none. */
  leaderless?: number;
}

export interface ObservedCluster {
  /** Cluster id and credentials exist in the secret store. */
  identity: boolean;
  nodes: ObservedNode[];
  /** What nodes boot with now, by digest; a digest that is missing here is unknown. */
  configs?: Record<string, NodeConfig>;
  /** False when no broker answered; topics and dynamicConfig are then empty and unknown. */
  kafkaReachable: boolean;
  /** Those that were asked for and exist, and others whose names collide with them. */
  topics: ObservedTopic[];
  /** Cluster-wide dynamic broker configuration (DescribeConfigs, source DYNAMIC_DEFAULT_BROKER). */
  dynamicConfig: Record<string, string>;
  /** Whether replicas of any partition are on the move; absent when nobody asked. */
  reassigning?: boolean;
}

export const nothingObserved: ObservedCluster = {
  identity: false,
  nodes: [],
  kafkaReachable: false,
  topics: [],
  dynamicConfig: {},
};

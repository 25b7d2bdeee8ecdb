/**
 * Kafka's administration as Asgard needs it: one interface, whatever client serves a call. Every
 * mutating call is safe to repeat: it states a target and accepts that it holds already. What Kafka
 * does not tell is unknown here, never absent; what it refuses is told in its own words.
 */

/** Where and as whom to connect. Built by activities from the secret store; never in Temporal. */
export interface KafkaAccess {
  brokers: string[];
  username: string;
  password: string;
}

export interface BrokerView {
  nodeId: number;
  host: string;
  port: number;
  rack?: string;
}
export interface PartitionView {
  partition: number;
  /** Node id; -1 while no broker leads it. */
  leader: number;
  replicas: number[];
  isr: number[];
}
export interface TopicView {
  name: string;
  internal: boolean;
  partitions: PartitionView[];
  /** It exists, but Kafka did not tell its partitions: the protocol's error. Never planned on. */
  unknown?: string;
}
export interface NewTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  config: Record<string, string>;
}
export interface QuorumView {
  leaderId: number;
  leaderEpoch: number;
  /** `sinceFetchMs`: since its last fetch from the leader, by whose clock; 0 for the leader. */
  voters: { nodeId: number; logEndOffset: bigint; sinceFetchMs: number }[];
  observers: { nodeId: number; logEndOffset: bigint }[];
}
export interface ConfigChange {
  resource:
    | { kind: 'topic'; name: string }
    | { kind: 'cluster' }
    | { kind: 'broker'; nodeId: number };
  /** null deletes the dynamic value, so that the default holds again. */
  set: Record<string, string | null>;
}
export interface AclRule {
  principal: string;
  resource: 'topic' | 'group' | 'cluster' | 'transactional-id';
  name: string;
  pattern: 'literal' | 'prefixed';
  operations: ('read' | 'write' | 'create' | 'describe' | 'idempotent-write' | 'all')[];
}

/** Client quotas of a user; null removes one, so that the default holds again. */
export interface Quotas {
  producerBytesPerS?: number | null;
  consumerBytesPerS?: number | null;
  requestPercent?: number | null;
}

export interface KafkaAdmin {
  /** Finalised feature levels, for example `metadata.version` 30 (Kafka 4.3). */
  features(): Promise<Record<string, number>>;
  /** Unfenced brokers, as Metadata lists them. */
  brokers(): Promise<BrokerView[]>;
  /**
   * All topics, or those named that exist. A partition without a leader does not hide the others.
   */
  topics(names?: string[]): Promise<TopicView[]>;
  /** Explicit (non-default) configuration of each topic named that exists. */
  topicConfigs(names: string[]): Promise<Map<string, Record<string, string>>>;
  /** Cluster-wide dynamic broker configuration. */
  clusterConfig(): Promise<Record<string, string>>;
  quorum(): Promise<QuorumView>;
  /** Whether replicas of any partition are on the move. */
  reassigning(): Promise<boolean>;
  /** Bytes used per broker and replica. */
  logDirs(nodeIds: number[]): Promise<{ nodeId: number; replicas: number; bytes: bigint }[]>;
  /** Earliest and latest offsets by partition. */
  offsets(topic: string): Promise<{ partition: number; low: bigint; high: bigint }[]>;

  /**
   * One request for all. An existing topic with equal partitions and replication factor is success.
   * Throws `refused` naming each topic that Kafka refuses or that exists unequal, after the others
   * were made. Returns once the new ones show with leaders.
   */
  createTopics(topics: NewTopic[]): Promise<void>;
  /** One request for all; accepts that some are gone. Returns once none shows any more. */
  deleteTopics(names: string[]): Promise<void>;
  /** One request for all. `total` is the count wanted; a topic that has more is refused. */
  addPartitions(topics: { name: string; total: number }[]): Promise<void>;
  /** One request for all. Returns once the values show, compared as Kafka's types. */
  alterConfigs(changes: ConfigChange[]): Promise<void>;
  upsertScramUser(r: { username: string; password: string; iterations: number }): Promise<void>;
  deleteScramUser(username: string): Promise<void>;
  /** Names of all SCRAM users. */
  scramUsers(): Promise<string[]>;
  createAcls(rules: AclRule[]): Promise<void>;
  deleteAclsOf(principal: string): Promise<void>;
  aclPrincipals(): Promise<string[]>;
  /** Quotas that are set for the user; none: empty. */
  quotas(username: string): Promise<Quotas>;
  alterQuotas(username: string, quotas: Quotas): Promise<void>;
  /** Ids of the consumer groups of all brokers that answer. */
  groups(): Promise<string[]>;
  /** Deletes a group; accepts that it is gone. `unavailable` while it has members: they may go. */
  deleteGroup(id: string): Promise<void>;
  /** Forgets a broker that is stopped and empty. */
  unregisterBroker(nodeId: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens an admin. Throws KafkaError `unavailable` when no broker answers within `timeoutMs`. */
export type OpenKafkaAdmin = (
  access: KafkaAccess,
  options?: { timeoutMs?: number },
) => Promise<KafkaAdmin>;

export class KafkaError extends Error {
  /** `unavailable`: repeat later; `refused`: Kafka said no; `unauthorized`: bad credentials. */
  readonly code: 'unavailable' | 'refused' | 'unauthorized';
  constructor(code: KafkaError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KafkaError';
    this.code = code;
  }
}

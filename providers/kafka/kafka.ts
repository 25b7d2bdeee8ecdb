/**
 * Kafka's administration as Asgard needs it: one interface over kafkajs (topics, configs, offsets)
 * and @platformatic/kafka (incremental configs, SCRAM users, ACLs, quorum, log dirs, unregister).
 * Every mutating call is safe to repeat: it states a target and accepts that it holds already.
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
  leader: number;
  replicas: number[];
  isr: number[];
}
export interface TopicView {
  name: string;
  internal: boolean;
  partitions: PartitionView[];
}
export interface QuorumView {
  leaderId: number;
  leaderEpoch: number;
  voters: { nodeId: number; logEndOffset: bigint }[];
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
  topics(names?: string[]): Promise<TopicView[]>;
  /** Explicit (non-default) configuration of each topic named. */
  topicConfigs(names: string[]): Promise<Map<string, Record<string, string>>>;
  /** Cluster-wide dynamic broker configuration. */
  clusterConfig(): Promise<Record<string, string>>;
  quorum(): Promise<QuorumView>;
  /** Bytes used per broker and replica. */
  logDirs(nodeIds: number[]): Promise<{ nodeId: number; replicas: number; bytes: bigint }[]>;
  /** Earliest and latest offsets by partition. */
  offsets(topic: string): Promise<{ partition: number; low: bigint; high: bigint }[]>;

  /** An existing topic with equal partitions and replication factor is success; unequal throws. */
  createTopic(r: {
    name: string;
    partitions: number;
    replicationFactor: number;
    config: Record<string, string>;
  }): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  /** Total count wanted; more than wanted throws. */
  addPartitions(name: string, total: number): Promise<void>;
  alterConfig(change: ConfigChange): Promise<void>;
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
  /** Forgets a broker that is stopped and empty. */
  unregisterBroker(nodeId: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens an admin. Throws KafkaError `unavailable` when no broker answers within `timeoutMs`. */
export type OpenKafkaAdmin = (
  access: KafkaAccess,
  options?: { timeoutMs?: number; signal?: AbortSignal },
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

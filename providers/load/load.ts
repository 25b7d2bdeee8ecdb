/**
 * The load generator's narrow interface: activities hand it a goal and get raw measurements back.
 * Implementations may be swapped for a faster data plane without touching workflows or verdicts.
 * Nothing here judges: rates come parsed, and thresholds never come at all.
 */
import type { LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import type { KafkaLook } from '../../contracts/standing.ts';
import type { KafkaAccess } from '../kafka/kafka.ts';

export interface LoadRun {
  access: KafkaAccess;
  topic: string;
  /** Tells the records of this run from others in the topic, which are not counted. */
  recordMark: string;
  /** `max` searches the highest rate that Kafka keeps up with, then measures a tenth below it. */
  recordsPerS: number | 'max';
  load: Pick<NormalLoad, 'messageBytes' | 'partitions' | 'acks' | 'durationS' | 'warmupS'>;
  /** Called about once a second; `text` is one line for people. */
  onProgress(progress: { elapsedS: number; text: string }): void;
  /** Aborts the run; the promise then rejects with the signal's reason. */
  signal: AbortSignal;
}

/** Measures; never judges. Rejects when it could not measure (no broker, no credentials). */
export type RunLoad = (run: LoadRun) => Promise<LoadReport>;

export interface BrokerAddress {
  nodeId: number;
  /** `host:port`. */
  address: string;
}

/** Asks every broker itself, so that one that stands still is seen before Kafka fences it. */
export interface ClusterWatch {
  /**
   * One look; rejects only when the watch is closed. `all` asks one of the brokers about every
   * topic, which is dear with many partitions; otherwise only `topic` is looked at.
   */
  look(options: { all: boolean }): Promise<KafkaLook>;
  close(): Promise<void>;
}

/** Connects when first asked. `topic` is the test's own, once it is made. Read-only. */
export type OpenClusterWatch = (r: {
  access: KafkaAccess;
  brokers: BrokerAddress[];
  topic?: string;
}) => ClusterWatch;

export interface CoordinationRun {
  access: KafkaAccess;
  /** Exists, and the user may read and write it; its first partition gets two records. */
  topic: string;
  /** Names the consumer group and the transactional id. */
  name: string;
  /** A coordinator that is loading is asked again for so long. */
  deadlineMs: number;
  signal: AbortSignal;
}

/** `answered`: it is Kafka's own no, not a missing answer. */
export interface CoordinationProblem {
  problem: string;
  answered: boolean;
}

/**
 * Proves once that coordinators work: a consumer joins, commits and gets its offset back; a
 * transaction commits and is read, another aborts and is not. Undefined when all of it did. Safe to
 * repeat. Rejects only with the signal's reason. The group stays; whoever made its name removes it.
 */
export type ProveCoordination = (run: CoordinationRun) => Promise<CoordinationProblem | undefined>;

/** What a load provider has. */
export interface LoadProvider {
  run: RunLoad;
  watch: OpenClusterWatch;
  proveCoordination: ProveCoordination;
}

/** What the generator's threads are told and what they answer; plain data only. */
import type { KafkaAccess, KafkaError } from '../kafka/kafka.ts';

export interface ThreadOptions {
  access: KafkaAccess;
  topic: string;
  mark: bigint;
  messageBytes: number;
  partitions: number;
  /** Produce's acks: -1 all, 1 leader, 0 none. */
  acks: number;
  /** By sequence, set by the producer when acknowledged; with acks 0, when handed to the socket. */
  acknowledged: SharedArrayBuffer;
  /** By sequence, set by the reader when found in the log after the last acknowledgement. */
  received: SharedArrayBuffer;
  /** One double: the first sequence that is measured end to end; set before it is sent. */
  measureFrom: SharedArrayBuffer;
}

export type ToProducer =
  /** Send this many records at this rate from now on; figures start anew. */
  | { kind: 'rate'; recordsPerS: number; records: number; measured: boolean }
  | { kind: 'figures' }
  /** Send no more, wait for answers. */
  | { kind: 'drain'; withinMs: number };

/** Figures since the last `rate`. */
export interface ProducerFigures {
  kind: 'figures' | 'drained';
  elapsedS: number;
  /** Records that left the schedule; those never acknowledged are its errors. */
  sent: number;
  acknowledged: number;
  acknowledgedBytes: number;
  errors: number;
  firstError?: string;
  /** From the first send to the last acknowledgement. */
  lastAnswerS: number;
  /** First sequence of this window and the one after its last. */
  from: number;
  to: number;
  late: number;
  /**
   * The longest that a record left behind its time, while Kafka was not the one holding it back.
   */
  worstLateMs: number;
  /** Share of one core that this thread used. */
  cpuShare: number;
  /** Share of time in which its event loop was not idle. */
  busyShare: number;
  /** Records of this window without an answer. */
  unanswered: number;
  /** Sending paused for a while because too many were unanswered: Kafka is the slow one. */
  held: boolean;
  /** Acknowledged bytes and leaderships of each broker that Kafka knows. */
  perBroker: { brokerId: number; bytes: number; leaders: number }[];
  histogram: string;
}

/** No record follows: read the log from its beginning to its end. `from`, `to`: the window. */
export interface ToReader {
  kind: 'finish';
  from: number;
  to: number;
  withinMs: number;
}

export interface ReaderFigures {
  kind: 'finished';
  /** Records that the log holds a second time. */
  duplicates: number;
  /** The whole log was read, so what was not found is lost. */
  complete: boolean;
  /** Acknowledged, but the reader that measures end to end did not come to them in time. */
  unmeasured: number;
  busyShare: number;
  histogram: string;
  error?: string;
}

/** Said by each thread before anything else. */
export type Opening =
  | { kind: 'ready' }
  | { kind: 'failed'; code: KafkaError['code']; message: string };

/** Latencies from 1 µs to 10 min with three significant digits. */
export const histogramOptions = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 600_000_000,
  numberOfSignificantValueDigits: 3,
} as const;

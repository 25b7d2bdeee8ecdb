/** What the generator's threads are given and what they answer; plain data only. */
import type { KafkaAccess } from '../kafka/kafka.ts';

export interface ThreadOptions {
  access: KafkaAccess;
  topic: string;
  mark: bigint;
  messageBytes: number;
  partitions: number;
  /** Produce's acks: -1 all, 1 leader, 0 none. */
  acks: number;
  /** One bit a record, by sequence: set by the producer when acknowledged. */
  acknowledged: SharedArrayBuffer;
  /** The same, set by the reader when read. */
  received: SharedArrayBuffer;
}

export type ToProducer =
  /** Send at this rate from now on; figures start anew. */
  { kind: 'rate'; recordsPerS: number } | { kind: 'figures' } | { kind: 'drain'; withinMs: number };

/** Figures since the last `rate`. */
export interface ProducerFigures {
  kind: 'figures' | 'drained';
  elapsedS: number;
  sent: number;
  acknowledged: number;
  acknowledgedBytes: number;
  errors: number;
  firstError?: string;
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
  /** Still without an answer. */
  inFlight: number;
  /** Sending stopped for a while because too many were unanswered: Kafka is the slow one. */
  held: boolean;
  bytesByPartition: number[];
  histogram: string;
}

export type ToReader =
  /** Measure end to end from this sequence on. */
  { kind: 'measure'; from: number } | { kind: 'finish'; to: number; withinMs: number };

export interface ReaderFigures {
  kind: 'ready' | 'finished';
  duplicates: number;
  /** The whole log, up to its end as of `finish`, was read. */
  complete: boolean;
  histogram: string;
  error?: string;
}

const bitsMax = 1 << 27;

/** Room for 134 million records, in memory that is touched only where it is used. */
export const newBitmap = (): SharedArrayBuffer => new SharedArrayBuffer(bitsMax >> 3);

/** Sets the bit; false when it was set before. */
export function setBit(bits: Uint8Array, index: number): boolean {
  const byte = index >> 3;
  const mask = 1 << (index & 7);
  const before = bits[byte] ?? 0;
  bits[byte] = before | mask;
  return (before & mask) === 0;
}

export const hasBit = (bits: Uint8Array, index: number): boolean =>
  ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

/** Latencies from 1 µs to 10 min with three significant digits. */
export const histogramOptions = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 600_000_000,
  numberOfSignificantValueDigits: 3,
} as const;

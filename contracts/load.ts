/** The load test's report and verdict, as stored with the cluster and shown to people. */

/** Milliseconds, measured from the intended send time (no coordinated omission). */
export interface LatencyMs {
  p50: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
  mean: number;
}

export interface LoadReport {
  /** Whole measured window, warm-up excluded. */
  durationS: number;
  targetRecordsPerS: number | 'max';
  recordsPerS: number;
  bytesPerS: number;
  sent: number;
  acknowledged: number;
  /** Sends that ended in an error (not acknowledged). */
  errors: number;
  /** What the first such error said. */
  firstError?: string;
  /** Acknowledged and read back. */
  received: number;
  /** Acknowledged, whole log read, and not found. */
  lost: number;
  duplicates: number;
  /** Acknowledged records not yet read when the reader's time ran out. Above 0: verdict unknown. */
  unread: number;
  /** Why the log could not be read to its end. */
  readError?: string;
  publishMs: LatencyMs;
  endToEndMs: LatencyMs;
  /** Acknowledged bytes per broker id and the worst broker's share over the mean. */
  perBroker: { brokerId: number; bytes: number; leaders: number }[];
  balanceMaxOverMean: number;
  /** The generator's own health: what it, and not Kafka, did to the figures. */
  generator: GeneratorHealth;
}

export interface GeneratorHealth {
  /**
   * Share of records handed over more than 10 ms late. Not counted: the time in which Kafka owed
   * so many answers that sending paused.
   */
  lateShare: number;
  /** Worst such delay; no latency is overstated by more than this. */
  worstLateMs?: number;
  /** Share of one core that the sending thread used. */
  cpuShare: number;
  /** Share of time in which the busier thread's event loop had work; near 1 it is the limit. */
  busyShare?: number;
  saturated: boolean;
  reason?: string;
  /** Of rate `max` only: who fell behind when the search ended. */
  searchLimit?: 'kafka' | 'generator';
}

export interface ThresholdResult {
  threshold: string;
  actual: string;
  ok: boolean;
}

export interface LoadVerdict {
  verdict: 'pass' | 'fail' | 'unknown';
  /** One sentence each: why not pass. Empty on pass. */
  reasons: string[];
  thresholds: ThresholdResult[];
  report?: LoadReport;
}

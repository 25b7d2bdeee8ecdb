/**
 * The load test's report and verdict, as stored with the cluster and shown to people. The report
 * holds measurements only: whether the generator was at its limit is for domain/load to say.
 */

/** Milliseconds, measured from the intended send time (no coordinated omission). */
export interface LatencyMs {
  /** Records measured. */
  count: number;
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
  /** Seconds that the rates are taken over: the window, or longer when answers came late. */
  ratedS: number;
  messageBytes: number;
  targetRecordsPerS: number | 'max';
  recordsPerS: number;
  bytesPerS: number;
  sent: number;
  acknowledged: number;
  /** Sends that ended in an error (not acknowledged). */
  errors: number;
  /** What the first such error said. */
  firstError?: string;
  /** Acknowledged in the window and read back. */
  received: number;
  /** Acknowledged, warm-up included, whole log read, and not found. */
  lost: number;
  duplicates: number;
  /**
   * Acknowledged, warm-up included, and not yet read when the reader's time ran out. Above 0:
   * verdict unknown. `received + lost + unread = acknowledged + missingFromWarmup`.
   */
  unread: number;
  /** Of `lost` and `unread`: records sent before the window. */
  missingFromWarmup: number;
  /** Read back, but too late to be measured end to end. Above 0: verdict unknown. */
  unmeasured: number;
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
  /** Share of time in which the sending thread's event loop had work; near 1 it is the limit. */
  sendBusyShare: number;
  /** The same of the reading thread; it decides about end-to-end latency only. */
  readBusyShare: number;
  /** Of rate `max` only: the last rate tried that did not hold. None failed: no figures. */
  search?: { failedRecordsPerS?: number; sendBusyShare?: number };
}

export interface ThresholdResult {
  threshold: string;
  actual: string;
  ok: boolean;
}

/** What was seen of the cluster around a measurement, told beside its report. */
export interface GateEvidence {
  /** What was missing or changed before, during or after, each naming node and time. */
  disturbances: string[];
  /** Why attempts before this one brought no report. */
  earlier: string[];
}

export interface LoadVerdict {
  verdict: 'pass' | 'fail' | 'unknown';
  /** One sentence each: why not pass. Empty on pass. */
  reasons: string[];
  /** What a reader must know whatever the verdict: a repeated measurement, leftovers removed. */
  notes?: string[];
  thresholds: ThresholdResult[];
  report?: LoadReport;
}

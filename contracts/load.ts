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
  /** Acknowledged and read back. */
  received: number;
  /** Acknowledged, whole log read, and not found. */
  lost: number;
  duplicates: number;
  /** Acknowledged records not yet read when the reader's time ran out. Above 0: verdict unknown. */
  unread: number;
  publishMs: LatencyMs;
  endToEndMs: LatencyMs;
  /** Acknowledged bytes per broker id and the worst broker's share over the mean. */
  perBroker: { brokerId: number; bytes: number; leaders: number }[];
  balanceMaxOverMean: number;
  /** The generator's own health: share of sends that left later than intended by > 10 ms, CPU. */
  generator: { lateShare: number; cpuShare: number; saturated: boolean; reason?: string };
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

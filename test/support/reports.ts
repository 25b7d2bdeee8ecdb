/** A load test's report for tests: a good one that agrees with itself, and changes of it. */
import type { LoadReport } from '../../contracts/load.ts';

const latency = { count: 10_000, p50: 1, p95: 5, p99: 9, p999: 20, max: 30, mean: 2 };

/** 1,000 records a second of 1 KiB for 10 s on one broker; all came back. */
export const goodReport = (change: Partial<LoadReport> = {}): LoadReport => ({
  durationS: 10,
  ratedS: 10,
  messageBytes: 1024,
  targetRecordsPerS: 1000,
  recordsPerS: 1000,
  bytesPerS: 1_024_000,
  sent: 10_000,
  acknowledged: 10_000,
  errors: 0,
  received: 10_000,
  lost: 0,
  duplicates: 0,
  unread: 0,
  missingFromWarmup: 0,
  unmeasured: 0,
  publishMs: latency,
  endToEndMs: { ...latency, p99: 19 },
  perBroker: [{ brokerId: 0, bytes: 10_240_000, leaders: 6 }],
  balanceMaxOverMean: 1,
  generator: {
    lateShare: 0,
    worstLateMs: 0,
    cpuShare: 0.2,
    sendBusyShare: 0.3,
    readBusyShare: 0.3,
  },
  ...change,
});

/** The same with fewer acknowledged; every figure that follows from the count follows it. */
export function reportOf(acknowledged: number, change: Partial<LoadReport> = {}): LoadReport {
  const count = (l: LoadReport['publishMs']) => ({ ...l, count: acknowledged });
  const base = goodReport();
  return {
    ...base,
    acknowledged,
    errors: base.sent - acknowledged,
    received: acknowledged,
    recordsPerS: acknowledged / base.ratedS,
    bytesPerS: (acknowledged * base.messageBytes) / base.ratedS,
    publishMs: count(base.publishMs),
    endToEndMs: count(base.endToEndMs),
    perBroker: [{ brokerId: 0, bytes: acknowledged * base.messageBytes, leaders: 6 }],
    ...change,
  };
}

/** From the threads' figures to the report. Pure but for decoding histograms. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { GeneratorHealth, LatencyMs, LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { countBits } from './bits.ts';
import type { ProducerFigures, ReaderFigures } from './threads.ts';

/**
 * Above these the generator, not Kafka, decides the figures. A thread that waits for Kafka is idle,
 * however slow Kafka is; one whose event loop is never idle is itself the limit.
 */
export const lateShareMax = 0.25;
export const busyShareMax = 0.95;
/** Answers may come this long after the window and still count into its rate. */
const lastAnswerGraceS = 1;

export interface Measured {
  load: NormalLoad;
  /** The rate at which it was sent. */
  recordsPerS: number;
  searchLimit?: NonNullable<GeneratorHealth['searchLimit']>;
  producer: ProducerFigures;
  reader: ReaderFigures;
  acknowledged: Uint8Array;
  received: Uint8Array;
}

export function reportOf(m: Measured): LoadReport {
  const { producer, reader, load } = m;
  const all = { from: 0, to: producer.to };
  const missing = countBits(all, m.acknowledged) - countBits(all, m.acknowledged, m.received);
  const ratedS = Math.max(load.durationS, producer.lastAnswerS - lastAnswerGraceS);
  const bytes = producer.perBroker.map((b) => b.bytes);
  const mean = bytes.reduce((sum, b) => sum + b, 0) / Math.max(1, bytes.length);
  return {
    durationS: load.durationS,
    targetRecordsPerS: load.rate === 'max' ? 'max' : m.recordsPerS,
    recordsPerS: producer.acknowledged / ratedS,
    bytesPerS: producer.acknowledgedBytes / ratedS,
    sent: producer.sent,
    acknowledged: producer.acknowledged,
    errors: producer.sent - producer.acknowledged,
    ...(producer.firstError ? { firstError: producer.firstError } : {}),
    received: countBits({ from: producer.from, to: producer.to }, m.acknowledged, m.received),
    lost: reader.complete ? missing : 0,
    duplicates: reader.duplicates,
    unread: (reader.complete ? 0 : missing) + reader.unmeasured,
    ...(reader.error ? { readError: reader.error } : {}),
    publishMs: latencyOf(producer.histogram),
    endToEndMs: latencyOf(reader.histogram),
    perBroker: producer.perBroker,
    balanceMaxOverMean: mean > 0 ? Math.max(...bytes) / mean : 1,
    generator: healthOf(m),
  };
}

function healthOf({ producer, reader, load, searchLimit }: Measured): GeneratorHealth {
  const lateShare = producer.sent > 0 ? producer.late / producer.sent : 0;
  const reason = saturationOf({ load, producer, reader, lateShare });
  return {
    lateShare,
    worstLateMs: producer.worstLateMs,
    cpuShare: producer.cpuShare,
    busyShare: Math.max(producer.busyShare, reader.busyShare),
    saturated: reason !== undefined,
    ...(reason ? { reason } : {}),
    ...(searchLimit ? { searchLimit } : {}),
  };
}

/**
 * Of a fixed rate only: `max` is meant to end at somebody's limit, and `searchLimit` says whose.
 */
function saturationOf(m: {
  load: NormalLoad;
  producer: ProducerFigures;
  reader: ReaderFigures;
  lateShare: number;
}): string | undefined {
  if (m.load.rate === 'max') return undefined;
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  if (m.lateShare > lateShareMax) {
    return `${percent(m.lateShare)} of the records left more than 10 ms late`;
  }
  if (m.producer.busyShare > busyShareMax) {
    return `its sending thread was busy ${percent(m.producer.busyShare)} of the time`;
  }
  // The reader's pace shows in end-to-end latency only.
  const judgesEndToEnd = m.load.thresholds.some((text) => text.startsWith('e2e_'));
  if (judgesEndToEnd && m.reader.busyShare > busyShareMax) {
    return `its reading thread was busy ${percent(m.reader.busyShare)} of the time`;
  }
  return undefined;
}

function latencyOf(encoded: string): LatencyMs {
  const histogram = decodeFromCompressedBase64(encoded);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    p50: at(50),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue / 1000,
    mean: histogram.totalCount > 0 ? histogram.mean / 1000 : 0,
  };
}

/** From the threads' figures to the report. Pure but for decoding histograms. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { GeneratorHealth, LatencyMs, LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { countBits } from './bits.ts';
import type { ProducerFigures, ReaderFigures } from './threads.ts';

/** Answers may come this long after the window and still count into its rate. */
const lastAnswerGraceS = 1;

export interface Measured {
  load: Pick<NormalLoad, 'messageBytes' | 'durationS'>;
  /** The rate at which it was sent. */
  recordsPerS: number;
  /** How the rate was found, when it was searched for. */
  search?: NonNullable<GeneratorHealth['search']>;
  producer: ProducerFigures;
  reader: ReaderFigures;
  acknowledged: Uint8Array;
  received: Uint8Array;
}

export function reportOf(m: Measured): LoadReport {
  const { producer, reader, load } = m;
  const all = { from: 0, to: producer.to };
  const window = { from: producer.from, to: producer.to };
  const missing = countBits(all, m.acknowledged) - countBits(all, m.acknowledged, m.received);
  const received = countBits(window, m.acknowledged, m.received);
  const ratedS = Math.max(load.durationS, producer.lastAnswerS - lastAnswerGraceS);
  const bytes = producer.perBroker.map((b) => b.bytes);
  const mean = bytes.reduce((sum, b) => sum + b, 0) / Math.max(1, bytes.length);
  return {
    durationS: load.durationS,
    ratedS,
    messageBytes: load.messageBytes,
    targetRecordsPerS: m.search ? 'max' : m.recordsPerS,
    recordsPerS: producer.acknowledged / ratedS,
    bytesPerS: producer.acknowledgedBytes / ratedS,
    sent: producer.sent,
    acknowledged: producer.acknowledged,
    errors: producer.sent - producer.acknowledged,
    ...(producer.firstError ? { firstError: producer.firstError } : {}),
    received,
    lost: reader.complete ? missing : 0,
    duplicates: reader.duplicates,
    unread: reader.complete ? 0 : missing,
    missingFromWarmup: missing - (countBits(window, m.acknowledged) - received),
    unmeasured: reader.unmeasured,
    ...(reader.error ? { readError: reader.error } : {}),
    publishMs: latencyOf(producer.histogram),
    endToEndMs: latencyOf(reader.histogram),
    perBroker: producer.perBroker,
    balanceMaxOverMean: mean > 0 ? Math.max(...bytes) / mean : 1,
    generator: healthOf(m),
  };
}

function healthOf({ producer, reader, search }: Measured): GeneratorHealth {
  return {
    lateShare: producer.sent > 0 ? producer.late / producer.sent : 0,
    worstLateMs: producer.worstLateMs,
    cpuShare: producer.cpuShare,
    sendBusyShare: producer.busyShare,
    readBusyShare: reader.busyShare,
    ...(search ? { search } : {}),
  };
}

function latencyOf(encoded: string): LatencyMs {
  const histogram = decodeFromCompressedBase64(encoded);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    count: histogram.totalCount,
    p50: at(50),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue / 1000,
    mean: histogram.totalCount > 0 ? histogram.mean / 1000 : 0,
  };
}

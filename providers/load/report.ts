/** From the threads' figures to the report. Pure but for decoding histograms. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { LatencyMs, LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { hasBit, type ProducerFigures, type ReaderFigures } from './threads.ts';

/** Above these the generator, not Kafka, decides the figures: the verdict must not trust them. */
export const lateShareMax = 0.25;
export const cpuShareMax = 0.85;

export interface Measured {
  load: NormalLoad;
  /** Of rate `max`: who fell behind when the search ended. */
  searchLimit?: 'kafka' | 'generator';
  targetRecordsPerS: number;
  producer: ProducerFigures;
  reader: ReaderFigures;
  acknowledged: Uint8Array;
  received: Uint8Array;
  /** Leader of each partition. */
  leaders: number[];
}

export function reportOf(m: Measured): LoadReport {
  const { producer, reader } = m;
  const { missing, found } = compare(m);
  const perBroker = balanceOf(m);
  const mean = perBroker.reduce((sum, b) => sum + b.bytes, 0) / Math.max(1, perBroker.length);
  return {
    durationS: producer.elapsedS,
    targetRecordsPerS: m.load.rate === 'max' ? 'max' : m.targetRecordsPerS,
    recordsPerS: producer.acknowledged / producer.elapsedS,
    bytesPerS: producer.acknowledgedBytes / producer.elapsedS,
    sent: producer.sent,
    acknowledged: producer.acknowledged,
    errors: producer.errors + producer.inFlight,
    received: found,
    lost: reader.complete ? missing : 0,
    duplicates: reader.duplicates,
    unread: reader.complete ? 0 : missing,
    publishMs: latencyOf(producer.histogram),
    endToEndMs: latencyOf(reader.histogram),
    perBroker,
    balanceMaxOverMean: mean > 0 ? Math.max(...perBroker.map((b) => b.bytes)) / mean : 1,
    generator: generatorOf(m),
  };
}

/** Acknowledged records of the whole run, warm-up included: none may be missing. */
function compare({ producer, acknowledged, received }: Measured) {
  let missing = 0;
  let found = 0;
  for (let sequence = 0; sequence < producer.to; sequence++) {
    if (!hasBit(acknowledged, sequence)) continue;
    if (!hasBit(received, sequence)) missing += 1;
    else if (sequence >= producer.from) found += 1;
  }
  return { missing, found };
}

function balanceOf({ producer, leaders }: Measured): LoadReport['perBroker'] {
  const brokers = new Map<number, { brokerId: number; bytes: number; leaders: number }>();
  for (const [partition, brokerId] of leaders.entries()) {
    const entry = brokers.get(brokerId) ?? { brokerId, bytes: 0, leaders: 0 };
    entry.bytes += producer.bytesByPartition[partition] ?? 0;
    entry.leaders += 1;
    brokers.set(brokerId, entry);
  }
  return [...brokers.values()].sort((a, b) => a.brokerId - b.brokerId);
}

/**
 * Late sends and a full core are the generator's fault; sends held back for answers are Kafka's.
 */
function generatorOf({ producer, load, searchLimit }: Measured): LoadReport['generator'] {
  const lateShare = producer.sent > 0 ? producer.late / producer.sent : 0;
  const { cpuShare } = producer;
  const late = lateShare > lateShareMax;
  const full = load.rate !== 'max' && cpuShare > cpuShareMax;
  const reason = late
    ? `${(lateShare * 100).toFixed(0)} % of the records left more than 10 ms late`
    : `its thread used ${(cpuShare * 100).toFixed(0)} % of a core`;
  return {
    lateShare,
    worstLateMs: producer.worstLateMs,
    cpuShare,
    saturated: late || full,
    ...(late || full ? { reason } : {}),
    ...(searchLimit ? { searchLimit } : {}),
  };
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

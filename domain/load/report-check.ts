/**
 * Does a report agree with itself? Pure. Every figure that people are shown follows from counts
 * that must add up; a report that does not is a fault of the generator, and its verdict `unknown`.
 */
import type { LatencyMs, LoadReport } from '../../contracts/load.ts';

/** Doubles are summed and divided; counts are exact. */
const rounding = 1e-6;
/** Three significant digits: a percentile may stand this much above the exact maximum. */
const histogramStep = 2e-3;

type Check = (report: LoadReport) => string[];

/** One sentence for each contradiction; empty when all figures agree. */
export function checkReport(report: LoadReport): string[] {
  const broken = numbersOf(report);
  return broken.length > 0 ? broken : checks.flatMap((check) => check(report));
}

function numbersOf(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = path ? `${path}.${key}` : key;
    if (typeof inner === 'object' && inner !== null) return numbersOf(inner, name);
    if (typeof inner !== 'number') return [];
    return Number.isFinite(inner) && inner >= 0 ? [] : [`${name} is ${inner}`];
  });
}

const near = (a: number, b: number): boolean =>
  Math.abs(a - b) <= rounding * Math.max(1, Math.abs(a), Math.abs(b));
const unless = (holds: boolean, text: string): string[] => (holds ? [] : [text]);

const checks: Check[] = [
  (r) =>
    unless(
      r.acknowledged + r.errors === r.sent,
      `${r.acknowledged} acknowledged and ${r.errors} errors are not ${r.sent} sent`,
    ),
  (r) =>
    unless(
      r.received + r.lost + r.unread === r.acknowledged + r.missingFromWarmup,
      `${r.received} received, ${r.lost} lost and ${r.unread} unread are not the ` +
        `${r.acknowledged} acknowledged and ${r.missingFromWarmup} missing from the warm-up`,
    ),
  (r) => unless(r.ratedS + rounding >= r.durationS, `rated over ${r.ratedS} of ${r.durationS} s`),
  (r) =>
    unless(
      near(r.recordsPerS * r.ratedS, r.acknowledged),
      `${r.recordsPerS} records/s for ${r.ratedS} s are not ${r.acknowledged} acknowledged`,
    ),
  (r) =>
    unless(
      near(r.bytesPerS, r.recordsPerS * r.messageBytes),
      `${r.bytesPerS} B/s are not ${r.recordsPerS} records/s of ${r.messageBytes} B`,
    ),
  (r) =>
    unless(
      r.targetRecordsPerS === 'max' || r.sent <= Math.ceil(r.targetRecordsPerS * r.durationS),
      `${r.sent} records were sent, more than ${r.targetRecordsPerS} records/s are`,
    ),
  brokersAddUp,
  (r) => latencyAddsUp('publish', r.publishMs),
  (r) => latencyAddsUp('end to end', r.endToEndMs),
  (r) =>
    unless(
      r.publishMs.count === r.acknowledged,
      `${r.publishMs.count} publish latencies of ${r.acknowledged} acknowledged records`,
    ),
  (r) =>
    unless(
      r.endToEndMs.count >= r.received - r.unmeasured && r.endToEndMs.count <= r.sent,
      `${r.endToEndMs.count} end-to-end latencies of ${r.received} received records`,
    ),
  ({ generator: g }) =>
    unless(
      [g.lateShare, g.sendBusyShare, g.readBusyShare].every((share) => share <= 1 + rounding),
      'a share of the generator is above 1',
    ),
];

function brokersAddUp({ perBroker, acknowledged, messageBytes, ...r }: LoadReport): string[] {
  const bytes = perBroker.map((b) => b.bytes);
  const sum = bytes.reduce((total, b) => total + b, 0);
  const mean = sum / Math.max(1, bytes.length);
  const balance = mean > 0 ? Math.max(...bytes) / mean : 1;
  const all = acknowledged * messageBytes;
  return [
    ...unless(near(sum, all), `the brokers' ${sum} bytes are not the ${all} acknowledged`),
    ...unless(
      near(balance, r.balanceMaxOverMean),
      `balance is ${r.balanceMaxOverMean}, the brokers' bytes make it ${balance}`,
    ),
  ];
}

function latencyAddsUp(name: string, l: LatencyMs): string[] {
  const most = l.max * (1 + histogramStep) + rounding;
  const rising = [l.p50, l.p95, l.p99, l.p999, most];
  const sorted = rising.every((value, i) => i === 0 || value >= (rising[i - 1] ?? 0));
  return [
    ...unless(sorted, `${name} percentiles do not rise: ${rising.map((v) => v.toFixed(3))}`),
    ...unless(l.mean <= most, `the mean ${name} latency ${l.mean} is above the longest`),
  ];
}

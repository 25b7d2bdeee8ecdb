/** A load test's verdict and figures as lines for people. */
import type { LatencyMs, LoadReport, LoadVerdict } from '../contracts/load.ts';
import { searchLimitOf } from '../domain/load/generator.ts';
import { type Colours, coloursFor } from './colours.ts';

/** Verdict, reasons, notes, thresholds, then the figures; coloured for standard output. */
export function figuresText(
  { verdict, reasons, notes, thresholds, report }: LoadVerdict,
  pc: Colours = coloursFor(process.stdout),
): string[] {
  const paint = { pass: pc.green, fail: pc.red, unknown: pc.yellow }[verdict];
  return [
    `load test: ${paint(verdict)}`,
    ...[...(reasons ?? []), ...(notes ?? [])].map((line) => `  ${line}`),
    ...(thresholds ?? []).map(
      (t) => `  ${t.ok ? pc.green('✔') : pc.red('✘')} ${t.threshold.padEnd(20)} ${t.actual}`,
    ),
    ...(report
      ? [
          `  ${report.recordsPerS.toFixed(0)} records/s, ${(report.bytesPerS / 1e6).toFixed(2)} MB/s` +
            ` over ${report.durationS.toFixed(0)} s; ${report.acknowledged} acknowledged,` +
            ` ${report.lost} lost, ${report.duplicates} duplicates, ${report.errors} errors`,
          `  publish    ${latencies(report.publishMs)}`,
          `  end to end ${latencies(report.endToEndMs)}`,
          `  balance ${report.balanceMaxOverMean.toFixed(2)} (most loaded broker over mean; MB by broker: ${brokers(report)})`,
          ...(searchLimitOf(report.generator) === 'generator'
            ? ['  the search for the maximum ended at the load generator’s own limit']
            : []),
        ]
      : []),
  ];
}

const brokers = ({ perBroker }: LoadReport): string =>
  perBroker.map((b) => `${b.brokerId} ${(b.bytes / 1e6).toFixed(1)}`).join(', ');

const latencies = (l: LatencyMs): string =>
  `p50 ${l.p50.toFixed(1)}  p95 ${l.p95.toFixed(1)}  p99 ${l.p99.toFixed(1)}` +
  `  p99.9 ${l.p999.toFixed(1)}  max ${l.max.toFixed(1)} ms`;

/**
 * Thresholds of the load-test gate in k6's syntax, and their evaluation against a report. Latencies
 * are milliseconds from the intended send time; `e2e_` in front means publish to consume. Pure.
 */
import type { LatencyMs, LoadReport, ThresholdResult } from '../../contracts/load.ts';
import { searchLimitOf } from './generator.ts';
import { type BadSyntax, byteUnits } from './rate.ts';

export type Operator = '<' | '<=' | '>' | '>=' | '==';
export interface Threshold {
  metric: string;
  op: Operator;
  value: number;
  text: string;
}

type Reading = (report: LoadReport) => number;

const latencies: Record<string, Exclude<keyof LatencyMs, 'count'>> = {
  'p(50)': 'p50',
  'p(95)': 'p95',
  'p(99)': 'p99',
  'p(99.9)': 'p999',
  max: 'max',
  avg: 'mean',
};

const counts: Record<string, Reading> = {
  lost: (r) => r.lost,
  duplicates: (r) => r.duplicates,
  errors: (r) => r.errors,
  balance: (r) => r.balanceMaxOverMean,
};

/** `rate` is read in bytes or messages per second, after the unit of its value. */
const readings: Record<string, Reading> = {
  ...Object.fromEntries(
    Object.entries(latencies).flatMap(([name, key]) => [
      [name, (r: LoadReport) => r.publishMs[key]],
      [`e2e_${name}`, (r: LoadReport) => r.endToEndMs[key]],
    ]),
  ),
  ...counts,
  'rate(bytes)': (r) => r.bytesPerS,
  'rate(msg)': (r) => r.recordsPerS,
};

const pattern = /^([a-z0-9_]+(?:\([0-9.]+\))?)\s*(<=|>=|==|<|>)\s*(\d+(?:\.\d+)?)\s*([a-zA-Z/]*)$/;

/** The threshold, or what is wrong with it and what would be accepted. */
export function parseThreshold(text: string): Threshold | BadSyntax {
  const match = pattern.exec(text.trim());
  if (!match) return notAThreshold(text);
  const [, name = '', op = '', number = '', unit = ''] = match;
  if (name === 'rate') return parseRateThreshold(text, op as Operator, Number(number), unit);
  const unitFits = unit === '' || (unit === 'ms' && !(name in counts));
  if (!(name in readings) || !unitFits) return unknownMetric(text, name, unit);
  return { metric: name, op: op as Operator, value: Number(number), text };
}

function parseRateThreshold(
  text: string,
  op: Operator,
  amount: number,
  unit: string,
): Threshold | BadSyntax {
  if (unit === 'msg/s') return { metric: 'rate(msg)', op, value: amount, text };
  const factor = byteUnits[unit.replace(/\/s$/, '')];
  if (!unit.endsWith('/s') || factor === undefined) {
    return {
      error: `\`${text}\` has a rate without a unit`,
      remedy: 'write for example `rate>=20MB/s` or `rate>=2000msg/s`',
    };
  }
  return { metric: 'rate(bytes)', op, value: amount * factor, text };
}

function notAThreshold(text: string): BadSyntax {
  const singleEquals = /[^<>=]=[^=]/.test(text);
  const remedy = singleEquals ? 'write `==` for equal' : 'write for example `p(99)<50`';
  return { error: `\`${text}\` is not a threshold`, remedy };
}

function unknownMetric(text: string, name: string, unit: string): BadSyntax {
  if (name in readings) {
    return { error: `\`${text}\` has the unit \`${unit}\``, remedy: 'leave the unit out' };
  }
  const known = [...Object.keys(latencies), ...Object.keys(counts), 'rate'];
  return {
    error: `\`${text}\` names no metric that is measured`,
    remedy: `use one of ${known.join(', ')}, or a latency with \`e2e_\` in front`,
  };
}

const compare: Record<Operator, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
};

/** Each threshold with the figure it was held against. Texts that do not parse count as not met. */
export function evaluateThresholds(
  texts: readonly string[],
  report: LoadReport,
): ThresholdResult[] {
  return texts.map((text) => {
    const threshold = parseThreshold(text);
    if ('error' in threshold) return { threshold: text, actual: threshold.error, ok: false };
    const actual = readings[threshold.metric]?.(report) ?? Number.NaN;
    const ok = compare[threshold.op](actual, threshold.value);
    return { threshold: text, actual: showFigure(threshold.metric, actual), ok };
  });
}

/**
 * A threshold that is not met, but might have been had the generator been on time: a latency that
 * would meet it without the generator's worst delay, or a rate below the bound after a search that
 * the generator ended. Errors, losses and balance are never excused.
 */
export function isMissDoubtful(text: string, report: LoadReport): boolean {
  const threshold = parseThreshold(text);
  if ('error' in threshold) return false;
  const { metric, op, value } = threshold;
  const { worstLateMs = 0 } = report.generator;
  const actual = readings[metric]?.(report) ?? Number.NaN;
  if (metric.startsWith('rate(')) {
    return searchLimitOf(report.generator) === 'generator' && op.startsWith('>');
  }
  if (metric in counts || worstLateMs <= 0) return false;
  return compare[op](Math.max(0, actual - worstLateMs), value);
}

function showFigure(metric: string, value: number): string {
  if (metric === 'rate(bytes)') return `${(value / 1e6).toFixed(2)}MB/s`;
  if (metric === 'rate(msg)') return `${Math.round(value)}msg/s`;
  if (metric === 'balance') return value.toFixed(2);
  return metric in counts ? String(value) : `${value.toFixed(1)}ms`;
}

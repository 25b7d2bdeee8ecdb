/** Thresholds, rates and the verdict. */
import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { parseRate } from '../../domain/load/rate.ts';
import { evaluateThresholds, parseThreshold } from '../../domain/load/thresholds.ts';
import { judge } from '../../domain/load/verdict.ts';

const latency = { p50: 1, p95: 5, p99: 9, p999: 20, max: 30, mean: 2 };
const report = (change: Partial<LoadReport> = {}): LoadReport => ({
  durationS: 10,
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
  publishMs: latency,
  endToEndMs: { ...latency, p99: 19 },
  perBroker: [],
  balanceMaxOverMean: 1.2,
  generator: { lateShare: 0, cpuShare: 0.2, saturated: false },
  ...change,
});
const load = (thresholds: string[]): NormalLoad => ({
  rate: '1MB/s',
  messageBytes: 1024,
  partitions: 6,
  replicationFactor: 3,
  acks: 'all',
  durationS: 10,
  warmupS: 1,
  thresholds,
});

describe('a rate', () => {
  it.each([
    ['5MB/s', 1000, 5000],
    ['500KB/s', 1000, 500],
    ['2000msg/s', 1, 2000],
    ['1.5GB/s', 1500, 1_000_000],
  ])('%s of %d bytes is %d records/s', (text, bytes, recordsPerS) => {
    expect(parseRate(text, bytes)).toEqual({ kind: 'fixed', recordsPerS });
  });

  it('can be the maximum', () => {
    expect(parseRate('max', 1)).toEqual({ kind: 'max' });
  });

  it.each(['', '5', 'MB/s', '-1MB/s', '5 MB/s', '5mb/s', '0msg/s'])('%j is none', (text) => {
    expect(parseRate(text, 1)).toHaveProperty('error');
  });
});

describe('a threshold', () => {
  it.each([
    ['p(99)<50', '9.0ms', true],
    ['p(99)<9', '9.0ms', false],
    ['p(99.9)<=20', '20.0ms', true],
    ['e2e_p(99)<19.5', '19.0ms', true],
    ['max>1', '30.0ms', true],
    ['avg<2ms', '2.0ms', false],
    ['lost==0', '0', true],
    ['duplicates==0', '0', true],
    ['errors==1', '0', false],
    ['balance<1.5', '1.20', true],
    ['rate>=1MB/s', '1.02MB/s', true],
    ['rate>=1001msg/s', '1000msg/s', false],
  ])('%s is held against %s: %s', (threshold, actual, ok) => {
    expect(evaluateThresholds([threshold], report())).toEqual([{ threshold, actual, ok }]);
  });

  it.each(['p(99)', 'p99<5', 'lost=0', 'p(42)<1', 'rate>5', 'rate>5ms', 'lost==0ms'])(
    '%s is refused with a remedy',
    (text) => {
      expect(parseThreshold(text)).toMatchObject({ error: /./, remedy: /./ });
    },
  );
});

describe('the verdict', () => {
  it('is pass when every threshold is met', () => {
    expect(judge(load(['lost==0', 'p(99)<10']), report())).toMatchObject({
      verdict: 'pass',
      reasons: [],
    });
  });

  it.each([
    ['fail', { lost: 1 }, '1 acknowledged records were not found in the log'],
    ['unknown', { unread: 3 }, '3 acknowledged records were not read in time'],
    ['unknown', { acknowledged: 0 }, 'no record was acknowledged'],
    [
      'unknown',
      { generator: { lateShare: 1, cpuShare: 1, saturated: true, reason: 'too slow' } },
      'the load generator was saturated: too slow',
    ],
    ['fail', { errors: 5 }, 'errors==0: it was 5'],
    [
      'fail',
      { recordsPerS: 500 },
      'the target rate was not reached: 500 of 1000 records/s were acknowledged',
    ],
  ] as const)('is %s for %j', (verdict, change, reason) => {
    const judged = judge(load(['errors==0']), report(change as Partial<LoadReport>));
    expect(judged).toMatchObject({ verdict, reasons: [reason] });
  });

  it('is fail for a lost record even when the generator was saturated', () => {
    const generator = { lateShare: 1, cpuShare: 1, saturated: true };
    expect(judge(load([]), report({ lost: 2, generator })).verdict).toBe('fail');
  });

  it('is never pass with a saturated generator, even when all thresholds are met', () => {
    const generator = { lateShare: 1, cpuShare: 1, saturated: true };
    expect(judge(load(['lost==0']), report({ generator })).verdict).toBe('unknown');
  });
});

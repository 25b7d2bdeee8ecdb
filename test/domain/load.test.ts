/** Thresholds, rates and the verdict. */
import { describe, expect, it } from 'vitest';
import type { GeneratorHealth, LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { parseRate } from '../../domain/load/rate.ts';
import { checkReport } from '../../domain/load/report-check.ts';
import { samplesNeeded, tooFewSamples } from '../../domain/load/samples.ts';
import { evaluateThresholds, parseThreshold } from '../../domain/load/thresholds.ts';
import { judge, uncoordinated, unmeasured } from '../../domain/load/verdict.ts';
import { goodReport, reportOf } from '../support/reports.ts';

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
    ['balance<1.5', '1.00', true],
    ['rate>=1MB/s', '1.02MB/s', true],
    ['rate>=1001msg/s', '1000msg/s', false],
  ])('%s is held against %s: %s', (threshold, actual, ok) => {
    expect(evaluateThresholds([threshold], goodReport())).toEqual([{ threshold, actual, ok }]);
  });

  it.each(['p(99)', 'p99<5', 'lost=0', 'p(42)<1', 'rate>5', 'rate>5ms', 'lost==0ms'])(
    '%s is refused with a remedy',
    (text) => {
      expect(parseThreshold(text)).toMatchObject({ error: /./, remedy: /./ });
    },
  );
});

const generator = (change: Partial<GeneratorHealth>): GeneratorHealth => ({
  ...goodReport().generator,
  ...change,
});

describe('the verdict', () => {
  it('is pass when every threshold is met', () => {
    expect(judge(load(['lost==0', 'p(99)<10']), goodReport())).toMatchObject({
      verdict: 'pass',
      reasons: [],
    });
  });

  it.each([
    [
      'fail',
      goodReport({ received: 9_999, lost: 1 }),
      '1 acknowledged records were not found in the log',
    ],
    [
      'unknown',
      goodReport({ received: 9_997, unread: 3 }),
      '3 acknowledged records were not read in time',
    ],
    ['unknown', reportOf(0), 'no record was acknowledged'],
    ['unknown', goodReport({ unmeasured: 2 }), '2 records came too late to be measured end to end'],
    [
      'unknown',
      goodReport({ generator: generator({ lateShare: 0.3 }) }),
      'the load generator was saturated: 30 % of the records left more than 10 ms late',
    ],
    [
      'unknown',
      goodReport({ generator: generator({ sendBusyShare: 0.97 }) }),
      'the load generator was saturated: its sending thread was busy 97 % of the time',
    ],
    ['fail', reportOf(9_995), 'errors==0: it was 5'],
    [
      'fail',
      reportOf(5_000, { sent: 5_000, errors: 0 }),
      'the target rate was not reached: 500 of 1000 records/s were acknowledged',
    ],
  ] as [string, LoadReport, string][])('is %s with the reason (%#)', (verdict, report, reason) => {
    expect(judge(load(['errors==0']), report)).toMatchObject({ verdict, reasons: [reason] });
  });

  it('is fail for a lost record even when the generator was saturated', () => {
    const report = goodReport({
      received: 9_998,
      lost: 2,
      generator: generator({ lateShare: 1 }),
    });
    expect(judge(load([]), report).verdict).toBe('fail');
  });

  it('is never pass with a saturated generator, even when all thresholds are met', () => {
    const report = goodReport({ generator: generator({ lateShare: 1 }) });
    expect(judge(load(['lost==0']), report).verdict).toBe('unknown');
  });

  it('minds a busy reader only where end to end is judged', () => {
    const report = goodReport({ generator: generator({ readBusyShare: 0.99 }) });
    expect(judge(load(['p(99)<50']), report).verdict).toBe('pass');
    expect(judge(load(['e2e_p(99)<50']), report)).toMatchObject({
      verdict: 'unknown',
      reasons: [/its reading thread was busy 99 %/],
    });
  });

  it.each([
    ['somebody else', { failedRecordsPerS: 2_000, sendBusyShare: 0.5 }, 'fail'],
    ['itself', { failedRecordsPerS: 2_000, sendBusyShare: 0.99 }, 'unknown'],
    ['nobody', {}, 'unknown'],
  ])('of a missed rate depends on who ended the search: %s', (_, search, verdict) => {
    const report = goodReport({
      targetRecordsPerS: 'max',
      generator: generator({ search, sendBusyShare: 0.99, lateShare: 0.9 }),
    });
    expect(judge(load(['rate>=5000msg/s']), report).verdict).toBe(verdict);
  });
});

describe('a disturbed measurement', () => {
  const seen = 'broker 2 (main-2): not registered; its machine is stopped (seen at 10:00:00)';
  const disturbed = { disturbances: [seen], earlier: [] };

  it('is unknown and names the broker, however good the figures', () => {
    expect(judge(load(['lost==0']), goodReport(), disturbed)).toMatchObject({
      verdict: 'unknown',
      reasons: [seen],
    });
  });

  it('is fail when a fact says so, and names the broker as well', () => {
    const report = goodReport({ received: 9_999, lost: 1 });
    const judged = judge(load([]), report, disturbed);
    expect(judged).toMatchObject({ verdict: 'fail', reasons: [/1 acknowledged/, seen] });
  });

  it('is no proof against the cluster: a missed threshold is unknown', () => {
    expect(judge(load(['errors==0']), reportOf(9_000), disturbed).verdict).toBe('unknown');
  });
});

describe('a repeated measurement', () => {
  const evidence = { disturbances: [], earlier: ['activity Heartbeat timeout'] };

  it('says so and why, also when it passes', () => {
    expect(judge(load([]), goodReport(), evidence)).toMatchObject({
      verdict: 'pass',
      reasons: [],
      notes: ['measured at attempt 2; attempt 1 brought no report: activity Heartbeat timeout'],
    });
  });

  it('that never came to an end is unknown with every reason', () => {
    expect(unmeasured({ disturbances: ['x'], earlier: ['a', 'b'] }).reasons).toEqual([
      'x',
      'attempt 1 brought no report: a',
      'attempt 2 brought no report: b',
    ]);
  });
});

describe('coordinators that do not work', () => {
  const none = { disturbances: [], earlier: [] };
  const problem = 'no consumer group can work: COORDINATOR_NOT_AVAILABLE';

  it.each([
    [true, none, 'fail'],
    [false, none, 'unknown'],
    [true, { ...none, disturbances: ['broker 1 (main-1): not registered'] }, 'unknown'],
  ])(
    'are a failure only of a whole cluster that says so itself (%s)',
    (answered, seen, verdict) => {
      const judged = uncoordinated(seen, { problem, answered });
      expect(judged.verdict).toBe(verdict);
      expect(judged.reasons.at(-1)).toBe(problem);
    },
  );
});

describe('the samples of a percentile', () => {
  it.each([
    ['p(50)', 5],
    ['p(95)', 59],
    ['e2e_p(99)', 299],
    ['p(99.9)', 2995],
    ['max', 1],
    ['avg', 1],
    ['lost', 1],
  ])('%s needs %d', (metric, needed) => {
    expect(samplesNeeded(metric)).toBe(needed);
  });

  it('are asked for: with too few the verdict is unknown', () => {
    const count = (l: LoadReport['publishMs'], n: number) => ({ ...l, count: n });
    const few = reportOf(2_994, { sent: 2_994, errors: 0, targetRecordsPerS: 299.4 });
    expect(judge(load(['p(99.9)<50']), few)).toMatchObject({
      verdict: 'unknown',
      reasons: ['p(99.9) needs at least 2995 samples, there were 2994'],
    });
    expect(judge(load(['p(99)<50']), few).verdict).toBe('pass');
    const report = goodReport({
      received: 100,
      lost: 9_900,
      endToEndMs: count(few.endToEndMs, 100),
    });
    expect(judge(load(['e2e_p(99)<50']), report).verdict).toBe('fail');
  });

  it('are counted before the load is run, with how long it would take', () => {
    const slow = { recordsPerS: 100, durationS: 20 };
    expect(tooFewSamples('p(99.9)<50', slow)).toMatchObject({
      error: 'p(99.9) needs at least 2995 samples, this load brings 2000',
      remedy: /durationS at least 30/,
    });
    expect(tooFewSamples('p(99)<50', slow)).toBeUndefined();
    expect(tooFewSamples('not one', slow)).toBeUndefined();
  });
});

describe('the figures of a report', () => {
  it('agree in a good one', () => {
    expect(checkReport(goodReport())).toEqual([]);
    expect(checkReport(reportOf(1_234))).toEqual([]);
    expect(checkReport(goodReport({ received: 9_990, lost: 11, missingFromWarmup: 1 }))).toEqual(
      [],
    );
  });

  const latency = goodReport().publishMs;
  const wrong: [string, Partial<LoadReport>][] = [
    ['a record is in no count', { received: 9_999 }],
    ['a record is counted twice', { received: 10_000, lost: 1 }],
    ['errors do not add up', { errors: 1 }],
    ['the rate is not the count', { recordsPerS: 1_001 }],
    ['bytes are not records', { bytesPerS: 1_000_000 }],
    ['more was sent than the rate gives', { targetRecordsPerS: 900 }],
    ['rated over less than the window', { ratedS: 9 }],
    ['a broker is missing from the sum', { perBroker: [] }],
    ['the balance is not the brokers’', { balanceMaxOverMean: 2 }],
    ['percentiles fall', { publishMs: { ...latency, p99: 4 } }],
    ['the longest is not the longest', { publishMs: { ...latency, max: 19 } }],
    ['the mean is above the longest', { publishMs: { ...latency, mean: 31 } }],
    ['a latency is missing', { publishMs: { ...latency, count: 9_999 } }],
    ['more came than left', { endToEndMs: { ...latency, count: 10_001 } }],
    ['a number is none', { duplicates: Number.NaN }],
    ['a number is below nought', { unread: -1, received: 10_001 }],
    ['a share is above one', { generator: generator({ lateShare: 1.5 }) }],
  ];
  it.each(wrong)('contradict each other when %s, and the verdict is unknown', (_, change) => {
    const report = goodReport(change);
    expect(checkReport(report)).not.toEqual([]);
    expect(judge(load(['lost==0']), report)).toMatchObject({
      verdict: 'unknown',
      reasons: expect.arrayContaining([expect.stringMatching(/contradicts itself/)]),
    });
  });
});

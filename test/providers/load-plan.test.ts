/** The load generator's arithmetic: its schedule, its lateness, its bitmaps and its report. */
import fc from 'fast-check';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import type { NormalLoad } from '../../contracts/spec.ts';
import { checkReport } from '../../domain/load/report-check.ts';
import { Backlog } from '../../providers/load/backlog.ts';
import { countBits, setBit } from '../../providers/load/bits.ts';
import {
  decodeRecord,
  encodeRecord,
  recordTemplate,
  runMark,
} from '../../providers/load/record.ts';
import { type Measured, reportOf } from '../../providers/load/report.ts';
import { createSchedule, latenessOf } from '../../providers/load/schedule.ts';
import { histogramOptions } from '../../providers/load/threads.ts';

const hasBit = (bits: Uint8Array, index: number): boolean =>
  ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

describe('the schedule', () => {
  it('hands out every record once, in order, never before its time', () => {
    const anyRun = fc.record({
      recordsPerS: fc.integer({ min: 1, max: 1_000_000 }),
      count: fc.integer({ min: 0, max: 500 }),
      steps: fc.array(
        fc.tuple(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 1, max: 90 })),
      ),
    });
    fc.assert(
      fc.property(anyRun, ({ recordsPerS, count, steps }) => {
        const schedule = createSchedule({ startUs: 1_000, recordsPerS, count, first: 7 });
        let now = 1_000;
        let next = 7;
        for (const [later, most] of [...steps, [count * 1e6, count + 1] as const]) {
          now += later;
          const due = schedule.take(now, most);
          if (!due) continue;
          expect(due.first).toBe(next);
          expect(due.count).toBeLessThanOrEqual(most);
          expect(due.firstUs + (due.count - 1) * due.intervalUs).toBeLessThanOrEqual(now + 1e-3);
          next += due.count;
        }
        while (schedule.take(now, count + 1)) next = schedule.next();
        expect(schedule.next()).toBe(7 + count);
      }),
    );
  });

  it('does not wait for whoever is behind: intended times stay on the grid', () => {
    const schedule = createSchedule({ startUs: 0, recordsPerS: 1_000, count: 100, first: 0 });
    expect(schedule.take(50_500, 10)).toMatchObject({ first: 0, count: 10, firstUs: 0 });
    expect(schedule.take(50_500, 100)).toMatchObject({ first: 10, count: 41, firstUs: 10_000 });
  });
});

describe('lateness', () => {
  const chunk = { first: 0, count: 20, firstUs: 0, intervalUs: 1_000 };

  it('counts the records that left more than 10 ms after their time', () => {
    expect(latenessOf(chunk, { nowUs: 19_000, freeSinceUs: 0 })).toEqual({
      late: 10,
      worstUs: 19_000,
    });
  });

  it('is nobody’s while Kafka owed answers', () => {
    expect(latenessOf(chunk, { nowUs: 900_000, freeSinceUs: 899_000 })).toEqual({
      late: 0,
      worstUs: 1_000,
    });
  });
});

describe('the backlog', () => {
  const chunk = (partition: number, first: number, count: number) => ({
    ...{ partition, first, count },
    ...{ firstUs: first, intervalUs: 1 },
  });

  it('fills a request up to its size, each partition in order, and loses nothing', () => {
    const backlog = new Backlog({ partitions: 3, messageBytes: 99_980 });
    expect(backlog.chunkMax).toBe(9);
    const all = [0, 5, 10, 15].flatMap((first) => [0, 1, 2].map((p) => chunk(p, first, 5)));
    for (const one of all) backlog.add(one, 0);
    const requests = [
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ].map((mine) => backlog.take(mine));
    for (const request of requests) {
      expect(request.reduce((sum, c) => sum + c.count, 0)).toBeLessThanOrEqual(10);
    }
    const sent = requests.flat();
    expect(sent.filter((c) => c.partition === 0).map((c) => c.first)).toEqual([0, 5, 10, 15]);
    expect(sent).toHaveLength(8);
    expect(backlog.take([2]).map((c) => c.first)).toEqual([0]);
  });

  it('gives up what waited for too long, however late it was due', () => {
    const backlog = new Backlog({ partitions: 1, messageBytes: 100 });
    for (const first of [0, 10, 20]) backlog.add(chunk(0, first, 1), 100 + first);
    expect(backlog.takeAddedBefore(115).map((c) => c.first)).toEqual([0, 10]);
    expect(backlog.take([0]).map((c) => c.first)).toEqual([20]);
  });
});

describe('a bitmap', () => {
  it('counts a range as looking at every bit does', () => {
    const anyBits = fc.uniqueArray(fc.integer({ min: 0, max: 255 }));
    const anyRange = fc.tuple(fc.integer({ min: 0, max: 256 }), fc.integer({ min: 0, max: 256 }));
    fc.assert(
      fc.property(anyBits, anyBits, anyRange, (one, other, [from, to]) => {
        const [a, b] = [one, other].map((indexes) => {
          const bits = new Uint8Array(32);
          for (const i of indexes) expect(setBit(bits, i)).toBe(true);
          return bits;
        }) as [Uint8Array, Uint8Array];
        const inside = Array.from({ length: 256 }, (_, i) => i).filter((i) => i >= from && i < to);
        expect(countBits({ from, to }, a)).toBe(inside.filter((i) => hasBit(a, i)).length);
        const both = inside.filter((i) => hasBit(a, i) && hasBit(b, i)).length;
        expect(countBits({ from, to }, a, b)).toBe(both);
      }),
    );
  });

  it('says when a bit was set before', () => {
    const bits = new Uint8Array(1);
    expect([setBit(bits, 3), setBit(bits, 3)]).toEqual([true, false]);
  });
});

describe('a record', () => {
  it('tells its run, its number and its time, and nothing to other runs', () => {
    const template = recordTemplate({ mark: runMark('mine'), messageBytes: 40 });
    const record = encodeRecord(template, 5_000_000_000, 123.5);
    expect(record).toHaveLength(40);
    expect(decodeRecord(record, runMark('mine'))).toEqual({ sequence: 5e9, intendedUs: 123.5 });
    expect(decodeRecord(record, runMark('other'))).toBeUndefined();
    expect(decodeRecord(Buffer.alloc(3), runMark('mine'))).toBeUndefined();
  });
});

describe('the report', () => {
  const load: NormalLoad = {
    rate: '10msg/s',
    messageBytes: 100,
    partitions: 2,
    replicationFactor: 1,
    acks: 'all',
    durationS: 1,
    warmupS: 0,
    thresholds: [],
  };
  const bits = (...set: number[]): Uint8Array => {
    const map = new Uint8Array(4);
    for (const i of set) setBit(map, i);
    return map;
  };
  const histogram = encodeIntoCompressedBase64(build(histogramOptions));
  const measured = (change: {
    producer?: Partial<Measured['producer']>;
    reader?: Partial<Measured['reader']>;
    rest?: Partial<Measured>;
  }): Measured => ({
    load,
    recordsPerS: 10,
    acknowledged: bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    received: bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    ...change.rest,
    producer: {
      kind: 'drained',
      elapsedS: 1,
      sent: 8,
      acknowledged: 8,
      acknowledgedBytes: 800,
      errors: 0,
      lastAnswerS: 1.01,
      from: 2,
      to: 10,
      late: 0,
      worstLateMs: 1,
      cpuShare: 0.1,
      busyShare: 0.2,
      unanswered: 0,
      held: false,
      perBroker: [
        { brokerId: 0, bytes: 600, leaders: 1 },
        { brokerId: 1, bytes: 200, leaders: 1 },
      ],
      histogram,
      ...change.producer,
    },
    reader: {
      kind: 'finished',
      duplicates: 0,
      complete: true,
      unmeasured: 0,
      busyShare: 0.3,
      histogram,
      ...change.reader,
    },
  });

  it('counts what was acknowledged and is not in the log as lost, warm-up included', () => {
    const report = reportOf(measured({ rest: { received: bits(1, 2, 3, 4, 5, 6, 7, 8) } }));
    expect(report).toMatchObject({ received: 7, lost: 2, unread: 0, acknowledged: 8 });
    expect(report.missingFromWarmup).toBe(1);
  });

  it('calls it unread, not lost, while the log was not read to its end', () => {
    const reader = { complete: false, error: 'no leader' };
    const report = reportOf(measured({ reader, rest: { received: bits() } }));
    expect(report).toMatchObject({ received: 0, lost: 0, unread: 10, readError: 'no leader' });
  });

  it('counts records without an answer as errors', () => {
    expect(reportOf(measured({ producer: { acknowledged: 5 } })).errors).toBe(3);
  });

  it('takes the rate over the time that the answers took, when they came late', () => {
    expect(reportOf(measured({})).recordsPerS).toBe(8);
    expect(reportOf(measured({ producer: { lastAnswerS: 5 } })).recordsPerS).toBe(2);
  });

  it('says how evenly the brokers were loaded', () => {
    expect(reportOf(measured({})).balanceMaxOverMean).toBe(1.5);
  });

  it('tells what the generator did to the figures, and judges nothing', () => {
    const producer = { late: 2, busyShare: 0.97 };
    const search = { failedRecordsPerS: 20, sendBusyShare: 0.5 };
    const { generator, targetRecordsPerS } = reportOf(measured({ producer, rest: { search } }));
    expect(targetRecordsPerS).toBe('max');
    expect(generator).toEqual({
      lateShare: 0.25,
      worstLateMs: 1,
      cpuShare: 0.1,
      sendBusyShare: 0.97,
      readBusyShare: 0.3,
      search,
    });
  });

  it('agrees with itself, whatever is lost or unread', () => {
    const counted = (n: number): string => {
      const histogram = build(histogramOptions);
      for (let i = 0; i < n; i++) histogram.recordValue(1_000 + i);
      return encodeIntoCompressedBase64(histogram);
    };
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 9 })),
        fc.boolean(),
        fc.integer({ min: 0, max: 5 }),
        (found, complete, lastAnswerS) => {
          const report = reportOf(
            measured({
              rest: { received: bits(...found) },
              producer: { lastAnswerS, histogram: counted(8) },
              reader: { complete, histogram: counted(8) },
            }),
          );
          expect(checkReport(report)).toEqual([]);
        },
      ),
    );
  });
});

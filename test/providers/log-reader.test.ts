/** The reader of a log against a stand-in for Kafka: what it hands on, and where it goes on. */
import { afterEach, expect, it, vi } from 'vitest';
import type { Links } from '../../providers/load/links.ts';
import { type LogReader, readLog } from '../../providers/load/log-reader.ts';

const answers = vi.hoisted(() => [] as unknown[]);
/** Offsets that were asked for, by request. */
const asked = vi.hoisted(() => [] as bigint[]);
vi.mock('@platformatic/kafka', () => ({
  fetchV15: {
    api: {
      async: async (...all: unknown[]) => {
        const topics = all[7] as { partitions: { fetchOffset: bigint }[] }[];
        asked.push(topics[0]?.partitions[0]?.fetchOffset ?? -1n);
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        if (answer) return answer;
        return new Promise(() => undefined);
      },
    },
  },
}));

let reader: LogReader | undefined;
afterEach(() => {
  reader?.stop();
  answers.length = 0;
  asked.length = 0;
});

const stale = vi.fn();
const links = {
  leaders: () => [1],
  topicId: () => 'id',
  connection: async () => ({}),
  markStale: stale,
  offsets: async (timestamp: bigint) => [timestamp === -2n ? 40n : 50n],
} as unknown as Links;

const answer = (errorCode: number, records: unknown[] = []) => ({
  responses: [{ partitions: [{ partitionIndex: 0, errorCode, records }] }],
});
/** A batch of values `v<offset>`. */
const batch = (first: number, count: number, last = count - 1) => ({
  firstOffset: BigInt(first),
  lastOffsetDelta: last,
  records: Array.from({ length: count }, (_, offsetDelta) => ({
    offsetDelta,
    value: Buffer.from(`v${first + offsetDelta}`),
  })),
});

function readFrom(from: bigint): string[] {
  const seen: string[] = [];
  reader = readLog({ links, from: [from], onValue: (value) => seen.push(String(value)) });
  return seen;
}

it('a batch that begins before the position is handed on from the position on', async () => {
  answers.push(answer(0, [batch(0, 4)]));
  const seen = readFrom(2n);
  await vi.waitFor(() => expect(asked).toEqual([2n, 4n]));
  expect(seen).toEqual(['v2', 'v3']);
});

it('what a batch has lost to compaction or a transaction is passed', async () => {
  answers.push(answer(0, [batch(0, 2, 9)]));
  const seen = readFrom(0n);
  await vi.waitFor(() => expect(asked).toEqual([0n, 10n]));
  expect(seen).toEqual(['v0', 'v1']);
  expect([reader?.reached([10n]), reader?.reached([11n])]).toEqual([true, false]);
});

it.each([
  ['begins later', 7n, 40n],
  ['ends earlier', 90n, 50n],
])('a log that %s is read on from there', async (_, from, then) => {
  answers.push(answer(1));
  readFrom(from);
  await vi.waitFor(() => expect(asked).toEqual([from, then]));
});

it('after an error it asks for the leaders anew and goes on where it was', async () => {
  answers.push(new Error('gone'), answer(6), answer(0, [batch(3, 1)]));
  const seen = readFrom(3n);
  await vi.waitFor(() => expect(asked).toEqual([3n, 3n, 3n, 4n]));
  expect(seen).toEqual(['v3']);
  expect(stale).toHaveBeenCalledTimes(2);
  expect(reader?.lastError()).toBe('fetch of partition 0: error 6');
});

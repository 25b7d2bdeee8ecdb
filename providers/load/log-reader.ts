/**
 * Reads all partitions of a topic at once, without a consumer group: one loop per leader, so that
 * a slow broker delays nobody else's records. A partition whose leader moves is read on where it
 * was. Never skips: where the log begins later or ends earlier than expected, it goes there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchV15 } from '@platformatic/kafka';
import type { Links } from './links.ts';
import { responseOf } from './pool.ts';

const maxWaitMs = 100;
const responseBytesMax = 8 * 1024 * 1024;
const partitionBytesMax = 1024 * 1024;
const pauseMs = 100;
const offsetOutOfRange = 1;

export interface LogReader {
  /** Everything below these offsets was read. */
  reached(ends: readonly bigint[]): boolean;
  lastError(): string | undefined;
  /** Ends the loops after the requests on their way; safe to repeat. */
  stop(): void;
}

/** Starts at `from` at once; `onValue` sees each record's value once, in each partition's order. */
export function readLog(r: {
  links: Links;
  from: bigint[];
  onValue(value: Buffer): void;
}): LogReader {
  const { links } = r;
  const positions = [...r.from];
  const loops = new Set<number>();
  let stopped = false;
  let lastError: string | undefined;

  const partitionsOf = (nodeId: number): number[] =>
    links.leaders().flatMap((leader, partition) => (leader === nodeId ? [partition] : []));

  const step = async (nodeId: number, partitions: number[]): Promise<void> => {
    const { responses } = await fetchFrom({ links, positions, nodeId, partitions });
    for (const p of responses.flatMap((topic) => topic.partitions)) {
      if (p.errorCode === 0) take(positions, p, r.onValue);
      else if (p.errorCode === offsetOutOfRange) await clamp(links, positions, p.partitionIndex);
      else throw new Error(`fetch of partition ${p.partitionIndex}: error ${p.errorCode}`);
    }
  };

  const loop = async (nodeId: number): Promise<void> => {
    for (;;) {
      const partitions = partitionsOf(nodeId);
      if (stopped || partitions.length === 0) break;
      try {
        await step(nodeId, partitions);
      } catch (error) {
        lastError = error instanceof Error ? error.message : String(error);
        links.markStale();
        await sleep(pauseMs);
      }
    }
    loops.delete(nodeId);
  };

  /** Starts loops for leaders that have none; leaders change while reading. */
  const supervise = async (): Promise<void> => {
    while (!stopped) {
      for (const nodeId of new Set(links.leaders())) {
        if (nodeId < 0) links.markStale();
        if (nodeId < 0 || loops.has(nodeId)) continue;
        loops.add(nodeId);
        void loop(nodeId);
      }
      await sleep(pauseMs);
    }
  };
  void supervise();

  return {
    reached: (ends) => ends.every((end, partition) => (positions[partition] ?? 0n) >= end),
    lastError: () => lastError,
    stop: () => {
      stopped = true;
    },
  };
}

type FetchResponse = Awaited<ReturnType<typeof fetchV15.api.async>>;
type Fetched = FetchResponse['responses'][number]['partitions'][number];

/** One request for all partitions that a broker leads, each from its position on. */
async function fetchFrom(q: {
  links: Links;
  positions: readonly bigint[];
  nodeId: number;
  partitions: number[];
}): Promise<FetchResponse> {
  const wanted = q.partitions.map((partition) => ({
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: q.positions[partition] ?? 0n,
    lastFetchedEpoch: -1,
    partitionMaxBytes: partitionBytesMax,
  }));
  const topics = [{ topicId: q.links.topicId(), partitions: wanted }];
  const connection = await q.links.connection(q.nodeId);
  // Session 0 with epoch -1: every request stands alone (KIP-227).
  return fetchV15.api
    .async(connection, maxWaitMs, 1, responseBytesMax, 0, 0, -1, topics, [], '')
    .catch(responseOf<FetchResponse>);
}

/** Hands on what was not read yet, and moves the partition's position behind it. */
function take(
  positions: bigint[],
  { partitionIndex: at, records: batches }: Fetched,
  onValue: (value: Buffer) => void,
): void {
  for (const batch of batches ?? []) {
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta);
      // A batch is sent whole, also when only its end was asked for.
      if (offset < (positions[at] ?? 0n)) continue;
      positions[at] = offset + 1n;
      if (record.value) onValue(record.value);
    }
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (end > (positions[at] ?? 0n)) positions[at] = end;
  }
}

/** The log was cut at its beginning or its end: go where it is now. */
async function clamp(links: Links, positions: bigint[], at: number): Promise<void> {
  const [low, high] = [await links.offsets(-2n), await links.offsets(-1n)];
  const position = positions[at] ?? 0n;
  const [first, last] = [low[at] ?? 0n, high[at] ?? 0n];
  positions[at] = position < first ? first : position > last ? last : position;
}

/**
 * The reading thread. First it follows the log as it grows, to measure end to end. When no record
 * follows any more it reads the whole log again from where this run began: only what is found then
 * has arrived, whatever was seen before.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { countBits, newBitmap, setBit } from './bits.ts';
import { createLinks } from './links.ts';
import { type LogReader, readLog } from './log-reader.ts';
import { open } from './opening.ts';
import { decodeRecord, nowUs } from './record.ts';
import {
  histogramOptions,
  type ReaderFigures,
  type ThreadOptions,
  type ToReader,
} from './threads.ts';

const options = workerData as ThreadOptions;
const port = parentPort;
if (!port) throw new Error('reader-thread runs as a worker thread');

const pauseMs = 50;
const openPatienceMs = 5_000;
/**
 * Before a record counts as lost, the log's end must stand still for so long. With acks=leader an
 * acknowledged record shows only when followers have it or have left the in-sync replicas, which
 * takes `replica.lag.time.max.ms` (30 s).
 */
const quietMs = options.acks === -1 ? 3_000 : 35_000;

const acknowledged = new Uint8Array(options.acknowledged);
const received = new Uint8Array(options.received);
const seen = new Uint8Array(newBitmap());
const measureFrom = new Float64Array(options.measureFrom);
const histogram = build(histogramOptions);
const links = createLinks({ ...options, requestTimeoutMs: 5_000 });

let duplicates = 0;
let loop = performance.eventLoopUtilization();

/** Until then the log is followed and measured; afterwards it is read as evidence. */
function onLive(value: Buffer): void {
  const record = decodeRecord(value, options.mark);
  if (!record || !setBit(seen, record.sequence)) return;
  const from = measureFrom[0] ?? Number.POSITIVE_INFINITY;
  if (record.sequence < from) return;
  if (record.sequence === from) loop = performance.eventLoopUtilization();
  histogram.recordValue(Math.max(1, nowUs() - record.intendedUs));
}

function onEvidence(value: Buffer): void {
  const record = decodeRecord(value, options.mark);
  if (record && !setBit(received, record.sequence)) duplicates += 1;
}

const missing = (to: number, found: Uint8Array): number =>
  countBits({ from: 0, to }, acknowledged) - countBits({ from: 0, to }, acknowledged, found);

/** Asks until it is answered or the time is over. */
async function offsets(timestamp: -1n | -2n, end: number): Promise<bigint[] | undefined> {
  while (Date.now() < end) {
    try {
      return await links.offsets(timestamp);
    } catch {
      links.markStale();
      await sleep(pauseMs * 4);
    }
  }
  return undefined;
}

async function reachedBy(reader: LogReader, ends: bigint[], end: number): Promise<boolean> {
  while (!reader.reached(ends) && Date.now() < end) await sleep(pauseMs);
  return reader.reached(ends);
}

/** Reads the log again. True when all of it was read, or nothing is missing. */
async function readAll(to: number, end: number): Promise<{ complete: boolean; error?: string }> {
  let ends = await offsets(-1n, end);
  if (!ends) return { complete: false, error: 'no leader told the log’s ends' };
  const reader = readLog({ links, from: begin, onValue: onEvidence });
  let complete = await reachedBy(reader, ends, end);
  let quietSince = Date.now();
  while (complete && missing(to, received) > 0 && Date.now() - quietSince < quietMs) {
    await sleep(pauseMs * 4);
    const now = await offsets(-1n, end);
    if (!now || now.some((offset, i) => offset !== ends?.[i])) quietSince = Date.now();
    ends = now ?? ends;
    complete = now !== undefined && (await reachedBy(reader, ends, end));
  }
  reader.stop();
  const error = reader.lastError();
  return { complete, ...(error && !complete ? { error } : {}) };
}

async function finish({ from, to, withinMs }: ToReader): Promise<void> {
  const end = Date.now() + withinMs;
  const { utilization: busyShare } = performance.eventLoopUtilization(loop);
  const ends = await offsets(-1n, end);
  if (ends) await reachedBy(live, ends, Math.min(end, Date.now() + withinMs / 2));
  live.stop();
  const found = await readAll(to, end);
  const range = { from, to };
  const figures: ReaderFigures = {
    kind: 'finished',
    duplicates,
    ...found,
    unmeasured: Math.max(
      0,
      countBits(range, acknowledged, received) - countBits(range, acknowledged, seen),
    ),
    busyShare,
    histogram: encodeIntoCompressedBase64(histogram),
  };
  port?.postMessage(figures);
}

const opening = await open(links);
// A broken attempt may have left records; none of this one can lie below the log's present end.
const known = opening.kind === 'ready' && (await offsets(-1n, Date.now() + openPatienceMs));
const begin = known || new Array<bigint>(options.partitions).fill(0n);
const live = readLog({ links, from: begin, onValue: onLive });
port.on('message', (message: ToReader) => void finish(message));
port.postMessage(opening);

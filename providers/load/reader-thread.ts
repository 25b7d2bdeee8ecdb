/**
 * The reading thread: reads the whole log of the topic, marks every record of this run that it
 * finds, and measures end to end. A broken stream is opened again where it broke.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Consumer, ListOffsetTimestamps, MessagesStreamModes } from '@platformatic/kafka';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { decodeRecord, nowUs } from './record.ts';
import {
  hasBit,
  histogramOptions,
  type ReaderFigures,
  setBit,
  type ThreadOptions,
  type ToReader,
} from './threads.ts';

const options = workerData as ThreadOptions;
const port = parentPort;
if (!port) throw new Error('reader-thread runs as a worker thread');

const received = new Uint8Array(options.received);
const acknowledged = new Uint8Array(options.acknowledged);
const histogram = build(histogramOptions);
/** Next offset to read, by partition. */
const positions = new Array<bigint>(options.partitions).fill(0n);

let duplicates = 0;
let measureFrom = Number.POSITIVE_INFINITY;
let lastError: string | undefined;
let stopped = false;

const consumer = new Consumer({
  clientId: 'asgard-load',
  groupId: `asgard-load-${options.topic}`,
  bootstrapBrokers: options.access.brokers,
  sasl: {
    mechanism: 'SCRAM-SHA-512',
    username: options.access.username,
    password: options.access.password,
  },
  retries: 3,
  retryDelay: 300,
  connectTimeout: 5_000,
  // Short: on a fresh cluster a coordinator may move while a group joins, and asking again is
  // cheap.
  requestTimeout: 5_000,
  timeout: 5_000,
  maxWaitTime: 100,
  autocommit: false,
});

function onRecord(partition: number, offset: bigint, value: Buffer | undefined): void {
  const now = nowUs();
  positions[partition] = offset + 1n;
  const record = value && decodeRecord(value, options.mark);
  if (!record) return;
  if (!setBit(received, record.sequence)) duplicates += 1;
  else if (record.sequence >= measureFrom) {
    histogram.recordValue(Math.max(1, now - record.intendedUs));
  }
}

/** Reads until told to stop, over as many streams as it takes. */
async function read(): Promise<void> {
  while (!stopped) {
    try {
      const stream = await consumer.consume({
        topics: [options.topic],
        mode: MessagesStreamModes.MANUAL,
        offsets: positions.map((offset, partition) => ({
          topic: options.topic,
          partition,
          offset,
        })),
      });
      announce();
      for await (const m of stream) onRecord(m.partition, m.offset, m.value);
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
    }
    if (!stopped) await sleep(300);
  }
}

let announced = false;
function announce(): void {
  if (!announced) port?.postMessage(figures('ready', false));
  announced = true;
}

/** All acknowledged records up to `to` were read: no need to look at the log's end. */
function allFound(to: number): boolean {
  for (let sequence = 0; sequence < to; sequence++) {
    if (hasBit(acknowledged, sequence) && !hasBit(received, sequence)) return false;
  }
  return true;
}

/** The end of each partition as Kafka tells it now. */
async function logEnds(): Promise<bigint[]> {
  const found = await consumer.listOffsets({
    topics: [options.topic],
    timestamp: ListOffsetTimestamps.LATEST,
  });
  return found.get(options.topic) ?? [];
}

async function finish(to: number, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  let ends: bigint[] | undefined;
  let complete = false;
  while (!complete && Date.now() < end) {
    ends ??= await logEnds().catch(() => undefined);
    complete =
      ends !== undefined &&
      (allFound(to) || ends.every((offset, i) => (positions[i] ?? 0n) >= offset));
    if (!complete) await sleep(50);
  }
  stopped = true;
  port?.postMessage(figures('finished', complete));
}

function figures(kind: ReaderFigures['kind'], complete: boolean): ReaderFigures {
  return {
    kind,
    duplicates,
    complete,
    histogram: encodeIntoCompressedBase64(histogram),
    ...(lastError ? { error: lastError } : {}),
  };
}

port.on('message', (message: ToReader) => {
  if (message.kind === 'measure') measureFrom = message.from;
  else void finish(message.to, message.withinMs);
});
void read();

/**
 * The sending thread: an open loop. Every record has an intended time on a fixed schedule; when the
 * thread is behind, the schedule does not wait, and latency counts from the intended time, so there
 * is no coordinated omission. Nothing is repeated: a record is acknowledged or it is not.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type MessageToProduce, Producer } from '@platformatic/kafka';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { encodeRecord, nowUs, recordTemplate } from './record.ts';
import {
  histogramOptions,
  type ProducerFigures,
  setBit,
  type ThreadOptions,
  type ToProducer,
} from './threads.ts';

const options = workerData as ThreadOptions;
const port = parentPort;
if (!port) throw new Error('producer-thread runs as a worker thread');

/** Records per request at most, and records without an answer at most. */
const batchMax = 500;
const inFlightMax = 20_000;
const tickMs = 1;
const lateUs = 10_000;

const producer = new Producer({
  clientId: 'asgard-load',
  bootstrapBrokers: options.access.brokers,
  sasl: {
    mechanism: 'SCRAM-SHA-512',
    username: options.access.username,
    password: options.access.password,
  },
  retries: 0,
  connectTimeout: 5_000,
  requestTimeout: 30_000,
  timeout: 30_000,
  acks: options.acks,
  idempotent: false,
  autocreateTopics: false,
  repeatOnStaleMetadata: true,
});

const template = recordTemplate(options.mark, options.messageBytes);
const acknowledgedBits = new Uint8Array(options.acknowledged);
const histogram = build(histogramOptions);

let sequence = 0;
let partition = 0;
let inFlight = 0;
let intervalUs = Number.POSITIVE_INFINITY;
let nextUs = 0;
let window = newWindow();

function newWindow() {
  return {
    startUs: nowUs(),
    cpu: process.threadCpuUsage(),
    from: sequence,
    sent: 0,
    acknowledged: 0,
    errors: 0,
    firstError: undefined as string | undefined,
    late: 0,
    worstLateUs: 0,
    held: false,
    bytes: new Array<number>(options.partitions).fill(0),
  };
}

function tick(): void {
  const now = nowUs();
  while (nextUs <= now) {
    if (inFlight >= inFlightMax) {
      window.held = true;
      return;
    }
    sendDue(now);
  }
}

/** One request with everything that is due, up to the batch's size, to the next partition. */
function sendDue(now: number): void {
  const due = Math.min(batchMax, Math.floor((now - nextUs) / intervalUs) + 1);
  const intended = Array.from({ length: due }, (_, i) => nextUs + i * intervalUs);
  const first = sequence;
  const to = partition;
  partition = (partition + 1) % options.partitions;
  const messages: MessageToProduce[] = intended.map((us, i) => ({
    topic: options.topic,
    partition: to,
    value: encodeRecord(template, first + i, us),
  }));
  sequence += due;
  nextUs += due * intervalUs;
  inFlight += due;
  const mine = window;
  mine.sent += due;
  if (!mine.held) mine.worstLateUs = Math.max(mine.worstLateUs, now - (intended[0] ?? now));
  if (!mine.held) mine.late += intended.filter((us) => now - us > lateUs).length;
  producer.send({ messages }).then(
    () => onAcknowledged(mine, { first, intended, partition: to }),
    (error: unknown) => onError(mine, due, error),
  );
}

interface Batch {
  first: number;
  intended: number[];
  partition: number;
}

function onAcknowledged(mine: typeof window, batch: Batch): void {
  const now = nowUs();
  const { first, intended } = batch;
  inFlight -= intended.length;
  for (const [i, us] of intended.entries()) {
    setBit(acknowledgedBits, first + i);
    if (mine === window) histogram.recordValue(Math.max(1, now - us));
  }
  mine.acknowledged += intended.length;
  const bytes = mine.bytes[batch.partition] ?? 0;
  mine.bytes[batch.partition] = bytes + intended.length * template.length;
}

function onError(mine: typeof window, count: number, error: unknown): void {
  inFlight -= count;
  mine.errors += count;
  mine.firstError ??= error instanceof Error ? error.message : String(error);
}

function figures(kind: ProducerFigures['kind']): ProducerFigures {
  const elapsedUs = nowUs() - window.startUs;
  const cpu = process.threadCpuUsage(window.cpu);
  return {
    kind,
    elapsedS: elapsedUs / 1e6,
    sent: window.sent,
    acknowledged: window.acknowledged,
    acknowledgedBytes: window.bytes.reduce((sum, b) => sum + b, 0),
    errors: window.errors,
    ...(window.firstError ? { firstError: window.firstError } : {}),
    from: window.from,
    to: sequence,
    late: window.late,
    worstLateMs: window.worstLateUs / 1000,
    cpuShare: (cpu.user + cpu.system) / elapsedUs,
    inFlight,
    held: window.held,
    bytesByPartition: window.bytes,
    histogram: encodeIntoCompressedBase64(histogram),
  };
}

/** Stops sending and waits for the answers still out, at most so long. */
async function drain(withinMs: number): Promise<void> {
  intervalUs = Number.POSITIVE_INFINITY;
  nextUs = Number.POSITIVE_INFINITY;
  const end = Date.now() + withinMs;
  while (inFlight > 0 && Date.now() < end) await new Promise((r) => setTimeout(r, 20));
  port?.postMessage(figures('drained'));
}

port.on('message', (message: ToProducer) => {
  if (message.kind === 'figures') port.postMessage(figures('figures'));
  else if (message.kind === 'drain') void drain(message.withinMs);
  else {
    histogram.reset();
    window = newWindow();
    intervalUs = 1e6 / message.recordsPerS;
    nextUs = nowUs();
  }
});
nextUs = Number.POSITIVE_INFINITY;
setInterval(tick, tickMs);

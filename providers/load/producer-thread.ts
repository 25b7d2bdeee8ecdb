/**
 * The sending thread: an open loop. Every record has an intended time on a fixed schedule; latency
 * counts from there, so there is no coordinated omission. Nothing is ever sent twice: a record is
 * acknowledged or it is not, and what becomes of it is counted, never repaired.
 */
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { recordsMax, setBit } from './bits.ts';
import { Lanes, type Outcome } from './lanes.ts';
import { createLinks } from './links.ts';
import { open } from './opening.ts';
import { nowUs, recordTemplate } from './record.ts';
import { type Chunk, createSchedule, latenessOf, type Schedule } from './schedule.ts';
import {
  histogramOptions,
  type ProducerFigures,
  type ThreadOptions,
  type ToProducer,
} from './threads.ts';

const options = workerData as ThreadOptions;
const port = parentPort;
if (!port) throw new Error('producer-thread runs as a worker thread');

const tickMs = 1;
/** Kafka's own producer buffers 32 MiB before it makes its caller wait. */
const unansweredBytesMax = 32 * 1024 * 1024;
const unansweredMax = Math.min(
  50_000,
  Math.max(100, Math.floor(unansweredBytesMax / options.messageBytes)),
);

const acknowledgedBits = new Uint8Array(options.acknowledged);
const measureFrom = new Float64Array(options.measureFrom);
const histogram = build(histogramOptions);
const links = createLinks({ ...options, requestTimeoutMs: 30_000 });
const lanes = new Lanes({ ...options, links, template: recordTemplate(options), onOutcome });

let sequence = 0;
let partition = 0;
let unanswered = 0;
let blocked = false;
let freeSinceUs = 0;
let schedule: Schedule | undefined;
let window = newWindow();

function newWindow() {
  return {
    startUs: nowUs(),
    lastAnswerUs: 0,
    cpu: process.threadCpuUsage(),
    loop: performance.eventLoopUtilization(),
    from: sequence,
    sent: 0,
    acknowledged: 0,
    errors: 0,
    firstError: undefined as string | undefined,
    late: 0,
    worstLateUs: 0,
    held: false,
    bytes: new Map<number, number>(),
  };
}

/** Takes what is due off the schedule, partition by partition, and lets the lanes send it. */
function tick(): void {
  const now = nowUs();
  for (;;) {
    const room = unansweredMax - unanswered;
    if (room <= 0) {
      window.held = true;
      blocked = true;
      break;
    }
    const due = schedule?.take(now, Math.min(room, lanes.chunkMax));
    if (!due) break;
    sequence += due.count;
    unanswered += due.count;
    window.sent += due.count;
    const { late, worstUs } = latenessOf(due, { nowUs: now, freeSinceUs });
    window.late += late;
    window.worstLateUs = Math.max(window.worstLateUs, worstUs);
    lanes.add({ ...due, partition }, now);
    partition = (partition + 1) % options.partitions;
  }
  lanes.pump(now);
}

function onOutcome(chunk: Chunk, outcome: Outcome): void {
  const now = nowUs();
  unanswered -= chunk.count;
  if (blocked && unanswered < unansweredMax) {
    blocked = false;
    freeSinceUs = now;
  }
  const mine = chunk.first >= window.from;
  if ('error' in outcome) {
    if (!mine) return;
    window.errors += chunk.count;
    window.firstError ??= outcome.error;
    return;
  }
  for (let i = 0; i < chunk.count; i++) setBit(acknowledgedBits, chunk.first + i);
  if (!mine) return;
  for (let i = 0; i < chunk.count; i++) {
    histogram.recordValue(Math.max(1, now - chunk.firstUs - i * chunk.intervalUs));
  }
  window.acknowledged += chunk.count;
  window.lastAnswerUs = now;
  const bytes = chunk.count * options.messageBytes;
  window.bytes.set(outcome.nodeId, (window.bytes.get(outcome.nodeId) ?? 0) + bytes);
}

function figures(kind: ProducerFigures['kind']): ProducerFigures {
  const { startUs, sent, acknowledged, errors, late, held } = window;
  const elapsedUs = nowUs() - startUs;
  const cpu = process.threadCpuUsage(window.cpu);
  return {
    kind,
    elapsedS: elapsedUs / 1e6,
    sent,
    acknowledged,
    acknowledgedBytes: acknowledged * options.messageBytes,
    errors,
    ...(window.firstError ? { firstError: window.firstError } : {}),
    lastAnswerS: Math.max(0, window.lastAnswerUs - startUs) / 1e6,
    from: window.from,
    to: sequence,
    late,
    worstLateMs: window.worstLateUs / 1000,
    cpuShare: (cpu.user + cpu.system) / elapsedUs,
    busyShare: performance.eventLoopUtilization(window.loop).utilization,
    unanswered: sent - acknowledged - errors,
    held,
    perBroker: perBroker(),
    histogram: encodeIntoCompressedBase64(histogram),
  };
}

function perBroker(): ProducerFigures['perBroker'] {
  const ids = new Set([...links.brokerIds(), ...window.bytes.keys()]);
  return [...ids]
    .sort((a, b) => a - b)
    .map((brokerId) => ({
      brokerId,
      bytes: window.bytes.get(brokerId) ?? 0,
      leaders: links.leaders().filter((leader) => leader === brokerId).length,
    }));
}

/** Starts a window: the records of earlier ones stay out of its figures. */
function start(message: ToProducer & { kind: 'rate' }): void {
  histogram.reset();
  window = newWindow();
  if (message.measured) measureFrom[0] = sequence;
  schedule = createSchedule({
    startUs: window.startUs,
    recordsPerS: message.recordsPerS,
    count: Math.min(message.records, recordsMax - sequence),
    first: sequence,
  });
}

/** Stops sending and waits for the answers still out, at most so long. */
async function drain(withinMs: number): Promise<void> {
  schedule = undefined;
  const end = Date.now() + withinMs;
  while (unanswered > 0 && Date.now() < end) await new Promise((r) => setTimeout(r, 10));
  port?.postMessage(figures('drained'));
}

port.on('message', (message: ToProducer) => {
  if (message.kind === 'figures') port.postMessage(figures('figures'));
  else if (message.kind === 'drain') void drain(message.withinMs);
  else start(message);
});
port.postMessage(await open(links));
setInterval(tick, tickMs);

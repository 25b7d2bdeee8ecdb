/**
 * The load generator: one thread sends on an open-loop schedule, one reads everything back; this
 * module directs them. `max` searches the highest rate that Kafka keeps up with, then measures a
 * tenth below it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openKafkaAdmin } from '../kafka/admin.ts';
import type { LoadRun, RunLoad } from './load.ts';
import { runMark } from './record.ts';
import { cpuShareMax, lateShareMax, reportOf } from './report.ts';
import {
  newBitmap,
  type ProducerFigures,
  type ReaderFigures,
  type ThreadOptions,
  type ToProducer,
  type ToReader,
} from './threads.ts';

const acks = { all: -1, leader: 1, none: 0 } as const;
const readyWithinMs = 60_000;
const drainWithinMs = 30_000;
const readWithinMs = 60_000;

/** Measures; see RunLoad. Both threads are ended whatever happens. */
export const runLoad: RunLoad = async (run) => {
  const options = threadOptions(run);
  const producer = new Worker(new URL('./producer-thread.ts', import.meta.url), {
    workerData: options,
  });
  const reader = new Worker(new URL('./reader-thread.ts', import.meta.url), {
    workerData: options,
  });
  const broken = failureOf([producer, reader], run.signal);
  try {
    return await Promise.race([broken, measure(run, options, { producer, reader })]);
  } finally {
    await Promise.all([producer.terminate(), reader.terminate()]);
  }
};

function threadOptions({ access, topic, runId, load }: LoadRun): ThreadOptions {
  return {
    access,
    topic,
    mark: runMark(runId),
    messageBytes: load.messageBytes,
    partitions: load.partitions,
    acks: acks[load.acks],
    acknowledged: newBitmap(),
    received: newBitmap(),
  };
}

interface Threads {
  producer: Worker;
  reader: Worker;
}

/** Rejects when a thread dies or the run is aborted; never resolves. */
function failureOf(threads: Worker[], signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    for (const thread of threads) thread.once('error', reject);
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function measure(run: LoadRun, options: ThreadOptions, threads: Threads) {
  const { load } = run;
  run.onProgress({ elapsedS: 0, text: 'joining the topic' });
  await answer<ReaderFigures>(threads.reader, 'ready', readyWithinMs);
  const { targetRecordsPerS, searchLimit } = await warmUp(run, threads.producer);
  tell(threads.producer, { kind: 'rate', recordsPerS: targetRecordsPerS });
  const start = await figures(threads.producer);
  tell(threads.reader, { kind: 'measure', from: start.from });
  await during(load.durationS, 'measuring', run, threads.producer);
  const producer = await ask<ProducerFigures>(
    threads.producer,
    { kind: 'drain', withinMs: drainWithinMs },
    'drained',
  );
  run.onProgress({ elapsedS: load.durationS, text: 'reading back every record' });
  const reader = await ask<ReaderFigures>(
    threads.reader,
    { kind: 'finish', to: producer.to, withinMs: readWithinMs },
    'finished',
  );
  return reportOf({
    load,
    targetRecordsPerS,
    ...(searchLimit ? { searchLimit } : {}),
    // Answers may come after the window's end; the rate is over the time in which it was sent.
    producer: { ...producer, elapsedS: load.durationS },
    reader,
    acknowledged: new Uint8Array(options.acknowledged),
    received: new Uint8Array(options.received),
    leaders: await leadersOf(run),
  });
}

interface Rate {
  targetRecordsPerS: number;
  searchLimit?: 'kafka' | 'generator';
}

/** Runs at the target rate for the warm-up, or searches the rate first. */
async function warmUp(run: LoadRun, producer: Worker): Promise<Rate> {
  const rate: Rate =
    run.load.rate === 'max'
      ? await searchMaximum(run, producer)
      : { targetRecordsPerS: fixedRate(run.load) };
  tell(producer, { kind: 'rate', recordsPerS: rate.targetRecordsPerS });
  await during(run.load.warmupS, 'warming up', run, producer);
  return rate;
}

const unitBytes: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

/** The spec's rules have checked the text; see domain/load/rate.ts for its grammar. */
function fixedRate({ rate, messageBytes }: LoadRun['load']): number {
  const [, amount = '0', unit = 'msg'] = /^([\d.]+)(\w+)\/s$/.exec(rate) ?? [];
  return unit === 'msg' ? Number(amount) : (Number(amount) * (unitBytes[unit] ?? 1)) / messageBytes;
}

const searchFrom = 1_000;
const searchStepS = 2;
const bisections = 3;
const margin = 0.9;

/** Doubles the rate until Kafka (or the generator) falls behind, then halves the gap. */
async function searchMaximum(run: LoadRun, producer: Worker): Promise<Rate> {
  let low = 0;
  let high = searchFrom;
  let tried = await attempt(run, producer, high);
  while (tried === 'kept up') {
    low = high;
    high *= 2;
    tried = await attempt(run, producer, high);
  }
  let searchLimit = tried;
  for (let i = 0; i < bisections && low > 0; i++) {
    const middle = (low + high) / 2;
    const result = await attempt(run, producer, middle);
    if (result === 'kept up') low = middle;
    else [high, searchLimit] = [middle, result];
  }
  const found = low > 0 ? low : searchFrom / 2;
  return { targetRecordsPerS: Math.max(1, found * margin), searchLimit };
}

/** One step of the search: was the rate kept, and if not, who fell behind? */
async function attempt(
  run: LoadRun,
  producer: Worker,
  recordsPerS: number,
): Promise<'kept up' | 'kafka' | 'generator'> {
  tell(producer, { kind: 'rate', recordsPerS });
  await during(searchStepS, `searching: ${Math.round(recordsPerS)} records/s`, run, producer);
  const f = await figures(producer);
  const kept = !f.held && f.errors === 0 && f.acknowledged / f.elapsedS >= 0.9 * recordsPerS;
  if (kept) return 'kept up';
  const busy = f.cpuShare > cpuShareMax || f.late > lateShareMax * f.sent;
  return busy ? 'generator' : 'kafka';
}

/** Waits, telling progress about once a second. */
async function during(
  seconds: number,
  what: string,
  run: LoadRun,
  producer: Worker,
): Promise<void> {
  for (let elapsed = 0; elapsed < seconds; elapsed++) {
    await sleep(Math.min(1, seconds - elapsed) * 1000, undefined, { signal: run.signal });
    const f = await figures(producer);
    const rate = Math.round(f.acknowledged / f.elapsedS);
    const errors = f.errors > 0 ? `, ${f.errors} errors (${f.firstError})` : '';
    run.onProgress({
      elapsedS: elapsed + 1,
      text: `${what}: ${elapsed + 1}/${seconds} s, ${rate} records/s${errors}`,
    });
  }
}

const tell = (thread: Worker, message: ToProducer | ToReader): void => thread.postMessage(message);

const figures = (producer: Worker): Promise<ProducerFigures> =>
  ask<ProducerFigures>(producer, { kind: 'figures' }, 'figures');

function ask<T extends { kind: string }>(
  thread: Worker,
  message: ToProducer | ToReader,
  kind: T['kind'],
): Promise<T> {
  const answered = answer<T>(thread, kind, drainWithinMs + readWithinMs);
  tell(thread, message);
  return answered;
}

/** The thread's next message of that kind. */
function answer<T extends { kind: string }>(
  thread: Worker,
  kind: T['kind'],
  withinMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      thread.off('message', onMessage);
      reject(new Error(`the load generator's thread did not say \`${kind}\` in ${withinMs} ms`));
    }, withinMs);
    const onMessage = (message: T) => {
      if (message.kind !== kind) return;
      clearTimeout(timer);
      thread.off('message', onMessage);
      resolve(message);
    };
    thread.on('message', onMessage);
  });
}

async function leadersOf({ access, topic }: LoadRun): Promise<number[]> {
  const admin = await openKafkaAdmin(access);
  try {
    const [view] = await admin.topics([topic]);
    return (view?.partitions ?? []).map((p) => p.leader);
  } finally {
    await admin.close();
  }
}

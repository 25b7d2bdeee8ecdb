/**
 * The load generator: one thread sends on an open-loop schedule, one reads everything back; this
 * module directs them. `max` searches the highest rate that Kafka keeps up with, then measures a
 * tenth below it. It measures; it never judges.
 */
import type { GeneratorHealth } from '../../contracts/load.ts';
import { newBitmap } from './bits.ts';
import { type Course, drain, during } from './course.ts';
import type { LoadRun, RunLoad } from './load.ts';
import { runMark } from './record.ts';
import { reportOf } from './report.ts';
import { searchMaximum } from './search.ts';
import { startThread, type Thread } from './thread.ts';
import type {
  ProducerFigures,
  ReaderFigures,
  ThreadOptions,
  ToProducer,
  ToReader,
} from './threads.ts';

const acks = { all: -1, leader: 1, none: 0 } as const;
const openWithinMs = 60_000;
const readBaseMs = 60_000;
/** Reading everything back may take this often the time it took to write it. */
const readFactor = 2;

/** See RunLoad. Both threads are ended whatever happens; not before do all waits end. */
export const runLoad: RunLoad = async (run) => {
  run.signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = () => stop.abort(run.signal.reason);
  run.signal.addEventListener('abort', onAbort, { once: true });
  const options = threadOptions(run);
  const producer = startThread<ToProducer, ProducerFigures>('./producer-thread.ts', options, stop);
  const reader = startThread<ToReader, ReaderFigures>('./reader-thread.ts', options, stop);
  try {
    return await measure({ run, producer, signal: stop.signal }, reader, options);
  } finally {
    run.signal.removeEventListener('abort', onAbort);
    await Promise.all([producer.end(), reader.end()]);
  }
};

function threadOptions({ access, topic, recordMark, load }: LoadRun): ThreadOptions {
  return {
    access,
    topic,
    mark: runMark(recordMark),
    messageBytes: load.messageBytes,
    partitions: load.partitions,
    acks: acks[load.acks],
    acknowledged: newBitmap(),
    received: newBitmap(),
    measureFrom: new SharedArrayBuffer(8),
  };
}

async function measure(
  course: Course,
  reader: Thread<ToReader, ReaderFigures>,
  options: ThreadOptions,
) {
  const { run, producer } = course;
  const { load } = run;
  new Float64Array(options.measureFrom)[0] = Number.POSITIVE_INFINITY;
  const begun = performance.now();
  run.onProgress({ elapsedS: 0, text: 'connecting' });
  await Promise.all([producer.opened(openWithinMs), reader.opened(openWithinMs)]);
  const { recordsPerS, search } = await rateOf(course);
  await warmUp(course, recordsPerS);
  const records = Math.ceil(recordsPerS * load.durationS);
  producer.tell({ kind: 'rate', recordsPerS, records, measured: true });
  await during(course, load.durationS, 'measuring');
  const sent = await drain(producer);
  run.onProgress({ elapsedS: load.durationS, text: 'reading back every record' });
  const withinMs = readBaseMs + readFactor * (performance.now() - begun);
  reader.tell({ kind: 'finish', from: sent.from, to: sent.to, withinMs });
  const read = await reader.answer('finished', withinMs + readBaseMs);
  return reportOf({
    load,
    recordsPerS,
    ...(search ? { search } : {}),
    producer: sent,
    reader: read,
    acknowledged: new Uint8Array(options.acknowledged),
    received: new Uint8Array(options.received),
  });
}

async function rateOf(
  course: Course,
): Promise<{ recordsPerS: number; search?: NonNullable<GeneratorHealth['search']> }> {
  const { recordsPerS } = course.run;
  return recordsPerS === 'max' ? searchMaximum(course) : { recordsPerS };
}

/** Sends a little longer than the warm-up, so that no pause lies before the measured window. */
async function warmUp(course: Course, recordsPerS: number): Promise<void> {
  const { warmupS } = course.run.load;
  if (warmupS <= 0) return;
  const records = Math.ceil(recordsPerS * (warmupS + 5));
  course.producer.tell({ kind: 'rate', recordsPerS, records, measured: false });
  await during(course, warmupS, 'warming up');
}

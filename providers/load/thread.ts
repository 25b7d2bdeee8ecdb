/**
 * A worker thread as its director sees it: questions, answers, and one stop for all. Whatever ends
 * the run (an abort, a thread's death) ends every wait at once; no timer or listener is left.
 */
import { Worker } from 'node:worker_threads';
import { KafkaError } from '../kafka/kafka.ts';
import type { Opening, ThreadOptions } from './threads.ts';

export interface Thread<Told, Answer extends { kind: string }> {
  tell(message: Told): void;
  /** The thread's next message of that kind. */
  answer(kind: Answer['kind'], withinMs: number): Promise<Answer>;
  /** Resolves when it can reach Kafka; rejects with KafkaError when it cannot. */
  opened(withinMs: number): Promise<void>;
  end(): Promise<unknown>;
}

/** Starts a thread; its death aborts `stop`. */
export function startThread<Told, Answer extends { kind: string }>(
  file: './producer-thread.ts' | './reader-thread.ts',
  workerData: ThreadOptions,
  stop: AbortController,
): Thread<Told, Answer> {
  const worker = new Worker(new URL(file, import.meta.url), { workerData });
  worker.once('error', (error) => stop.abort(error));
  worker.once('exit', () => stop.abort(new Error('a thread of the load generator ended')));

  const next = <T extends { kind: string }>(kinds: string[], withinMs: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const forget = () => {
        clearTimeout(timer);
        worker.off('message', onMessage);
        stop.signal.removeEventListener('abort', onStop);
      };
      const onMessage = (message: T) => {
        if (!kinds.includes(message.kind)) return;
        forget();
        resolve(message);
      };
      const onStop = () => {
        forget();
        reject(stop.signal.reason);
      };
      const timer = setTimeout(() => {
        forget();
        reject(new Error(`the load generator did not say \`${kinds[0]}\` in ${withinMs} ms`));
      }, withinMs);
      worker.on('message', onMessage);
      stop.signal.addEventListener('abort', onStop, { once: true });
      if (stop.signal.aborted) onStop();
    });

  return {
    tell: (message) => worker.postMessage(message),
    answer: (kind, withinMs) => next<Answer>([kind], withinMs),
    opened: async (withinMs) => {
      const opening = await next<Opening>(['ready', 'failed'], withinMs);
      if (opening.kind === 'failed') throw new KafkaError(opening.code, opening.message);
    },
    end: () => worker.terminate(),
  };
}

/** What the phases of a load run share: time passing, the producer's figures, and one stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadRun } from './load.ts';
import type { Thread } from './thread.ts';
import type { ProducerFigures, ToProducer } from './threads.ts';

const figuresWithinMs = 30_000;
const drainWithinMs = 35_000;

export interface Course {
  run: LoadRun;
  producer: Thread<ToProducer, ProducerFigures>;
  /** Aborted by the caller, or by a thread's death. */
  signal: AbortSignal;
}

/** Waits so many seconds, telling progress about once a second. */
export async function during(course: Course, seconds: number, what: string): Promise<void> {
  for (let elapsed = 0; elapsed < seconds; elapsed++) {
    await sleep(Math.min(1, seconds - elapsed) * 1000, undefined, { signal: course.signal }).catch(
      () => {
        throw course.signal.reason;
      },
    );
    const f = await figures(course.producer);
    const rate = Math.round(f.acknowledged / f.elapsedS);
    const errors = f.errors > 0 ? `, ${f.errors} errors (${f.firstError})` : '';
    course.run.onProgress({
      elapsedS: elapsed + 1,
      text: `${what}: ${elapsed + 1}/${seconds} s, ${rate} records/s${errors}`,
    });
  }
}

export function figures(producer: Course['producer']): Promise<ProducerFigures> {
  const answer = producer.answer('figures', figuresWithinMs);
  producer.tell({ kind: 'figures' });
  return answer;
}

/** Sending stops, and answers are waited for: at most a little longer than a request may take. */
export function drain(producer: Course['producer']): Promise<ProducerFigures> {
  const answer = producer.answer('drained', drainWithinMs + figuresWithinMs);
  producer.tell({ kind: 'drain', withinMs: drainWithinMs });
  return answer;
}

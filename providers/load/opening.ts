/**
 * How a load thread begins: it proves that it can reach every leader with its credentials. A user
 * made a moment ago may still be unknown to a broker, so a refusal counts only when it lasts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { failFrom } from '../kafka/errors.ts';
import { KafkaError } from '../kafka/kafka.ts';
import type { Links } from './links.ts';
import type { Opening } from './threads.ts';

const patienceMs = { unauthorized: 10_000, unavailable: 30_000, refused: 10_000 };
const pauseMs = 200;

/** Never rejects: a failure is an answer too. */
export async function open(links: Links): Promise<Opening> {
  const start = Date.now();
  for (;;) {
    try {
      await links.refresh();
      if (links.leaders().includes(-1)) throw new Error('a partition has no leader');
      await links.offsets(-1n);
      return { kind: 'ready' };
    } catch (error) {
      const failure = failFrom(error);
      const code = failure instanceof KafkaError ? failure.code : 'unavailable';
      const message = failure instanceof Error ? failure.message : String(failure);
      if (Date.now() - start > patienceMs[code]) return { kind: 'failed', code, message };
    }
    await sleep(pauseMs);
  }
}

/** Waiting until a change that Kafka has confirmed shows in what its brokers answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaError } from './kafka.ts';

/** Metadata lags behind by milliseconds; after this long something else is wrong. */
const patienceMs = 15_000;
const pauseMs = { first: 50, most: 500 };

/**
 * Asks until `missing` says nothing: each broker's metadata follows the controller in its own time.
 * Throws `unavailable` with its last answer when patience runs out.
 */
export async function untilShown(
  missing: () => Promise<string | undefined>,
  patience = patienceMs,
): Promise<void> {
  const end = Date.now() + patience;
  for (let pause = pauseMs.first; ; pause = Math.min(pause * 1.5, pauseMs.most)) {
    const what = await missing();
    if (what === undefined) return;
    if (Date.now() > end) {
      const message = `Kafka confirmed a change that does not show after ${patience / 1000} s: ${what}`;
      throw new KafkaError('unavailable', message);
    }
    await sleep(pause);
  }
}

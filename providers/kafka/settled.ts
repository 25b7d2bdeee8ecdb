/** Waiting until a change that Kafka has confirmed shows in what its brokers answer. */
import { KafkaError } from './kafka.ts';

/** How often metadata may lag behind a change that Kafka has confirmed. */
const lagTriesMax = 100;
const lagPauseMs = 100;

/** Asks until there is an answer: each broker's metadata follows the controller in its own time. */
export async function settled<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < lagTriesMax; tries++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, lagPauseMs));
  }
  throw new KafkaError('unavailable', 'the change does not show in Kafka’s metadata yet');
}

/**
 * What an operation does when a step needs Kafka and Kafka does not answer: machines that ended by
 * themselves are started again, in the open (an activity of its own, journalled, counted), and
 * Kafka is asked again. Nothing else starts machines behind a question to Kafka.
 */
import type { ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { typeOf } from '../operation/failure.ts';
import { cloud, kafka } from './activities.ts';

/** So often are machines started again for one step; then its failure stands. */
const revivalsMax = 3;
/** An outage of Kafka may last as long as one of any provider. */
const outageMsMax = 10 * 60_000;

/** Kafka's activities for steps: each call is one that `whileKafkaIsAway` looks after. */
export const kafkaSteps = new Proxy<object>(kafka, {
  get: (activities, name) => {
    const call: (input: { scope: StepScope }) => Promise<unknown> = Reflect.get(activities, name);
    return (input: { scope: StepScope }) => whileKafkaIsAway(input.scope, () => call(input));
  },
}) as ActivityInterfaceFor<Activities['kafka']>;

/**
 * Asks, and asks again while the answer is KafkaUnavailable: at most ten minutes, and no longer
 * when machines have been started three times in vain. `ask` must be safe to repeat; it takes some
 * seconds to find Kafka away, so nothing is slept here.
 */
async function whileKafkaIsAway<T>(scope: StepScope, ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + outageMsMax;
  let revivals = 0;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const hopeless = Date.now() > end || revivals >= revivalsMax;
      if (typeOf(error) !== 'KafkaUnavailable' || hopeless) throw error;
      const started = scope.revive === false ? [] : await cloud.reviveNodes({ scope });
      if (started.length > 0) revivals += 1;
    }
  }
}

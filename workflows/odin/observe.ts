/**
 * The snapshot that a plan is made from, read in pieces that fit into a payload: machines and
 * brokers first, then the topics that the spec names. Others are never carried.
 */
import type { ObservedCluster, ObservedTopic } from '../../contracts/observed.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { jsonLength, slicesOf } from '../../domain/lib/slices.ts';
import { kafka } from '../lib/activities.ts';

/** Names sent with one question. */
const namesBytesMax = 100_000;

/** Machines, brokers and the topics named; what Kafka does not tell is empty and unknown. */
export async function observe(
  scope: StepScope,
  topics: readonly string[],
): Promise<ObservedCluster> {
  const observed = await kafka.observeCluster({ scope });
  if (!observed.kafkaReachable) return observed;
  const found: ObservedTopic[] = [];
  for (const slice of slicesOf(topics, [{ of: jsonLength, most: namesBytesMax }])) {
    let names = slice;
    while (names.length > 0) {
      const answer = await kafka.observeTopics({ scope, names });
      found.push(...answer.topics);
      names = names.slice(answer.taken);
    }
  }
  return { ...observed, topics: found };
}

/** Only the machines: what a destruction needs, also when Kafka is gone. */
export const observeMachines = (scope: StepScope): Promise<ObservedCluster> =>
  kafka.observeCluster({ scope, kafka: false });

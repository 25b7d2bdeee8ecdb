/**
 * Proof that coordinators work, by raw requests: a client library would hide Kafka's reason behind
 * its own retries. What fails is tried again until the deadline, and then told in Kafka's words.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { failFrom, protocolErrorOf } from '../kafka/errors.ts';
import { KafkaError } from '../kafka/kafka.ts';
import { proveGroup } from './group-proof.ts';
import type { CoordinationProblem, CoordinationRun, ProveCoordination } from './load.ts';
import { poolOf } from './pool.ts';
import { proveTransactions } from './transaction-proof.ts';

const requestTimeoutMs = 10_000;
const pauseMs = 300;
/** Rights and users made a moment ago may still be unknown to a broker. */
const refusedPatienceMs = 10_000;

/** See ProveCoordination. */
export const proveCoordination: ProveCoordination = async (run) => {
  const pool = poolOf(run.access, requestTimeoutMs);
  try {
    return (
      (await proved(run, 'no consumer group can work', () => proveGroup(pool, run))) ??
      (await proved(run, 'no transaction can work', () => proveTransactions(pool, run)))
    );
  } finally {
    await pool.close();
  }
};

/** Tries until it holds or the deadline is over; the last reason is the problem. */
async function proved(
  { deadlineMs, signal }: CoordinationRun,
  what: string,
  proof: () => Promise<void>,
): Promise<CoordinationProblem | undefined> {
  const begun = Date.now();
  for (;;) {
    signal.throwIfAborted();
    try {
      await proof();
      return undefined;
    } catch (error) {
      const name = protocolErrorOf(error);
      const failure = failFrom(error);
      const refused = failure instanceof KafkaError && failure.code === 'refused';
      const patienceMs = refused ? Math.min(refusedPatienceMs, deadlineMs) : deadlineMs;
      if (Date.now() - begun > patienceMs) {
        const reason = failure instanceof Error ? failure.message : String(failure);
        const problem = `${what}: ${reason} (asked for ${patienceMs / 1000} s)`;
        return { problem, answered: name !== undefined };
      }
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

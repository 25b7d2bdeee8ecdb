/**
 * Connections for raw requests of @platformatic/kafka. Its own Admin hides the answers of a request
 * that failed in part, and with them what Kafka said; here an answer is always an answer.
 */
import { type Broker, type Connection, ConnectionPool } from '@platformatic/kafka';
import { asked } from './errors.ts';
import type { KafkaAccess } from './kafka.ts';

/** A change of hundreds of topics takes Kafka seconds, not the moment that a question may take. */
const changeTimeoutMs = 30_000;
/** What Kafka is given to finish a change; less than we wait, so that its own answer arrives. */
export const serverTimeoutMs = 25_000;
const connectTimeoutMs = 3_000;

type Work<T> = (connection: Connection) => Promise<T>;

export interface Wire {
  /** Asks any broker that can be reached. */
  ask<T>(work: Work<T>): Promise<T>;
  /**
   * The same for changes, which may take longer. Brokers pass them on to the controller. `subject`
   * says in errors what the change was about.
   */
  change<T>(work: Work<T>, subject?: string): Promise<T>;
  /** A change that only this broker accepts. */
  changeAt<T>(broker: Broker, work: Work<T>): Promise<T>;
  close(): Promise<void>;
}

/** Connects when first asked. */
export function createWire(access: KafkaAccess, timeoutMs: number): Wire {
  const brokers = access.brokers.map(toBroker);
  const pools = {
    questions: poolOf(access, timeoutMs),
    changes: poolOf(access, Math.max(timeoutMs, changeTimeoutMs)),
  };
  return {
    ask: (work) => asked(async () => work(await anyOf(pools.questions, brokers))),
    change: (work, subject) =>
      asked(async () => work(await anyOf(pools.changes, brokers)), subject),
    changeAt: (broker, work) => asked(async () => work(await pools.changes.get(broker))),
    close: async () => {
      await Promise.allSettled([pools.questions.close(), pools.changes.close()]);
    },
  };
}

/** So many are tried at once; clusters of hundreds need not be greeted by all of them. */
const abreast = 3;

/**
 * The connection to whoever is ready first. One after another would not do: a broker that stands
 * still takes the connection and says nothing, and every call would wait for it to time out.
 */
export async function anyOf(pool: ConnectionPool, brokers: Broker[]): Promise<Connection> {
  const errors: unknown[] = [];
  for (let i = 0; i < brokers.length; i += abreast) {
    try {
      return await Promise.any(brokers.slice(i, i + abreast).map((broker) => pool.get(broker)));
    } catch (error) {
      errors.push(...(error as AggregateError).errors);
    }
  }
  throw new AggregateError(errors, 'no broker can be reached');
}

function poolOf(access: KafkaAccess, timeoutMs: number): ConnectionPool {
  const { username, password } = access;
  return new ConnectionPool('asgard', {
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    connectTimeout: Math.min(timeoutMs, connectTimeoutMs),
    requestTimeout: timeoutMs,
  });
}

function toBroker(address: string): Broker {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

/**
 * The answer itself, also when some of its items are errors: the client throws then and hides it in
 * the error. Anything else is thrown on.
 */
export async function answerOf<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { response } = error as { response?: T };
    if (response === undefined) throw error;
    return response;
  }
}

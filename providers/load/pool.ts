/** Connections for raw requests, and their answers. No request is ever repeated here. */
import { type Broker, type Connection, ConnectionPool } from '@platformatic/kafka';
import type { KafkaAccess } from '../kafka/kafka.ts';

const connectTimeoutMs = 3_000;

/** Connections as this user; each request is given up after so many ms, connecting after 3 s. */
export function poolOf(access: KafkaAccess, requestTimeout: number): ConnectionPool {
  const { username, password } = access;
  const pool = new ConnectionPool('asgard-load', {
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    connectTimeout: connectTimeoutMs,
    requestTimeout,
  });
  // A reset in the middle of SASL is told twice; callers hear it by their promise, and a second
  // `error` without a listener would end the thread.
  pool.on('connecting', ({ connection }: { connection: Connection }) => {
    connection.on('error', () => undefined);
  });
  return pool;
}

/** Host and port of `host:port`; the host may be an IPv6 address. */
export function brokerAt(address: string): Broker {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

/**
 * The client throws when any part of an answer holds an error code; the answer itself hangs on the
 * error. Rethrows when there was no answer.
 */
export function responseOf<T>(error: unknown): T {
  const { response } = error as { response?: T };
  if (response === undefined) throw error;
  return response;
}

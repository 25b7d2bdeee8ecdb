/**
 * Errors of both clients as KafkaError: may it be repeated, is it Kafka's no, or the credentials?
 */
import { KafkaError } from './kafka.ts';

interface ClientError {
  name?: string;
  /** kafkajs: the protocol's error name. */
  type?: string;
  code?: string | number;
  apiId?: string;
  message?: string;
  cause?: unknown;
  errors?: unknown[];
  originalError?: unknown;
  canRetry?: boolean;
  retriable?: boolean;
}

/** Kafka's own refusals: repeating the same request cannot help. */
const refusals = [
  'INVALID_',
  'POLICY_VIOLATION',
  'UNSUPPORTED_',
  'TOPIC_ALREADY_EXISTS',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
];

/** The chain of an error and its causes, the innermost last. */
function chain(error: unknown, depth = 0): ClientError[] {
  if (!error || depth > 6) return [];
  const { cause, originalError, errors } = error as ClientError;
  const inner = cause ?? originalError ?? errors?.[0];
  return [error as ClientError, ...chain(inner, depth + 1)];
}

/** The protocol's error name (`TOPIC_ALREADY_EXISTS`), when Kafka itself answered. */
export function protocolErrorOf(error: unknown): string | undefined {
  return chain(error)
    .map((e) => e.apiId ?? e.type)
    .find((name) => name && /^[A-Z][A-Z_]+$/.test(name) && name !== 'UNKNOWN');
}

/** Translates; an error that is a KafkaError already passes as it is. */
export function failFrom(error: unknown): unknown {
  if (error instanceof KafkaError) return error;
  const all = chain(error);
  const text = [...new Set(all.map((e) => e.message).filter(Boolean))].join(': ');
  const authentication = all.some(
    (e) => /SASLAuthentication/.test(e.name ?? '') || e.code === 'PLT_KFK_AUTHENTICATION',
  );
  if (authentication) return new KafkaError('unauthorized', text, { cause: error });
  const name = protocolErrorOf(error);
  const refused = name !== undefined && refusals.some((prefix) => name.startsWith(prefix));
  return new KafkaError(refused ? 'refused' : 'unavailable', name ? `${name}: ${text}` : text, {
    cause: error,
  });
}

/** Runs a client call and translates what it throws. */
export async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failFrom(error);
  }
}

/**
 * Errors of both clients as KafkaError: may it be repeated, is it Kafka's no, or the credentials?
 * A refusal says what Kafka said: its own sentence, not the client's translation of a number.
 */

import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka';
import { fewOf } from '../../contracts/text.ts';
import { KafkaError } from './kafka.ts';

interface ClientError {
  name?: string;
  /** kafkajs: the protocol's error name. */
  type?: string;
  code?: string | number;
  /** @platformatic/kafka: the protocol's error name. */
  apiId?: string;
  message?: string;
  /** @platformatic/kafka: what Kafka said, when it said more than a number. */
  serverErrorMessage?: string | null;
  cause?: unknown;
  errors?: unknown[];
  originalError?: unknown;
  canRetry?: boolean;
  retriable?: boolean;
}

/** Not retriable by the protocol's table, and yet another answer may come later. */
const passing = [
  'UNKNOWN_SERVER_ERROR',
  'BROKER_NOT_AVAILABLE',
  'STALE_BROKER_EPOCH',
  'STALE_CONTROLLER_EPOCH',
  'OPERATION_NOT_ATTEMPTED',
];
/** Retriable by the table, but the controller knows for certain what exists. */
const certain = ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'];

/** An error and everything it wraps, the outermost first. */
function tree(error: unknown, depth = 0): ClientError[] {
  if (!error || typeof error !== 'object' || depth > 6) return [];
  const { cause, originalError, errors } = error as ClientError;
  const inner = [cause, originalError, ...(errors ?? [])];
  return [error as ClientError, ...inner.flatMap((e) => tree(e, depth + 1))];
}

const protocolName = ({ apiId, type }: ClientError): string | undefined => {
  const name = apiId ?? type;
  return name && name !== 'UNKNOWN' && /^[A-Z][A-Z_]+$/.test(name) ? name : undefined;
};

/** The protocol's error name (`TOPIC_ALREADY_EXISTS`), when Kafka itself answered. */
export const protocolErrorOf = (error: unknown): string | undefined =>
  tree(error).map(protocolName).find(Boolean);

/**
 * Translates; an error that is a KafkaError already passes as it is. `subject` says what the call
 * was about, since Kafka's sentence often does not.
 */
export function failFrom(error: unknown, subject?: string): unknown {
  if (error instanceof KafkaError) return error;
  const all = tree(error);
  const about = (text: string) => (subject ? `${subject}: ${text}` : text);
  const authentication = all.some(
    (e) => /SASLAuthentication/.test(e.name ?? '') || e.code === 'PLT_KFK_AUTHENTICATION',
  );
  const texts = (said: ClientError[]) => [...new Set(said.map((e) => e.message).filter(Boolean))];
  if (authentication) {
    return new KafkaError('unauthorized', texts(all).join(': '), { cause: error });
  }
  const answers = all.filter(protocolName);
  if (answers.length === 0) {
    return new KafkaError('unavailable', about(texts(all).join(': ')), { cause: error });
  }
  const refused = answers.some((e) => isFinal(protocolName(e) ?? '', e.canRetry ?? e.retriable));
  const said = [...new Set(answers.map((e) => `${protocolName(e)}: ${sentenceOf(e)}`))];
  return new KafkaError(refused ? 'refused' : 'unavailable', about(fewOf(said)), { cause: error });
}

const sentenceOf = ({ serverErrorMessage, message }: ClientError): string =>
  serverErrorMessage || message || 'no reason given';

const isFinal = (name: string, retriable: boolean | undefined): boolean =>
  !retriable && !passing.includes(name);

/** What Kafka answered for one thing among those asked for. */
export interface Item {
  /** What it is about, such as ``topic `orders` ``. */
  subject: string;
  errorCode: number;
  errorMessage?: string | null;
}

/** One error for the failed items of a request: each by name, in Kafka's words, the first few. */
export function refusal(items: Item[]): KafkaError {
  const named = items.map(({ subject, errorCode, errorMessage }) => {
    const name = nameOf(errorCode);
    const known = protocolErrors[name as keyof typeof protocolErrors];
    const sentence = errorMessage || known?.message || 'no reason given';
    const final = certain.includes(name) || isFinal(name, known?.canRetry);
    return { final, text: `${subject}: ${name}: ${sentence}` };
  });
  const refused = named.filter((item) => item.final);
  const told = fewOf(
    (refused.length > 0 ? refused : named).map((item) => item.text),
    3,
  );
  return new KafkaError(refused.length > 0 ? 'refused' : 'unavailable', told);
}

/** The protocol's name of an error code; a code of a later Kafka by its number. */
export const nameOf = (errorCode: number): string =>
  (protocolErrorsCodesById as Record<number, string>)[errorCode] ?? `error ${errorCode}`;

/** Runs a client call and translates what it throws. */
export async function asked<T>(work: () => Promise<T>, subject?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failFrom(error, subject);
  }
}

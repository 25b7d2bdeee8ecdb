/**
 * KafkaAdmin over two clients: kafkajs for topics and offsets, @platformatic/kafka for what kafkajs
 * lacks. Neither client's types leave this folder, so either can be replaced.
 */
import { Kafka, logLevel } from 'kafkajs';
import { failFrom } from './errors.ts';
import { KafkaError, type OpenKafkaAdmin } from './kafka.ts';
import { mendTimer } from './kafkajs-timer.ts';
import { createModernAdmin } from './modern-admin.ts';
import { createTopicAdmin } from './topic-admin.ts';

const defaultTimeoutMs = 10_000;

/** Opens both clients; the first call proves that a broker answers and the credentials hold. */
export const openKafkaAdmin: OpenKafkaAdmin = async (access, options = {}) => {
  mendTimer();
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const kafka = new Kafka({
    clientId: 'asgard',
    brokers: access.brokers,
    sasl: { mechanism: 'scram-sha-512', username: access.username, password: access.password },
    ssl: false,
    connectionTimeout: Math.min(timeoutMs, 3_000),
    authenticationTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    // Waiting is the activities' business; a client that retries for minutes hides an outage.
    retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  const modern = createModernAdmin(access, timeoutMs);
  const close = async (): Promise<void> => {
    await Promise.allSettled([admin.disconnect(), modern.close()]);
  };
  try {
    await withDeadline(admin.connect(), timeoutMs, options.signal);
  } catch (error) {
    await close();
    throw failFrom(error);
  }
  return { ...createTopicAdmin(admin), ...modern, close };
};

/**
 * Rejects when `work` takes longer than `timeoutMs` or the signal fires; the work itself goes on.
 */
async function withDeadline<T>(
  work: Promise<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = signal ? AbortSignal.any([deadline, signal]) : deadline;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () =>
      reject(
        signal?.aborted
          ? signal.reason
          : new KafkaError('unavailable', `Kafka did not answer within ${timeoutMs} ms`),
      );
    stop.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', onAbort));
  });
}

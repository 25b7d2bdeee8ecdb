/**
 * KafkaAdmin over two clients: kafkajs for offsets, @platformatic/kafka for the rest, since kafkajs
 * hides what Kafka says (docs/decisions/0003). Neither client's types leave this folder, so either
 * can be replaced.
 */
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { asked, failFrom } from './errors.ts';
import { type KafkaAdmin, KafkaError, type OpenKafkaAdmin } from './kafka.ts';
import { mendTimer } from './kafkajs-timer.ts';
import { createPlatformaticAdmin } from './platformatic-admin.ts';

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
  const rest = createPlatformaticAdmin(access, timeoutMs);
  const close = async (): Promise<void> => {
    await Promise.allSettled([admin.disconnect(), rest.close()]);
  };
  try {
    await withDeadline(admin.connect(), timeoutMs);
  } catch (error) {
    await close();
    throw failFrom(error);
  }
  return { ...rest, offsets: (topic) => offsetsOf(admin, topic), close };
};

const offsetsOf = (admin: Admin, topic: string): ReturnType<KafkaAdmin['offsets']> =>
  asked(async () => {
    const found = await admin.fetchTopicOffsets(topic);
    return found.map(({ partition, low, high }) => ({
      partition,
      low: BigInt(low),
      high: BigInt(high),
    }));
  }, `topic ${topic}`);

/** Rejects when `work` takes longer than `timeoutMs`; the work itself goes on. */
async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `Kafka did not answer within ${timeoutMs} ms`;
    timer = setTimeout(() => reject(new KafkaError('unavailable', message)), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * The configuration that will hold, as numbers: what a spec sets, else what Asgard sets, else
 * Kafka's default; and what topics inherit from it. Only for maps whose single values are right.
 * Pure.
 */
import { topicSynonyms } from '../../contracts/kafka-keys.ts';
import { keyOf, listOf, normalValue, wholeNumber } from '../../contracts/kafka-values.ts';

type Config = Readonly<Record<string, string>>;

const own = (config: Config, key: string): string | undefined =>
  Object.hasOwn(config, key) ? config[key] : undefined;

/** One level of configuration, read by type. */
export interface Effective {
  text(key: string): string | undefined;
  /** 0 for a key without a value. */
  whole(key: string): bigint;
  /** Undefined for a key without a value. */
  maybe(key: string): bigint | undefined;
  flag(key: string): boolean;
  list(key: string): string[];
}

function effective(text: (key: string) => string | undefined): Effective {
  const maybe = (key: string) => {
    const value = text(key);
    return value === undefined ? undefined : wholeNumber('long', value);
  };
  return {
    text,
    maybe,
    whole: (key) => maybe(key) ?? 0n,
    flag: (key) => normalValue({ type: 'boolean' }, text(key) ?? '') === 'true',
    list: (key) => listOf(text(key) ?? ''),
  };
}

/** What a broker runs with: `configs` from strongest to weakest, then Kafka's defaults. */
export const brokerValues = (...configs: Config[]): Effective =>
  effective((key) => {
    for (const config of configs) {
      const value = own(config, key);
      if (value !== undefined) return value;
    }
    return keyOf('broker', key)?.default;
  });

const minuteMs = 60_000n;
const hourMs = 60n * minuteMs;

/** Settings that Kafka computes from a family of keys, in milliseconds; -1: no limit. */
export function familiesOf(broker: Effective) {
  const minutes = broker.maybe('log.retention.minutes');
  const retention =
    broker.maybe('log.retention.ms') ??
    (minutes === undefined ? broker.whole('log.retention.hours') * hourMs : minutes * minuteMs);
  return {
    retentionMs: retention < 0n ? -1n : retention,
    rollMs: broker.maybe('log.roll.ms') ?? broker.whole('log.roll.hours') * hourMs,
    jitterMs: broker.maybe('log.roll.jitter.ms') ?? broker.whole('log.roll.jitter.hours') * hourMs,
    flushMs:
      broker.maybe('log.flush.interval.ms') ?? broker.whole('log.flush.scheduler.interval.ms'),
  };
}

/** What a topic runs with: its own keys, then what the brokers give to all topics. */
export function topicValues(topic: Config, broker: Effective): Effective {
  const { retentionMs, rollMs, jitterMs, flushMs } = familiesOf(broker);
  const computed: Record<string, bigint> = {
    'retention.ms': retentionMs,
    'segment.ms': rollMs,
    'segment.jitter.ms': jitterMs,
    'flush.ms': flushMs,
  };
  return effective((key) => {
    const value = own(topic, key);
    if (value !== undefined) return value;
    if (Object.hasOwn(computed, key)) return String(computed[key]);
    const synonym = own(topicSynonyms, key);
    return (synonym && broker.text(synonym)) ?? keyOf('topic', key)?.default;
  });
}

/**
 * What keys of a broker's configuration must be to each other, as Kafka 4.3.1 checks it when a
 * broker boots (KafkaConfig, LogManager, RemoteLogManager) and when cluster-wide configuration is
 * altered (DynamicLogConfig). One table; config-relations.ts reads it. Pure data and predicates.
 */
import { keyOf, wholeNumber } from '../../contracts/kafka-values.ts';
import { type Effective, familiesOf } from './config-values.ts';

/** One demand: the keys it is about, whether it holds, and Kafka's sentence. */
export interface Demand {
  keys: string[];
  holds(c: Effective): boolean;
  sentence: string;
}

const atMost = (small: string, large: string): Demand => ({
  keys: [small, large],
  holds: (c) => c.whole(small) <= c.whole(large),
  sentence: `${small} must be less than or equal to ${large}`,
});
const less = (small: string, large: string): Demand => ({
  keys: [small, large],
  holds: (c) => c.whole(small) < c.whole(large),
  sentence: `${small} must be less than ${large}`,
});

/** `middle` between its own bounds, which must be in order themselves. */
const between = (low: string, middle: string, high: string): Demand[] => [
  atMost(low, high),
  atMost(low, middle),
  atMost(middle, high),
];

const groupDemands = ['consumer', 'share', 'streams'].flatMap((kind): Demand[] => {
  const key = (name: string) => `group.${kind}.${name}.ms`;
  const family = (name: string) => between(key(`min.${name}`), key(name), key(`max.${name}`));
  return [
    ...family('heartbeat.interval'),
    ...family('session.timeout'),
    ...family('assignment.interval'),
    less(key('heartbeat.interval'), key('session.timeout')),
  ];
});

const share = (name: string) => `group.share.${name}`;
const shareDemands: Demand[] = [
  atMost('group.streams.num.standby.replicas', 'group.streams.max.standby.replicas'),
  ...['delivery.count.limit', 'partition.max.record.locks', 'record.lock.duration.ms'].flatMap(
    (name) => [
      atMost(share(name), share(`max.${name}`)),
      atMost(share(`min.${name}`), share(name)),
    ],
  ),
  atMost(share('max.size'), share('max.share.sessions')),
  {
    keys: [share('assignors')],
    holds: (c) => c.list(share('assignors')).length === 1,
    sentence: `${share('assignors')} must contain exactly one assignor`,
  },
  {
    keys: ['group.coordinator.rebalance.protocols'],
    holds: (c) => c.list('group.coordinator.rebalance.protocols').includes('classic'),
    sentence: 'Disabling the `classic` protocol is not supported',
  },
];

const mebibyte = 1024n * 1024n;

const logDemands: Demand[] = [
  {
    keys: ['log.roll.ms', 'log.roll.hours'],
    holds: (c) => familiesOf(c).rollMs >= 1n,
    sentence: 'log.roll.ms must be greater than or equal to 1',
  },
  {
    keys: ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
    holds: (c) => familiesOf(c).jitterMs >= 0n,
    sentence: 'log.roll.jitter.ms must be greater than or equal to 0',
  },
  {
    keys: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
    holds: (c) => familiesOf(c).retentionMs !== 0n,
    sentence: 'log.retention must be unlimited (-1) or at least 1 ms',
  },
  {
    keys: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    holds: (c) => familiesOf(c).flushMs >= 0n,
    sentence: 'log.flush.interval.ms must be at least 0',
  },
  {
    keys: ['log.cleaner.dedupe.buffer.size', 'log.cleaner.threads'],
    holds: (c) => {
      const threads = c.whole('log.cleaner.threads');
      return threads > 0n && c.whole('log.cleaner.dedupe.buffer.size') / threads > mebibyte;
    },
    sentence: 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread',
  },
  atMost('log.cleaner.min.compaction.lag.ms', 'log.cleaner.max.compaction.lag.ms'),
  {
    keys: ['metadata.log.segment.ms'],
    holds: (c) => c.whole('metadata.log.segment.ms') >= 1n,
    sentence: 'metadata.log.segment.ms must be at least 1',
  },
];

/** Part of what is kept, so at most all of it; -2: as much as is kept, -1: without limit. */
export const isPart = (local: bigint, total: bigint): boolean =>
  total < 0n || local === -2n || (local !== -1n && local <= total);

const retentionDemands: Demand[] = [
  {
    keys: [
      'log.local.retention.ms',
      'log.retention.ms',
      'log.retention.minutes',
      'log.retention.hours',
    ],
    holds: (c) => isPart(c.whole('log.local.retention.ms'), familiesOf(c).retentionMs),
    sentence: 'log.local.retention.ms must not be more than log.retention',
  },
  {
    keys: ['log.local.retention.bytes', 'log.retention.bytes'],
    holds: (c) => isPart(c.whole('log.local.retention.bytes'), c.whole('log.retention.bytes')),
    sentence: 'log.local.retention.bytes must not be more than log.retention.bytes',
  },
];

const idle = 'connections.max.idle.ms';
const delay = 'connection.failed.authentication.delay.ms';
const perIp = 'max.connections.per.ip';
const overrides = 'max.connections.per.ip.overrides';

const networkDemands: Demand[] = [
  atMost('replica.fetch.wait.max.ms', 'replica.socket.timeout.ms'),
  atMost('replica.fetch.wait.max.ms', 'replica.lag.time.max.ms'),
  {
    keys: ['queued.max.request.bytes', 'socket.request.max.bytes'],
    holds: (c) => {
      const queued = c.whole('queued.max.request.bytes');
      return queued <= 0n || queued >= c.whole('socket.request.max.bytes');
    },
    sentence: 'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  },
  {
    keys: [overrides],
    holds: (c) => overridesOf(c.text(overrides) ?? '') !== undefined,
    sentence: `${overrides} must be a list of host:count`,
  },
  {
    keys: [perIp, overrides],
    holds: (c) => c.whole(perIp) !== 0n || overridesOf(c.text(overrides) ?? '')?.length !== 0,
    sentence: `${perIp} can be set to zero only if ${overrides} is set`,
  },
  {
    keys: [delay, idle],
    holds: (c) => c.whole(idle) < 0n || c.whole(delay) < c.whole(idle),
    sentence: `${delay} should always be less than ${idle}`,
  },
];

/** Hosts with a limit of their own; undefined for a text that Kafka cannot read. */
function overridesOf(text: string): string[] | undefined {
  const pairs = text === '' ? [] : text.split(/[ \t\n\v\f\r]*,[ \t\n\v\f\r]*/);
  while (pairs.at(-1) === '') pairs.pop(); // As Java's split does.
  const hosts = pairs.map((pair) => {
    const at = pair.lastIndexOf(':');
    const [host, count] = [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1)];
    const fits = /^[0-9a-zA-Z\-%._:]*$/.test(host) && wholeNumber('int', count) !== undefined;
    return at >= 0 && fits ? host : undefined;
  });
  return hosts.every((host) => host !== undefined) ? hosts : undefined;
}

/** Turns remote storage on. */
export const enabled = 'remote.log.storage.system.enable';
const remote = (name: string) => `remote.log.${name}`;
const listenerName = remote('metadata.manager.listener.name');

/** A class of Kafka's own jars, or one that comes by a class path. */
const loads = (c: Effective, manager: string): boolean => {
  const name = c.text(`${manager}.class.name`);
  if (name === undefined) return false;
  const known = keyOf('broker', `${manager}.class.name`)?.classes?.includes(name);
  return known === true || Boolean(c.text(`${manager}.class.path`));
};

const remoteDemands: Demand[] = [
  ...['storage.manager', 'metadata.manager'].map((name): Demand => {
    const manager = remote(name);
    return {
      keys: [`${manager}.class.name`, `${manager}.class.path`, enabled],
      holds: (c) => !c.flag(enabled) || loads(c, manager),
      sentence: `${enabled} needs a ${manager}.class.name that nodes can load`,
    };
  }),
  {
    keys: [listenerName, enabled],
    // The only listener of brokers, see activities/lib/boot-document.ts.
    holds: (c) => !c.flag(enabled) || (c.text(listenerName) ?? 'CLIENT').toUpperCase() === 'CLIENT',
    sentence: `${listenerName} must be a listener of the brokers, which is CLIENT`,
  },
];

export const brokerDemands: Demand[] = [
  ...groupDemands,
  ...shareDemands,
  ...logDemands,
  ...retentionDemands,
  ...networkDemands,
  ...remoteDemands,
];

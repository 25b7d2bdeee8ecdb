/**
 * Rules on the topics of a spec, after Kafka's own naming rules and the brokers and racks there.
 */
import type { NormalSpec, NormalTopic, TopicSpec, Violation } from '../../contracts/spec.ts';
import { checkTopicRelations } from './config-relations.ts';
import { brokerValues, type Effective } from './config-values.ts';
import { checkConfig } from './kafka-config.ts';
import { brokerCount } from './normalise.ts';
import { ownSettings } from './own-settings.ts';
import { quoted } from './quoted.ts';

const partitionsMax = 10_000;

/** Every violation of every topic; `written` are the same topics before defaults were filled in. */
export function checkTopics(spec: NormalSpec, written: readonly TopicSpec[]): Violation[] {
  const twins = new Map<string, string>();
  const brokers = brokersOf(spec);
  return spec.topics.flatMap((topic, i) => {
    const at = `topics[${i}]`;
    const key = metricName(topic.name);
    const twin = twins.get(key);
    if (twin === undefined) twins.set(key, topic.name);
    return [
      ...checkName(topic.name, `${at}.name`),
      ...(twin === undefined ? [] : [twinOf(topic.name, twin, `${at}.name`)]),
      ...(topic.state === 'present'
        ? checkPresent(brokers, { topic, written: written[i], at })
        : []),
    ];
  });
}

/** Kafka refuses two topics of one metric name: `a.b` and `a_b`. */
export const metricName = (topic: string): string => topic.replaceAll('.', '_');

interface Brokers {
  count: number;
  racks: number;
  /** What brokers give to topics; undefined while their own configuration is wrong. */
  values: Effective | undefined;
}

function brokersOf(spec: NormalSpec): Brokers {
  const count = brokerCount(spec);
  const { config } = spec.kafka;
  const right = count > 0 && checkConfig('', config, 'broker').length === 0;
  const values = right ? brokerValues(config, ownSettings(count)) : undefined;
  return { count, racks: brokerRacks(spec), values };
}

function checkName(name: string, field: string): Violation[] {
  const refuse = (message: string, remedy: string): Violation[] => [
    { field, rule: 'topic-name', message, remedy },
  ];
  if (!/^[a-zA-Z0-9._-]+$/.test(name) || name === '.' || name === '..') {
    return refuse(`${quoted(name)} is not a topic name`, 'use a–z, A–Z, 0–9, `.`, `_` and `-`');
  }
  if (name.startsWith('__') || name.startsWith('asgard-')) {
    return refuse(`\`${name}\` is reserved`, 'do not begin with `__` or `asgard-`');
  }
  return [];
}

const twinOf = (name: string, other: string, field: string): Violation =>
  name === other
    ? { field, rule: 'topic-unique', message: `\`${name}\` is there twice`, remedy: 'remove one' }
    : {
        field,
        rule: 'topic-unique',
        message: `\`${name}\` and \`${other}\` collide in metric names`,
        remedy: 'use either `.` or `_`',
      };

interface Present {
  topic: NormalTopic;
  written: TopicSpec | undefined;
  at: string;
}

function checkPresent(brokers: Brokers, { topic, written, at }: Present): Violation[] {
  const single = checkConfig(`${at}.config`, written?.config, 'topic');
  const found: Violation[] = [];
  for (const field of ['partitions', 'replicationFactor'] as const) {
    if (written?.[field] === undefined) {
      found.push({
        field: `${at}.${field}`,
        rule: 'required',
        message: 'is missing',
        remedy: 'add it',
      });
    }
  }
  const { partitions } = topic;
  if (written?.partitions !== undefined && (partitions < 1 || partitions > partitionsMax)) {
    const remedy = `use 1 to ${partitionsMax}`;
    const message = `${partitions} partitions`;
    found.push({ field: `${at}.partitions`, rule: 'partitions', message, remedy });
  }
  if (written?.replicationFactor !== undefined) found.push(...checkFactor(brokers, topic, at));
  if (single.length > 0 || !brokers.values) return [...found, ...single];
  return [...found, ...checkTopicRelations(`${at}.config`, topic.config, brokers.values)];
}

function checkFactor(brokers: Brokers, topic: NormalTopic, at: string): Violation[] {
  const { replicationFactor: factor } = topic;
  const { count, racks } = brokers;
  // Without a broker or a rack that is the fault to mend, not every topic.
  if (count === 0 || racks === 0) return [];
  const found: Violation[] = [];
  const add = (field: string, rule: string, message: string, remedy: string) =>
    found.push({ field: `${at}.${field}`, rule, message, remedy });
  if (factor < 1) add('replicationFactor', 'rf', `${factor} replicas`, 'use at least 1');
  if (factor > count) {
    const message = `${factor} replicas need ${factor} brokers, there are ${count}`;
    add('replicationFactor', 'rf-brokers', message, `use at most ${count}, or add brokers`);
  } else if (factor > racks) {
    const message = `${factor} replicas need ${factor} racks, there are ${racks}`;
    add('replicationFactor', 'rf-racks', message, `use at most ${racks}, or add racks`);
  }
  const explicit = topic.config['min.insync.replicas'];
  const minIsr = Number(explicit ?? brokers.values?.text('min.insync.replicas') ?? 1);
  if (factor >= 1 && minIsr > 1 && minIsr >= factor) {
    const field = explicit === undefined ? 'replicationFactor' : 'config["min.insync.replicas"]';
    const message = `min.insync.replicas ${minIsr} with ${factor} replicas allows no broker to stop`;
    const remedy = `use more than ${minIsr} replicas or a lower min.insync.replicas`;
    add(field, 'min-isr', message, remedy);
  }
  return found;
}

/** Racks that hold at least one broker. */
export function brokerRacks(spec: Pick<NormalSpec, 'nodes'>): number {
  const pools = spec.nodes.filter((n) => n.roles.includes('broker'));
  return new Set(pools.flatMap((n) => n.racks.slice(0, Math.max(0, n.count)))).size;
}

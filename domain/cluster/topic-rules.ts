/**
 * Rules on the topics of a spec, after Kafka's own naming rules and the brokers and racks there.
 */
import type { NormalSpec, NormalTopic, Violation } from '../../contracts/spec.ts';
import { checkConfig } from './kafka-config.ts';
import { brokerCount } from './normalise.ts';

const partitionsMax = 10_000;
/** Kafka: at most 249 characters, because names become directory names. */
const lengthMax = 249;

/** Every violation of every topic. */
export function checkTopics(spec: NormalSpec): Violation[] {
  const keys = spec.topics.map((t) => t.name.replaceAll('.', '_'));
  return spec.topics.flatMap((topic, i) => {
    const at = `topics[${i}]`;
    const twin = keys.indexOf(keys[i] ?? '');
    return [
      ...checkName(topic.name, `${at}.name`),
      ...(twin < i ? [twinOf(topic.name, spec.topics[twin]?.name ?? '', `${at}.name`)] : []),
      ...(topic.state === 'present' ? checkPresent(spec, topic, at) : []),
    ];
  });
}

function checkName(name: string, field: string): Violation[] {
  const refuse = (message: string, remedy: string): Violation[] => [
    { field, rule: 'topic-name', message, remedy },
  ];
  if (!/^[a-zA-Z0-9._-]+$/.test(name) || name === '.' || name === '..') {
    return refuse(`\`${name}\` is not a topic name`, 'use a–z, A–Z, 0–9, `.`, `_` and `-`');
  }
  if (name.length > lengthMax) {
    return refuse(`has ${name.length} characters`, `use at most ${lengthMax}`);
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

function checkPresent(spec: NormalSpec, topic: NormalTopic, at: string): Violation[] {
  const found: Violation[] = [];
  const add = (field: string, rule: string, message: string, remedy: string) =>
    found.push({ field: `${at}.${field}`, rule, message, remedy });
  const { partitions, replicationFactor: factor } = topic;
  if (partitions === 0 && factor === 0) {
    add('partitions', 'required', 'is missing', 'give partitions and replicationFactor');
    return found;
  }
  if (partitions < 1 || partitions > partitionsMax) {
    add('partitions', 'partitions', `${partitions} partitions`, `use 1 to ${partitionsMax}`);
  }
  const brokers = brokerCount(spec);
  const racks = brokerRacks(spec);
  // Without a broker or a rack that is the fault to mend, not every topic.
  if (brokers === 0 || racks === 0) return found;
  if (factor < 1) add('replicationFactor', 'rf', `${factor} replicas`, 'use at least 1');
  if (factor > brokers) {
    const message = `${factor} replicas need ${factor} brokers, there are ${brokers}`;
    add('replicationFactor', 'rf-brokers', message, `use at most ${brokers}, or add brokers`);
  } else if (factor > racks) {
    const message = `${factor} replicas need ${factor} racks, there are ${racks}`;
    add('replicationFactor', 'rf-racks', message, `use at most ${racks}, or add racks`);
  }
  const explicit = topic.config['min.insync.replicas'];
  const minIsr = Number(explicit ?? spec.kafka.config['min.insync.replicas'] ?? 1);
  if (factor >= 1 && minIsr > 1 && minIsr >= factor) {
    const field = explicit === undefined ? 'replicationFactor' : 'config["min.insync.replicas"]';
    const message = `min.insync.replicas ${minIsr} with ${factor} replicas allows no broker to stop`;
    add(
      field,
      'min-isr',
      message,
      `use more than ${minIsr} replicas or a lower min.insync.replicas`,
    );
  }
  return [...found, ...checkConfig(`${at}.config`, topic.config, 'topic')];
}

/** Racks that hold at least one broker. */
export function brokerRacks(spec: Pick<NormalSpec, 'nodes'>): number {
  const pools = spec.nodes.filter((n) => n.roles.includes('broker'));
  return new Set(pools.flatMap((n) => n.racks.slice(0, Math.max(0, n.count)))).size;
}

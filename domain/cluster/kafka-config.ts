/**
 * Rules on Kafka configuration: which keys exist, which are Asgard's own, which values fit, and
 * whether a broker key changes at run time or needs a restart. Pure.
 */
import { closest } from 'fastest-levenshtein';
import type { Violation } from '../../contracts/spec.ts';
import { brokerKeys, type KafkaKey, topicKeys } from './kafka-keys.ts';

/** Keys that Asgard sets itself (as Strimzi keeps them back): a spec may not. */
const ownPrefixes = [
  'listener',
  'advertised.',
  'sasl.',
  'ssl.',
  'security.',
  'log.dir',
  'metadata.log.dir',
  'cordoned.log.dirs',
  'node.id',
  'broker.id',
  'broker.rack',
  'process.roles',
  'controller.',
  'authorizer.',
  'super.users',
  'early.start.listeners',
  'inter.broker.',
  'principal.builder',
  'password.encoder',
];

export const isOwnKey = (key: string): boolean => ownPrefixes.some((p) => key.startsWith(p));

/**
 * True for keys that are set cluster-wide at run time; the others are static and need a restart.
 */
export const isDynamic = (key: string): boolean => brokerKeys[key]?.mode === 'cluster-wide';

/** Splits a broker configuration by how it is applied. */
export function splitConfig(config: Record<string, string>): {
  dynamic: Record<string, string>;
  fixed: Record<string, string>;
} {
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(config).filter(([key]) => isDynamic(key) === wanted));
  return { dynamic: part(true), fixed: part(false) };
}

/** Violations of a configuration map at `field`; `table` is the keys that exist there. */
export function checkConfig(
  field: string,
  config: Record<string, string>,
  kind: 'broker' | 'topic',
): Violation[] {
  const table = kind === 'broker' ? brokerKeys : topicKeys;
  return Object.entries(config).flatMap(([key, value]) => {
    const at = `${field}["${key}"]`;
    if (kind === 'broker' && isOwnKey(key)) return [ownKey(at)];
    const known = table[key];
    return known ? checkValue(at, known, value) : [unknownKey(at, key, kind)];
  });
}

const ownKey = (field: string): Violation => ({
  field,
  rule: 'config-key-reserved',
  message: 'is set by Asgard itself',
  remedy: 'remove it; listeners, security, ids, racks and disks follow from the rest of the spec',
});

function unknownKey(field: string, key: string, kind: 'broker' | 'topic'): Violation {
  const table = kind === 'broker' ? brokerKeys : topicKeys;
  return {
    field,
    rule: 'config-key-unknown',
    message: `is no ${kind} configuration key of Kafka 4.3.1`,
    remedy: `did you mean \`${closest(key, Object.keys(table))}\`?`,
  };
}

const whole = new Set(['int', 'short', 'long']);

function checkValue(field: string, key: KafkaKey, value: string): Violation[] {
  if (key.type === 'boolean' && value !== 'true' && value !== 'false') {
    return [badValue(field, `\`${value}\` is not a boolean`, 'use true or false')];
  }
  if (whole.has(key.type) || key.type === 'double') return checkNumber(field, key, value);
  const allowed = key.values;
  const parts = key.type === 'list' ? value.split(',').map((p) => p.trim()) : [value];
  if (allowed && parts.some((p) => !allowed.includes(p))) {
    return [badValue(field, `\`${value}\` is not accepted`, `use one of ${allowed.join(', ')}`)];
  }
  return [];
}

function checkNumber(field: string, key: KafkaKey, value: string): Violation[] {
  const pattern = key.type === 'double' ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(value)) {
    const kind = key.type === 'double' ? 'number' : 'whole number';
    return [badValue(field, `\`${value}\` is not a ${kind}`, `give a ${kind}`)];
  }
  if (key.min !== undefined && Number(value) < key.min) {
    return [badValue(field, `${value} is below ${key.min}`, `give at least ${key.min}`)];
  }
  if (key.max !== undefined && Number(value) > key.max) {
    return [badValue(field, `${value} is above ${key.max}`, `give at most ${key.max}`)];
  }
  return [];
}

const badValue = (field: string, message: string, remedy: string): Violation => ({
  field,
  rule: 'config-value',
  message,
  remedy,
});

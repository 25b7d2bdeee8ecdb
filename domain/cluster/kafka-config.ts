/**
 * Rules on single keys of Kafka's configuration: which exist, which a spec may set, which values
 * Kafka takes, and whether a broker key changes at run time or by a restart. test/kafka-config
 * proves accept and refuse equal to Kafka's own classes. Pure.
 */
import type { KafkaKey } from '../../contracts/kafka-keys.ts';
import {
  type ConfigKind,
  javaDouble,
  keyOf,
  listOf,
  normalValue,
  rangeOf,
  wholeNumber,
} from '../../contracts/kafka-values.ts';
import { kafkaVersion } from '../../contracts/settings.ts';
import type { KafkaConfig, Violation } from '../../contracts/spec.ts';
import { nearKey, removedRemedy, reservedReason } from './foreign-keys.ts';
import { quoted } from './quoted.ts';

/**
 * True for keys that are set cluster-wide at run time. The others are static and need a restart;
 * thread counts too, since at run time Kafka lets those only double or halve, at boot it takes any.
 */
export const isDynamic = (key: string): boolean => {
  const known = keyOf('broker', key);
  return known?.mode === 'cluster-wide' && known.growth === undefined;
};

/** Counts that Kafka changes at run time in steps of at most double or half. */
export const isStepped = (key: string): boolean => keyOf('broker', key)?.growth !== undefined;

/** Splits a broker configuration by how it is applied. */
export function splitConfig(config: Record<string, string>): {
  dynamic: Record<string, string>;
  fixed: Record<string, string>;
} {
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(config).filter(([key]) => isDynamic(key) === wanted));
  return { dynamic: part(true), fixed: part(false) };
}

/** Violations of a configuration map as it was written at `field`, each key by itself. */
export function checkConfig(
  field: string,
  config: KafkaConfig | undefined,
  kind: ConfigKind,
): Violation[] {
  return Object.entries(config ?? {}).flatMap(([name, value]) => {
    const at = `${field}["${clipped(name)}"]`;
    const reserved = kind === 'broker' ? reservedReason(name) : undefined;
    if (reserved) return [{ field: at, rule: 'config-key-reserved', ...reserved }];
    const key = keyOf(kind, name);
    return key ? checkValue(at, key, value) : [unknownKey(at, name, kind)];
  });
}

function unknownKey(field: string, name: string, kind: ConfigKind): Violation {
  const removed = removedRemedy(kind, name);
  if (removed) {
    const message = `was a ${kind} key of older Kafkas; Kafka ${kafkaVersion} does not have it`;
    return { field, rule: 'config-key-removed', message, remedy: removed };
  }
  const near = nearKey(kind, name);
  return {
    field,
    rule: 'config-key-unknown',
    message: `is no ${kind} configuration key of Kafka ${kafkaVersion}`,
    remedy: near ? `did you mean \`${near}\`?` : 'remove it; nothing in Kafka would read it',
  };
}

type Fault = { message: string; remedy: string } | undefined;

/** The first fault of a value, as Kafka would find it: type, then range, list, form, class. */
function checkValue(field: string, key: KafkaKey, value: string | number | boolean): Violation[] {
  const text = String(value);
  const fault =
    unsafe(key, value) ??
    wrongType(key, text) ??
    outOfRange(key, text) ??
    notOneOf(key, text) ??
    wrongList(key, text) ??
    wrongForm(key, text) ??
    wrongClass(key, text);
  return fault ? [{ field, rule: 'config-value', ...fault }] : [];
}

const isWhole = (type: KafkaKey['type']): type is 'int' | 'short' | 'long' =>
  type === 'int' || type === 'short' || type === 'long';

/** JSON readers round whole numbers beyond 2^53; what was written is no longer known. */
function unsafe(key: KafkaKey, value: string | number | boolean): Fault {
  if (typeof value !== 'number' || !isWhole(key.type)) return undefined;
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  const message = 'is a number beyond 2^53, which JSON does not keep exactly';
  return { message, remedy: 'write it as a string' };
}

function wrongType(key: KafkaKey, text: string): Fault {
  if (normalValue(key, text) !== undefined) return undefined;
  if (key.type === 'boolean') {
    return { message: `${quoted(text)} is not a boolean`, remedy: 'use true or false' };
  }
  if (!isWhole(key.type))
    return { message: `${quoted(text)} is not a number`, remedy: 'give a number' };
  const digits = /^([+-]?)\d+$/.exec(normalValue({ type: 'string' }, text) ?? '');
  if (!digits) {
    return { message: `${quoted(text)} is not a whole number`, remedy: 'give a whole number' };
  }
  const [low, high] = rangeOf(key.type);
  return digits[1] === '-'
    ? below(text, String(Math.max(Number(low), key.min ?? Number(low))))
    : above(text, key.max === undefined ? high : String(key.max));
}

/** Words of users without the back-ticks: numbers, and names in a path. */
const clipped = (text: string): string => quoted(text).slice(1, -1);

const below = (text: string, least: string, also = ''): Fault => ({
  message: `${clipped(text)} is below ${least}`,
  remedy: `give at least ${least}${also}`,
});
const above = (text: string, most: string, also = ''): Fault => ({
  message: `${clipped(text)} is above ${most}`,
  remedy: `give at most ${most}${also}`,
});

/** Kafka compares as doubles, also long values. */
function outOfRange(key: KafkaKey, text: string): Fault {
  if (key.min === undefined && key.max === undefined) return undefined;
  const value = isWhole(key.type) ? Number(wholeNumber(key.type, text)) : (javaDouble(text) ?? 0);
  if (key.except !== undefined && value === key.except) return undefined;
  const also = key.except === undefined ? '' : `, or ${key.except}`;
  if (key.min !== undefined && value < key.min) return below(text, `${key.min}`, also);
  if (key.max !== undefined && value > key.max) return above(text, `${key.max}`, also);
  return undefined;
}

function notOneOf(key: KafkaKey, text: string): Fault {
  if (!key.values) return undefined;
  const { values, anyCase } = key;
  const fits = (entry: string) => values.includes(anyCase ? entry.toUpperCase() : entry);
  const entries =
    key.type === 'list' ? listOf(text) : [normalValue({ type: 'string' }, text) ?? ''];
  if (entries.every(fits)) return undefined;
  return { message: `${quoted(text)} is not accepted`, remedy: `use one of ${values.join(', ')}` };
}

function wrongList(key: KafkaKey, text: string): Fault {
  if (!key.list) return undefined;
  const entries = listOf(text);
  if (entries.length === 0) {
    if (key.list === 'unique') return undefined;
    return { message: 'is an empty list', remedy: 'give at least one entry, or remove it' };
  }
  if (entries.includes('')) {
    return { message: `${quoted(text)} has an empty entry`, remedy: 'remove the comma too many' };
  }
  return undefined;
}

function wrongForm(key: KafkaKey, text: string): Fault {
  if (key.form === 'filled' && normalValue({ type: 'string' }, text) === '') {
    return { message: 'is empty', remedy: 'give a value, or remove it' };
  }
  if (key.form !== 'throttled-replicas') return undefined;
  const entries = listOf(text).map((entry) => normalValue({ type: 'string' }, entry) ?? '');
  if (entries.every((entry) => /^([0-9]+:[0-9]+)?$/.test(entry)) || entries.join('') === '*') {
    return undefined;
  }
  const remedy = 'give `*` or partition:broker pairs such as `0:1,1:2`';
  return { message: `${quoted(text)} is no list of replicas`, remedy };
}

/** Nodes run Kafka's own jars: a class from elsewhere keeps a broker from starting. */
function wrongClass(key: KafkaKey, text: string): Fault {
  const { classes } = key;
  // A string key may name a class that comes by a class path; config-relations.ts asks for that.
  if (!classes || key.form === 'filled') return undefined;
  const named = key.type === 'list' ? listOf(text) : [normalValue({ type: 'string' }, text) ?? ''];
  const stranger = named.find((name) => !classes.includes(name));
  if (stranger === undefined) return undefined;
  const others = 'is no class of Kafka’s own jars that fits here; nodes run no others';
  const message = `${quoted(stranger)} ${others}`;
  const known = classes.length > 0 ? `use ${classes.join(' or ')}, or remove it` : 'remove it';
  return { message, remedy: known };
}

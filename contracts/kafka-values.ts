/**
 * Values of Kafka's configuration as Kafka reads them: a text of one type becomes its value, or is
 * no value of that type. One comparison for plans, waits and tests: `delete, compact` is
 * `delete,compact`, `0.10` is `0.1`, ` True` is `true`. test/kafka-config proves it equal to
 * Kafka's own parser. Pure; texts are never trusted to be of their type.
 */
import { brokerKeys, type KafkaKey, topicKeys } from './kafka-keys.ts';

export type ConfigKind = 'broker' | 'topic';

const tables = { broker: brokerKeys, topic: topicKeys };

/** What Kafka's jars say of a key; undefined for a key that Kafka does not have. */
export function keyOf(kind: ConfigKind, name: string): KafkaKey | undefined {
  return Object.hasOwn(tables[kind], name) ? tables[kind][name] : undefined;
}

/** Java's String.trim: everything up to the blank goes, at both ends. */
const trim = (text: string): string => {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) <= 32) from += 1;
  while (to > from && text.charCodeAt(to - 1) <= 32) to -= 1;
  return text.slice(from, to);
};

/** What of a key says how its values are read. */
export type Reading = Pick<KafkaKey, 'type' | 'list'>;

/**
 * Kafka's own spelling of a value, or undefined when the text is no value of that type. Ranges and
 * enumerations are rules of single keys and not asked here.
 */
export function normalValue({ type, list }: Reading, text: string): string | undefined {
  const value = trim(text);
  switch (type) {
    case 'boolean':
      return normalBoolean(value);
    case 'int':
    case 'short':
    case 'long':
      return wholeNumber(type, value)?.toString();
    case 'double': {
      const number = javaDouble(value);
      return number === undefined ? undefined : doubleText(number);
    }
    case 'list':
      // What a list names twice Kafka keeps once, where its validator looks at entries at all.
      return (list ? [...new Set(listOf(value))] : listOf(value)).join(',');
    default:
      return value;
  }
}

/** Entries of a list as Kafka splits them; blanks around commas do not count. */
export function listOf(text: string): string[] {
  const value = trim(text);
  return value === '' ? [] : value.split(/[ \t\n\v\f\r]*,[ \t\n\v\f\r]*/);
}

function normalBoolean(value: string): string | undefined {
  const upper = value.toUpperCase();
  if (upper === 'TRUE' && value.length === 4) return 'true';
  return upper === 'FALSE' && value.length === 5 ? 'false' : undefined;
}

const limits = { short: 2n ** 15n, int: 2n ** 31n, long: 2n ** 63n } as const;

/** Smallest and largest value of a whole-number type, as text for people. */
export const rangeOf = (type: keyof typeof limits): [string, string] => [
  String(-limits[type]),
  String(limits[type] - 1n),
];

/** The number, or undefined for what is no whole number or does not fit its type. */
export function wholeNumber(type: keyof typeof limits, text: string): bigint | undefined {
  const digits = asciiDigits(trim(text));
  if (!/^[+-]?\d+$/.test(digits)) return undefined;
  const number = BigInt(digits.replace(/^\+/, ''));
  return number >= -limits[type] && number < limits[type] ? number : undefined;
}

/** Java reads the digits of every script; each script's ten digits stand in a row. */
function asciiDigits(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (c) => {
    if (!/\p{Nd}/u.test(c)) return c;
    let zero = c.charCodeAt(0);
    while (/\p{Nd}/u.test(String.fromCharCode(zero - 1))) zero -= 1;
    return String(c.charCodeAt(0) - zero);
  });
}

const decimal = /^([+-]?)(NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/;
const hexadecimal = /^([+-]?)0[xX]([\da-fA-F]*)(?:\.([\da-fA-F]*))?[pP]([+-]?\d+)[fFdD]?$/;

/** Java's Double.parseDouble; undefined for what it refuses. */
export function javaDouble(text: string): number | undefined {
  const value = trim(text);
  const found = decimal.exec(value);
  if (found) {
    const magnitude = Number((found[2] ?? '').replace(/[fFdD]$/, ''));
    return found[1] === '-' ? -magnitude : magnitude;
  }
  const hex = hexadecimal.exec(value);
  if (!hex) return undefined;
  const [, sign, whole = '', part = '', exponent] = hex;
  if (whole === '' && part === '') return undefined;
  const mantissa = Number.parseInt(`0${whole}${part}`, 16);
  const magnitude = mantissa * 2 ** (Number(exponent) - 4 * part.length);
  return sign === '-' ? -magnitude : magnitude;
}

/** As Java prints a double: `1.0`, `0.05`, `1.0E-4`. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e7)) {
    const text = Object.is(value, -0) ? '-0' : String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const digits = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return `${digits}E${exponent.replace('+', '')}`;
}

/**
 * True when Kafka reads both texts as the same value; a text that is no value of its type compares
 * as a text.
 */
export function sameReading(reading: Reading, one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [normalValue(reading, one), normalValue(reading, other)];
  return a !== undefined && a === b;
}

/**
 * True when both are the same value of that key. Absent equals absent only; values of a key that
 * Kafka does not have compare as texts.
 */
export function sameValue(
  kind: ConfigKind,
  name: string,
  one: string | null | undefined,
  other: string | null | undefined,
): boolean {
  if (one == null || other == null) return (one ?? null) === (other ?? null);
  return sameReading(keyOf(kind, name) ?? { type: 'string' }, one, other);
}

/** The configuration in Kafka's own spelling; what is no value is left for the rules to refuse. */
export function normalConfig(
  kind: ConfigKind,
  config: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([name, text]) => {
      const key = keyOf(kind, name);
      return [name, (key && normalValue(key, text)) ?? text];
    }),
  );
}

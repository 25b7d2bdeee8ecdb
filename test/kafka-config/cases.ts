/** Values and combinations to try on every key: of all types, at all bounds, in all spellings. */
import fc from 'fast-check';
import { brokerKeys, type KafkaKey, topicKeys } from '../../contracts/kafka-keys.ts';
import { relations } from '../../domain/cluster/config-relations.ts';
import { reservedReason } from '../../domain/cluster/foreign-keys.ts';

type Config = Record<string, string>;

/** Tried on every key, whatever its type. */
const common = [
  ['', ' ', '\t', 'true', 'True', 'FALSE', ' false ', 'yes', 'fal\u017fe', 'null', 'none'],
  ['0', '1', '-1', '-2', '-3', '2', '5', '+7', '007', ' 42 ', '42\n', '4 2', '--1', '+-1', '1_000'],
  ['127', '1000', '1,000', '1\t', '\u00a05', '5\u00a0', '\u0661\u0662', '\uff15'],
  ['32767', '32768', '-32768', '-32769', '65536', '1048576', '16777216', '1073741824'],
  ['2147483647', '2147483648', '-2147483648', '-2147483649', '4294967296'],
  ['9007199254740993', '9223372036854775807', '9223372036854775808'],
  ['-9223372036854775808', '-9223372036854775809', '00000000000000000000000000000000001'],
  ['1.0', '0.10', '0.5', '.5', '5.', '.', '5E-02', '1e3', '1E+3', '1e', '1d', '1f', '1L', '0x10'],
  ['0x1p3', '0X.8P1', '0x1.8p-1f', '0xp1', 'NaN', '-NaN', 'Infinity', '-Infinity', '-0', '-0.0'],
  [
    '1e-400',
    '1e400',
    '0.1f',
    '1.7976931348623157E308',
    '4.9E-324',
    '12345678.9',
    '0.00012',
    '1e21',
  ],
  ['abc', 'a,b', 'a , b', ' a ,b ', 'a,,a', 'a,a', 'a,', ',a', ',', ',,', ' , ', '*', ' * ', '*,*'],
  ['0:1', '0:1, 1:2', '0:1,', '0:a', ':', '0:1,*', '127.0.0.1:5', 'a:1,b:2', '::1:7', 'a:b', 'a'],
  ['host: 5', 'host :5', 'h\u00e9:5', 'a:1,a:2', ':3', 'a:2147483648'],
  [
    'delete',
    'compact',
    'delete, compact',
    'compact,delete',
    'compact,compact',
    'DELETE',
    'delete,',
  ],
  ['gzip', 'LZ4', 'lz4', 'uncompressed', 'producer', 'CreateTime', 'createtime', 'LogAppendTime'],
  ['classic', 'classic,consumer', 'consumer', 'Classic', 'upgrade', 'UPGRADE', 'disabled', 'info'],
  ['DEBUG', 'Trace', 'java.lang.String', 'java.lang.Nothing', 'uniform', 'range,uniform', 'simple'],
  ['org.apache.kafka.common.metrics.JmxReporter', 'kafka.metrics.KafkaCSVMetricsReporter'],
  ['org.apache.kafka.common.replica.RackAwareReplicaSelector'],
  ['org.apache.kafka.coordinator.group.assignor.RangeAssignor', 'x'.repeat(300)],
].flat();

/** Just inside and just outside of what the table says of a key. */
function atBounds({ min, max, except, default: usual, values = [], classes = [] }: KafkaKey) {
  const numbers = [min, max, except].filter((n) => n !== undefined);
  return [
    ...numbers.flatMap((n) => [n - 1, n, n + 1, n - 0.5, n + 0.5].map(String)),
    ...(usual === undefined ? [] : [usual, ` ${usual} `]),
    ...values.flatMap((v) => [v, v.toUpperCase(), v.toLowerCase(), ` ${v}`, `${v},${v}`]),
    ...(values.length > 1 ? [values.join(','), values.join(' , ')] : []),
    ...classes.flatMap((c) => [c, ` ${c}`, `${c},${c}`]),
  ];
}

/** At least 25 different values for a key. */
export const valuesFor = (key: KafkaKey): string[] => [...new Set([...common, ...atBounds(key)])];

/** Keys that a spec may set. */
export const openKeys = Object.keys(brokerKeys).filter((key) => !reservedReason(key));

/** Values near the default, where keys that must fit each other begin or cease to. */
function near(key: KafkaKey): string[] {
  const { type, default: usual, min, max } = key;
  if (type === 'boolean') return ['true', 'false'];
  if (key.values) return [...key.values, key.values.join(',')];
  if (type !== 'int' && type !== 'long' && type !== 'short') return [];
  const from = BigInt(usual ?? 1000);
  const limit = { int: 2n ** 31n, long: 2n ** 63n, short: 2n ** 15n }[type];
  return [from, from - 1n, from + 1n, from * 2n, from / 2n, from * 10n, -2n, -1n, 0n, 1n, 500n]
    .filter((n) => n < limit && Number(n) >= (min ?? -2) && Number(n) <= (max ?? Infinity))
    .map(String);
}

const combination = (table: Record<string, KafkaKey>, keys: string[]): fc.Arbitrary<Config> =>
  fc
    .uniqueArray(
      fc.constantFrom(...keys.filter((key) => near(table[key] as KafkaKey).length > 0)),
      {
        minLength: 2,
        maxLength: 5,
      },
    )
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.map((key) => [key, fc.constantFrom(...near(table[key] as KafkaKey))]),
        ),
      ),
    );

/** Families whose members must fit each other: a random choice of all keys would rarely hit two. */
const families = [
  /^group\.consumer\./,
  /^group\.share\./,
  /^group\.streams\./,
  /^log\.(local\.)?retention\.|^log\.cleanup\.policy$/,
  /^log\.(roll|flush|cleaner)\./,
  /^replica\.(fetch|socket|lag)\./,
  /^(queued|socket|connections?|max\.connections)\./,
  /^remote\.(?!.*class)/,
  /./,
];

/** Every two keys that must fit each other, with every value near their defaults. */
export const brokerPairs = (): Config[] =>
  relations
    .filter(({ level }) => level === 'broker')
    .flatMap(({ keys }) => keys.flatMap((a, i) => keys.slice(i + 1).map((b) => [a, b] as const)))
    .flatMap(([a, b]) =>
      near(brokerKeys[a] as KafkaKey).flatMap((x) =>
        near(brokerKeys[b] as KafkaKey).map((y) => ({ [a]: x, [b]: y })),
      ),
    );

/** Combinations of broker keys, the same for the same seed. */
export const brokerCombinations = (each: number, seed: number): Config[] =>
  families.flatMap((family) => {
    const keys = openKeys.filter((key) => family.test(key));
    return fc.sample(combination(brokerKeys, keys), { numRuns: each, seed });
  });

const topicFamily = /^(min|max)\.compaction|retention|^cleanup|^remote|^segment/;
const brokerFamily = /^log\.(local\.)?retention|^log\.cleaner\.m|^log\.cleanup|^log\.roll/;

/** Topics on brokers whose own configuration may or may not suit them. */
export function topicCombinations(each: number, seed: number): { props: Config; broker: Config }[] {
  const topics = combination(
    topicKeys,
    Object.keys(topicKeys).filter((key) => topicFamily.test(key)),
  );
  const tiered = fc.record({
    'remote.log.storage.system.enable': fc.constantFrom('true', 'false'),
  });
  const brokers = fc
    .tuple(
      combination(
        brokerKeys,
        openKeys.filter((key) => brokerFamily.test(key)),
      ),
      tiered,
    )
    .map(([config, more]) => ({ ...config, ...more }));
  const bare = tiered as fc.Arbitrary<Config>;
  return fc.sample(fc.record({ props: topics, broker: fc.oneof(brokers, bare) }), {
    numRuns: each,
    seed,
  });
}

/**
 * Whether keys of Kafka's configuration fit each other: those of brokers by the table of
 * broker-demands.ts, those of topics as LogConfig checks them when a topic is made.
 * test/kafka-config proves accept and refuse equal to Kafka's own classes. Pure; only for maps
 * whose single values are right.
 */
import type { ConfigKind } from '../../contracts/kafka-values.ts';
import type { Violation } from '../../contracts/spec.ts';
import { brokerDemands, type Demand, enabled, isPart } from './broker-demands.ts';
import { type Effective, topicValues } from './config-values.ts';

type Config = Readonly<Record<string, string>>;

/** Violations of a broker configuration whose keys do not fit each other. */
export const checkBrokerRelations = (
  field: string,
  config: Config,
  values: Effective,
): Violation[] => brokerDemands.flatMap((demand) => told(field, config, values, demand));

const topicDemands: Demand[] = [
  {
    keys: ['min.compaction.lag.ms', 'max.compaction.lag.ms'],
    holds: (c) => c.whole('min.compaction.lag.ms') <= c.whole('max.compaction.lag.ms'),
    sentence: 'min.compaction.lag.ms must not be more than max.compaction.lag.ms',
  },
];

const tiered = 'remote.storage.enable';
const copyOff = 'remote.log.copy.disable';

/** Demands of topics with remote storage; `cluster` says whether the brokers have any. */
const tieredDemands = (cluster: boolean): Demand[] => [
  {
    keys: [tiered],
    holds: () => cluster,
    sentence: 'Tiered Storage functionality is disabled in the broker',
  },
  {
    keys: [tiered, 'cleanup.policy'],
    holds: (c) => ['', 'delete'].includes(c.list('cleanup.policy').join(',')),
    sentence: 'Remote log storage only supports topics with cleanup.policy=delete or an empty list',
  },
  ...['ms', 'bytes'].flatMap((unit): Demand[] => {
    const [local, total] = [`local.retention.${unit}`, `retention.${unit}`];
    return [
      {
        keys: [local, total],
        holds: (c) => isPart(c.whole(local), c.whole(total)),
        sentence: `${local} must not be more than ${total}`,
      },
      {
        keys: [local, total, copyOff],
        holds: (c) =>
          !c.flag(copyOff) || c.whole(local) === -2n || c.whole(local) === c.whole(total),
        sentence: `When ${copyOff} is true, ${local} and ${total} must be identical`,
      },
    ];
  }),
];

/** Violations of a topic's configuration whose keys do not fit each other or the brokers'. */
export function checkTopicRelations(field: string, config: Config, broker: Effective): Violation[] {
  const values = topicValues(config, broker);
  const demands = values.flag(tiered)
    ? [...topicDemands, ...tieredDemands(broker.flag(enabled))]
    : topicDemands;
  return demands.flatMap((demand) => told(field, config, values, demand));
}

/** The refusal stands at the first key that the spec sets itself; all of them are shown. */
function told(field: string, config: Config, values: Effective, demand: Demand): Violation[] {
  if (demand.holds(values)) return [];
  const { keys, sentence } = demand;
  const at = keys.find((key) => Object.hasOwn(config, key));
  const present = keys.flatMap((key) => {
    const value = values.text(key);
    return value === undefined ? [] : [`${key} is ${value}`];
  });
  return [
    {
      field: at === undefined ? field : `${field}["${at}"]`,
      rule: 'config-together',
      message: present.length > 0 ? `${sentence}; ${present.join(', ')}` : sentence,
      remedy: keys.length > 1 ? `change one of ${keys.join(', ')}` : `change ${keys[0]}`,
    },
  ];
}

/** Every demand by its keys and in words, for those who prove that each one was tried. */
export const relations: readonly { level: ConfigKind; keys: string[]; sentence: string }[] = [
  ...brokerDemands.map((demand) => ({ level: 'broker' as const, ...demand })),
  ...[...topicDemands, ...tieredDemands(false)].map((demand) => ({
    level: 'topic' as const,
    ...demand,
  })),
];

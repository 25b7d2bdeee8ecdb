/**
 * Configuration of topics, of the cluster and of brokers: read with its types, changed
 * incrementally, many topics by one request. Values are compared as Kafka's types, since Kafka
 * answers in its own spelling (`0.10` comes back as `0.1`).
 */

import {
  ConfigResourceTypes,
  ConfigSources,
  ConfigTypes,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka';
import { type Reading, sameReading } from '../../contracts/kafka-values.ts';
import { fewOf } from '../../contracts/text.ts';
import { answerOf, type Wire } from './connection.ts';
import { refusal } from './errors.ts';
import { type ConfigChange, type KafkaAdmin, KafkaError } from './kafka.ts';
import { metadataOf } from './metadata.ts';
import { untilShown } from './shown.ts';

type ConfigAdmin = Pick<KafkaAdmin, 'topicConfigs' | 'clusterConfig' | 'alterConfigs'>;
type Described = Awaited<ReturnType<typeof describeConfigsV4.api.async>>['results'][number];
type DescribedConfig = Described['configs'][number];
type Entry = Pick<DescribedConfig, 'name' | 'value' | 'configType' | 'isSensitive'>;
type Entries = Map<string, Entry>;

const unknownTopic = 3;
const { TOPIC, BROKER } = ConfigResourceTypes;

export const createConfigAdmin = (wire: Wire): ConfigAdmin => ({
  topicConfigs: async (names) => {
    const found = await topicEntries(wire, names);
    return new Map([...found].map(([name, entries]) => [name, valuesOf(entries)]));
  },
  clusterConfig: async () => valuesOf(await clusterEntries(wire)),
  alterConfigs: (changes) => alterConfigs(wire, changes),
});

const valuesOf = (entries: Entries): Record<string, string> =>
  Object.fromEntries([...entries.values()].map(({ name, value }) => [name, value ?? '']));

async function topicEntries(wire: Wire, names: string[]): Promise<Map<string, Entries>> {
  if (names.length === 0) return new Map();
  const results = await describe(wire, TOPIC, names);
  return new Map(
    results.map((r) => [r.resourceName, entriesFrom(r.configs, ConfigSources.TOPIC_CONFIG)]),
  );
}

async function clusterEntries(wire: Wire): Promise<Entries> {
  const [result] = await describe(wire, BROKER, ['']);
  return entriesFrom(result?.configs ?? [], ConfigSources.DYNAMIC_DEFAULT_BROKER_CONFIG);
}

/** A topic that does not exist is left out; any other error of one is thrown. */
async function describe(wire: Wire, resourceType: typeof TOPIC | typeof BROKER, names: string[]) {
  const asked = names.map((resourceName) => ({
    resourceType,
    resourceName,
    configurationKeys: null,
  }));
  const { results } = await wire.ask((connection) =>
    answerOf(describeConfigsV4.api.async(connection, asked, false, false)),
  );
  const failed = results.filter((r) => r.errorCode !== 0 && r.errorCode !== unknownTopic);
  if (failed.length > 0) throw refusal(failed.map(itemOf));
  return results.filter((r) => r.errorCode === 0);
}

const entriesFrom = (configs: DescribedConfig[], source: number): Entries =>
  new Map(configs.filter((c) => c.configSource === source).map((c) => [c.name, c]));

const itemOf = (r: {
  resourceType: number;
  resourceName: string;
  errorCode: number;
  errorMessage?: string | null | undefined;
}) => ({
  errorCode: r.errorCode,
  errorMessage: r.errorMessage ?? null,
  subject:
    r.resourceType === TOPIC
      ? `topic ${r.resourceName}`
      : r.resourceName === ''
        ? 'cluster configuration'
        : `broker ${r.resourceName}`,
});

async function alterConfigs(wire: Wire, changes: ConfigChange[]): Promise<void> {
  const common = changes.filter(({ resource }) => resource.kind !== 'broker');
  if (common.length > 0) await wire.change((connection) => send(connection, common));
  for (const change of changes) {
    if (change.resource.kind === 'broker') await alterBroker(wire, change, change.resource.nodeId);
  }
  await untilShown(() => notShown(wire, common));
}

/** Kafka takes a broker's own configuration from that broker only. */
async function alterBroker(wire: Wire, change: ConfigChange, nodeId: number): Promise<void> {
  const broker = (await metadataOf(wire, [])).brokers.find((b) => b.nodeId === nodeId);
  if (!broker) throw new KafkaError('unavailable', `broker ${nodeId} is not registered`);
  await wire.changeAt(broker, (connection) => send(connection, [change]));
}

async function send(
  connection: Parameters<typeof incrementalAlterConfigsV1.api.async>[0],
  changes: ConfigChange[],
): Promise<void> {
  const asked = changes.map(toResource);
  const { responses } = await answerOf(
    incrementalAlterConfigsV1.api.async(connection, asked, false),
  );
  const failed = responses.filter((r) => r.errorCode !== 0);
  if (failed.length > 0) throw refusal(failed.map(itemOf));
}

function toResource({ resource, set }: ConfigChange) {
  const { SET, DELETE } = IncrementalAlterConfigOperationTypes;
  const names = {
    topic: () => nameOf(resource),
    cluster: () => '',
    broker: () => nameOf(resource),
  };
  return {
    resourceType: resource.kind === 'topic' ? TOPIC : BROKER,
    resourceName: names[resource.kind](),
    configs: Object.entries(set).map(([name, value]) =>
      value === null ? { name, configOperation: DELETE } : { name, configOperation: SET, value },
    ),
  };
}

function nameOf(resource: ConfigChange['resource']): string {
  if (resource.kind === 'topic') return resource.name;
  return resource.kind === 'broker' ? String(resource.nodeId) : '';
}

/** What is asked and does not show yet, with both values; undefined when all of it shows. */
async function notShown(wire: Wire, changes: ConfigChange[]): Promise<string | undefined> {
  const topics = changes.flatMap(({ resource }) =>
    resource.kind === 'topic' ? [resource.name] : [],
  );
  const ofTopics = await topicEntries(wire, topics);
  const ofCluster = topics.length < changes.length ? await clusterEntries(wire) : new Map();
  const open = changes.flatMap(({ resource, set }) => {
    const now = resource.kind === 'topic' ? ofTopics.get(resource.name) : ofCluster;
    const differs = Object.entries(set).filter(([key, value]) => !shows(now?.get(key), value));
    return differs.map(
      ([key, value]) => `${key}=${value ?? 'default'} of ${resource.kind} ${nameOf(resource)}`,
    );
  });
  return open.length > 0 ? fewOf(open) : undefined;
}

/** Whether Kafka's entry is the value asked for; null asks for no entry. */
export function shows(entry: Entry | undefined, value: string | null): boolean {
  if (entry === undefined || value === null) return (entry === undefined) === (value === null);
  return entry.isSensitive || sameValue(entry.configType, entry.value ?? '', value);
}

const { BOOLEAN, INT, SHORT, LONG, DOUBLE, LIST } = ConfigTypes;
const readings: Record<number, Reading> = {
  [BOOLEAN]: { type: 'boolean' },
  [INT]: { type: 'int' },
  [SHORT]: { type: 'short' },
  [LONG]: { type: 'long' },
  [DOUBLE]: { type: 'double' },
  [LIST]: { type: 'list', list: 'unique' },
};

/** Pure: equality of two values of one of Kafka's configuration types, however they are spelt. */
export const sameValue = (type: number, a: string, b: string): boolean =>
  sameReading(readings[type] ?? { type: 'string' }, a, b);

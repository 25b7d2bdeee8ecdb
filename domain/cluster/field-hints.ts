/**
 * What was probably meant by a field that does not exist: names that other tools use for the same
 * thing (Strimzi, Terraform, kafka-topics), then a slip of the hand. Pure; hints only.
 */
import type { TSchema } from 'typebox';
import { nearest } from './foreign-keys.ts';

const node: Record<string, string> = {
  replicas: 'count',
  size: 'count',
  name: 'pool',
  storage: 'diskGiB',
  disk: 'diskGiB',
  volume: 'diskGiB',
  volumeSize: 'diskGiB',
  rack: 'racks',
  zones: 'racks',
  availabilityZones: 'racks',
  role: 'roles',
  type: 'instanceType',
  machineType: 'instanceType',
  resources: 'instanceType',
};
const topic: Record<string, string> = {
  replicas: 'replicationFactor',
  replication: 'replicationFactor',
  rf: 'replicationFactor',
  replication_factor: 'replicationFactor',
  topicName: 'name',
  topic: 'name',
  partitionCount: 'partitions',
  numPartitions: 'partitions',
  num_partitions: 'partitions',
  partitions_count: 'partitions',
  configs: 'config',
  configuration: 'config',
  settings: 'config',
  retentionMs: 'config["retention.ms"]',
  retention: 'config["retention.ms"]',
  cleanupPolicy: 'config["cleanup.policy"]',
};
const cluster: Record<string, string> = {
  cluster: 'name',
  clusterName: 'name',
  metadata: 'name',
  version: 'kafka.version',
  kafkaVersion: 'kafka.version',
  config: 'kafka.config',
  nodePools: 'nodes',
  pools: 'nodes',
  brokers: 'nodes',
  controllers: 'nodes',
  replicas: 'nodes[].count',
  cloud: 'provider',
  load: 'loadTest',
  gate: 'loadTest',
  deletionProtection: 'protection',
};
const kafka: Record<string, string> = {
  configs: 'config',
  configuration: 'config',
  properties: 'config',
  kafkaVersion: 'version',
  metadataVersion: 'version',
  replicas: 'nodes[].count',
  storage: 'nodes[].diskGiB',
};

/** Names by the object that lacks them, told by one field that only it has. */
const tables: [string, Record<string, string>][] = [
  ['diskGiB', node],
  ['replicationFactor', topic],
  ['nodes', cluster],
  ['version', kafka],
];

/** The field that was meant by `name` in the object at `path` (`/nodes/0`), or undefined. */
export function meantBy(schema: TSchema, path: string, name: string): string | undefined {
  const fields = fieldsAt(schema, path.split('/').slice(1));
  const table = tables.find(([mark]) => fields.includes(mark))?.[1];
  if (table && Object.hasOwn(table, name)) return table[name];
  return nearest(name, fields);
}

interface Node {
  properties?: Record<string, TSchema>;
  items?: TSchema;
  anyOf?: TSchema[];
}

/** Names of the fields of the object at a path, of every alternative. */
function fieldsAt(schema: TSchema, path: string[]): string[] {
  const { properties, items, anyOf } = schema as Node;
  if (anyOf) return anyOf.flatMap((alternative) => fieldsAt(alternative, path));
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(properties ?? {});
  if (items) return fieldsAt(items, rest);
  const next = properties && Object.hasOwn(properties, first) ? properties[first] : undefined;
  return next ? fieldsAt(next, rest) : [];
}

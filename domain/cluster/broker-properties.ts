/**
 * What a node boots with, as a template: Asgard's own defaults, the spec's static configuration,
 * and what no spec may change (identity, listeners, security). No secrets and no addresses: where
 * they go stands a placeholder, so that its digest can be kept, compared and shown, and a release
 * that changes one of Asgard's own settings is a change like any other. Pure.
 */
import { principals } from '../../contracts/names.ts';
import type { NodeConfig, ObservedCluster } from '../../contracts/observed.ts';
import type { ConfigChange, NodeTarget } from '../../contracts/plan.ts';
import { digestOf } from '../lib/digest.ts';
import { ownSettings } from './own-settings.ts';

/** What fills the placeholders, known only where secrets and addresses are. */
export interface Values {
  nodeId: string;
  rack: string;
  /** Number of brokers in the cluster. */
  brokers: number;
  /** `host:port` of this node's listeners. */
  clientAddress: string;
  controllerAddress: string;
  /** `host:port` of every controller's listener, comma-separated. */
  controllers: string;
  brokerPassword: string;
  controllerPassword: string;
}

type ValueName = Exclude<keyof Values, 'brokers'>;
const place = (name: ValueName): string => `\${asgard:${name}}`;
const byBrokers = 'byBrokers:';
const placeholder = /\$\{asgard:([^}]*)\}/g;

const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';

/** What a node of these roles boots with, whatever its place in the cluster. */
export function nodeConfigOf(
  roles: NodeTarget['roles'],
  kafkaVersion: string,
  staticConfig: Record<string, string>,
): NodeConfig {
  return {
    kafkaVersion,
    defaults: defaults(),
    staticConfig,
    fixed: { ...identity(roles), ...listeners(roles), ...security() },
  };
}

/** The digest of what a node of these roles boots with; instances carry it as their one tag. */
export const nodeConfigDigest = (
  { roles }: Pick<NodeTarget, 'roles'>,
  kafkaVersion: string,
  staticConfig: Record<string, string>,
): string => digestOf(nodeConfigOf(roles, kafkaVersion, staticConfig));

/** What brokers boot with now, each once; nodes of which it is not known are left out. */
export function runningConfigs({ nodes, configs = {} }: ObservedCluster): NodeConfig[] {
  const digests = nodes
    .filter((n) => n.instance && n.roles.includes('broker'))
    .map((n) => n.instance?.configDigest ?? '');
  return [...new Set(digests)].flatMap((digest) => configs[digest] ?? []);
}

/**
 * server.properties of a node. The spec's own values are taken as they are, whatever they look
 * like. Throws on a placeholder that this release does not know.
 */
export function fillProperties(config: NodeConfig, values: Values): Record<string, string> {
  const fill = (layer: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(layer).map(([key, text]) => [
        key,
        text.replaceAll(placeholder, (_, name: string) => valueFor(name, values)),
      ]),
    );
  return { ...fill(config.defaults), ...config.staticConfig, ...fill(config.fixed) };
}

function valueFor(name: string, values: Values): string {
  if (name.startsWith(byBrokers)) {
    const steps = name.slice(byBrokers.length).split('|');
    return steps[Math.min(values.brokers, steps.length) - 1] ?? '';
  }
  const value = (values as unknown as Record<string, unknown>)[name];
  if (typeof value !== 'string') throw new Error(`no value for \${asgard:${name}}`);
  return value;
}

/**
 * Which keys a restart changes, and the version of Kafka as one of them; a key that one side does
 * not set is Kafka's default there.
 */
export function changesBetween(before: NodeConfig, after: NodeConfig): ConfigChange[] {
  const from = templateOf(before);
  const to = templateOf(after);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((key) => from[key] !== to[key])
    .sort()
    .map((key) => ({ key, from: from[key] ?? null, to: to[key] ?? null }));
}

const templateOf = (config: NodeConfig): Record<string, string> => ({
  Kafka: config.kafkaVersion,
  ...layersOf(config),
});

const layersOf = ({ defaults, staticConfig, fixed }: NodeConfig): Record<string, string> => ({
  ...defaults,
  ...staticConfig,
  ...fixed,
});

/** How many brokers make a difference to Asgard's own sizes. */
const sizes = [1, 2, 3];

/**
 * Values that follow the number of brokers stand for all numbers at once: growing a cluster is no
 * change of what its nodes were told to do.
 */
function defaults(): Record<string, string> {
  const all = sizes.map((brokers) => ownSettings(brokers));
  return Object.fromEntries(
    Object.keys(all[0] ?? {}).map((key) => {
      const values = all.map((settings) => settings[key] ?? '');
      const same = new Set(values).size === 1;
      return [key, same ? (values[0] ?? '') : `\${asgard:${byBrokers}${values.join('|')}}`];
    }),
  );
}

const identity = (roles: NodeTarget['roles']): Record<string, string> => ({
  'node.id': place('nodeId'),
  'process.roles': [...roles].sort().join(','),
  'broker.rack': place('rack'),
  'controller.quorum.bootstrap.servers': place('controllers'),
  'controller.listener.names': 'CONTROLLER',
});

function listeners(roles: NodeTarget['roles']): Record<string, string> {
  const broker = roles.includes('broker');
  const client = `CLIENT://${place('clientAddress')}`;
  const served = [
    ...(broker ? [client] : []),
    ...(roles.includes('controller') ? [`CONTROLLER://${place('controllerAddress')}`] : []),
  ];
  return {
    listeners: served.join(','),
    ...(broker ? { 'advertised.listeners': client, 'inter.broker.listener.name': 'CLIENT' } : {}),
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.client.scram-sha-512.sasl.jaas.config': jaas(scram, {
      username: principals.broker,
      password: place('brokerPassword'),
    }),
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': jaas(plain, {
      username: principals.controller,
      password: place('controllerPassword'),
      [`user_${principals.controller}`]: place('controllerPassword'),
    }),
  };
}

function security(): Record<string, string> {
  const superUsers = [principals.admin, principals.broker, principals.controller];
  return {
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': superUsers.map((name) => `User:${name}`).join(';'),
    'allow.everyone.if.no.acl.found': 'false',
  };
}

const jaas = (module: string, options: Record<string, string>): string =>
  `${module} required ${Object.entries(options)
    .map(([key, value]) => `${key}="${value}"`)
    .join(' ')};`;

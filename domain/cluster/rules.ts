/**
 * The rules of a cluster spec: shape first, then everything that needs more than one field. All
 * violations are collected, each with field, rule, message and remedy. docs/reference/rules.md
 * lists them. Pure; runs in Temporal's sandbox, the API and the CLI alike.
 */

import { kafkaVersion, localInstancesMax } from '../../contracts/settings.ts';
import { ClusterSpec, type NormalSpec, type Violation } from '../../contracts/spec.ts';
import { bytesOf } from '../lib/digest.ts';
import { checkBrokerRelations } from './config-relations.ts';
import { brokerValues } from './config-values.ts';
import { checkInternalTopics } from './internal-topics.ts';
import { checkConfig } from './kafka-config.ts';
import { checkLoad } from './load-rules.ts';
import { brokerCount, normalise } from './normalise.ts';
import { ownSettings } from './own-settings.ts';
import { quoted } from './quoted.ts';
import { checkInput, wholeInput } from './shape.ts';
import { checkTopics } from './topic-rules.ts';

export { checkInput, wholeInput } from './shape.ts';

/** The normalised spec, or every violation of shape (then rules are not tried) or rules. */
export function checkSpec(
  input: unknown,
): { spec: NormalSpec; violations: [] } | { violations: Violation[] } {
  const shape = checkInput(ClusterSpec, input);
  if (shape.length > 0) return { violations: shape };
  const size = checkSize(input);
  if (size.length > 0) return { violations: size };
  const written = input as ClusterSpec;
  const spec = normalise(written);
  const violations = [
    ...checkNames(spec),
    ...checkPools(spec),
    ...checkQuorum(spec),
    ...checkBrokerConfig(spec, written),
    ...checkTopics(spec, written.topics ?? []),
    ...checkLoad(spec),
  ];
  return violations.length > 0 ? { violations } : { spec, violations: [] };
}

/**
 * Bytes of a spec as canonical JSON: it travels in inputs, states and histories, where 2 MB end a
 * workflow and a quarter of that is slow.
 */
const specBytesMax = 400_000;

function checkSize(input: unknown): Violation[] {
  const bytes = bytesOf(input);
  if (bytes <= specBytesMax) return [];
  const message = `the spec has ${Math.ceil(bytes / 1000)} KB, more than ${specBytesMax / 1000}`;
  const remedy = 'name fewer topics: one that a spec does not name is left alone, so split it';
  return [violation(wholeInput, 'spec-size', message, remedy)];
}

const namePattern = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** Names of clusters (and pools): they become ids, files and host names. */
export const isClusterName = (name: string): boolean => namePattern.test(name);
/** Providers with an implementation; docker and ec2 have the interface but come later. */
export const providers = ['local'];
/** Types of the `local` provider: heap in MiB. */
const localTypes: Record<string, number> = {
  'local.small': 256,
  'local.medium': 512,
  'local.large': 1024,
};
/** Machines that a provider takes for one cluster. */
const nodesMax: Record<string, number> = { local: localInstancesMax };

const violation = (field: string, rule: string, message: string, remedy: string): Violation => ({
  field,
  rule,
  message,
  remedy,
});

function checkNames(spec: NormalSpec): Violation[] {
  const found: Violation[] = [];
  if (!namePattern.test(spec.name)) {
    const remedy = 'use 1–40 of a–z, 0–9 and -, starting with a letter and not ending with -';
    found.push(violation('name', 'name', `${quoted(spec.name)} is not a cluster name`, remedy));
  }
  if (!providers.includes(spec.provider)) {
    const remedy = `use ${providers.join(' or ')}; docker and ec2 are not built yet`;
    found.push(violation('provider', 'provider', `no provider ${quoted(spec.provider)}`, remedy));
  }
  if (spec.kafka.version !== kafkaVersion) {
    const message = `Kafka ${quoted(spec.kafka.version).slice(1, -1)} is not supported`;
    found.push(violation('kafka.version', 'kafka-version', message, `use ${kafkaVersion}`));
  }
  return found;
}

function checkPools(spec: NormalSpec): Violation[] {
  if (spec.nodes.length === 0) {
    const remedy = 'add a pool with the roles broker and controller';
    return [violation('nodes', 'pools', 'there is no node pool', remedy)];
  }
  const names = spec.nodes.map((n) => n.pool);
  const repeated = names.flatMap((name, i) =>
    names.indexOf(name) < i
      ? [
          violation(
            `nodes[${i}].pool`,
            'pool-unique',
            `${quoted(name)} is there twice`,
            'rename one',
          ),
        ]
      : [],
  );
  const total = spec.nodes.reduce((sum, n) => sum + Math.max(0, n.count), 0);
  const most = Object.hasOwn(nodesMax, spec.provider) ? (nodesMax[spec.provider] ?? 0) : total;
  const many = `${total} nodes are more than the ${most} that provider ${spec.provider} takes`;
  return [
    ...repeated,
    ...(total > most ? [violation('nodes', 'node-limit', many, `ask for ${most} or fewer`)] : []),
    ...spec.nodes.flatMap((pool, i) => checkPool(spec, pool, `nodes[${i}]`)),
  ];
}

/** EBS's largest volume, and more than a broker could ever bring back in sync. */
const diskGiBMax = 65_536;

/** Kafka takes any text; blanks at the ends it would drop, and two racks would be one. */
const isRackName = (name: string): boolean =>
  name.length >= 1 && name.trim() === name && !/\p{C}/u.test(name);

function checkPool(spec: NormalSpec, pool: NormalSpec['nodes'][number], at: string): Violation[] {
  const found: Violation[] = [];
  const add = (field: string, rule: string, message: string, remedy: string) =>
    found.push(violation(`${at}.${field}`, rule, message, remedy));
  if (!namePattern.test(pool.pool)) {
    add(
      'pool',
      'name',
      `${quoted(pool.pool)} is not a pool name`,
      'use a–z, 0–9 and -, at most 40',
    );
  }
  if (pool.count < 1) add('count', 'count', `${pool.count} nodes`, 'ask for at least 1');
  if (pool.roles.length === 0) add('roles', 'roles', 'is empty', 'give broker, controller or both');
  if (new Set(pool.roles).size < pool.roles.length) {
    add('roles', 'roles', 'names a role twice', 'name each role once');
  }
  if (pool.racks.length === 0) add('racks', 'racks', 'is empty', 'name at least one rack');
  if (new Set(pool.racks).size < pool.racks.length) {
    add('racks', 'racks', 'names a rack twice', 'name each rack once');
  }
  for (const rack of pool.racks.filter((name) => !isRackName(name))) {
    const remedy = 'use 1–128 visible characters, with no blank at either end';
    add('racks', 'rack-name', `${quoted(rack)} is no rack name`, remedy);
  }
  if (spec.provider === 'local' && !Object.hasOwn(localTypes, pool.instanceType)) {
    const known = Object.keys(localTypes).join(', ');
    add(
      'instanceType',
      'instance-type',
      `no type ${quoted(pool.instanceType)}`,
      `use one of ${known}`,
    );
  }
  if (pool.diskGiB < 1 || pool.diskGiB > diskGiBMax) {
    add('diskGiB', 'disk', `${pool.diskGiB} GiB`, `ask for 1 to ${diskGiBMax}`);
  }
  return found;
}

function checkQuorum(spec: NormalSpec): Violation[] {
  if (spec.nodes.length === 0) return [];
  const controllers = spec.nodes
    .filter((n) => n.roles.includes('controller'))
    .reduce((sum, n) => sum + n.count, 0);
  const found: Violation[] = [];
  if (brokerCount(spec) < 1) {
    found.push(violation('nodes', 'brokers', 'there is no broker', 'give a pool the role broker'));
  }
  if (controllers < 1) {
    const remedy = 'give a pool the role controller';
    found.push(violation('nodes', 'controllers', 'there is no controller', remedy));
  } else if (controllers % 2 === 0) {
    const message = `${controllers} controllers: an even number tolerates no more failures`;
    const remedy = `use ${controllers - 1} or ${controllers + 1}`;
    found.push(violation('nodes', 'controllers-odd', message, remedy));
  }
  return found;
}

/** Each key by itself; then, when all are right, whether they fit each other and the brokers. */
function checkBrokerConfig(spec: NormalSpec, written: ClusterSpec): Violation[] {
  const { config } = spec.kafka;
  const single = checkConfig('kafka.config', written.kafka.config, 'broker');
  const brokers = brokerCount(spec);
  if (single.length > 0 || brokers < 1) return single;
  const values = brokerValues(config, ownSettings(brokers));
  return [
    ...checkBrokerRelations('kafka.config', config, values),
    ...checkInternalTopics(config, values, brokers),
  ];
}

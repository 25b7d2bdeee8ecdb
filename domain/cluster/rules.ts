/**
 * The rules of a cluster spec: shape first, then everything that needs more than one field. All
 * violations are collected, each with field, rule, message and remedy. docs/reference/rules.md
 * lists them. Pure; runs in Temporal's sandbox, the API and the CLI alike.
 */

import { kafkaVersion } from '../../contracts/settings.ts';
import { ClusterSpec, type NormalSpec, type Violation } from '../../contracts/spec.ts';
import { checkConfig } from './kafka-config.ts';
import { checkLoad } from './load-rules.ts';
import { brokerCount, normalise } from './normalise.ts';
import { checkInput } from './shape.ts';
import { checkTopics } from './topic-rules.ts';

export { checkInput } from './shape.ts';

/** The normalised spec, or every violation of shape (then rules are not tried) or rules. */
export function checkSpec(
  input: unknown,
): { spec: NormalSpec; violations: [] } | { violations: Violation[] } {
  const shape = checkInput(ClusterSpec, input);
  if (shape.length > 0) return { violations: shape };
  const spec = normalise(input as ClusterSpec);
  const violations = [
    ...checkNames(spec),
    ...checkPools(spec),
    ...checkQuorum(spec),
    ...checkConfig('kafka.config', spec.kafka.config, 'broker'),
    ...checkDefaults(spec),
    ...checkTopics(spec),
    ...checkLoad(spec),
  ];
  return violations.length > 0 ? { violations } : { spec, violations: [] };
}

const namePattern = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** Names of clusters (and pools): they become ids, files and host names. */
export const isClusterName = (name: string): boolean => namePattern.test(name);
/** Providers with an implementation; docker and ec2 have the interface but come later. */
const providers = ['local'];
/** Types of the `local` provider: heap in MiB. */
export const localTypes: Record<string, number> = {
  'local.small': 256,
  'local.medium': 512,
  'local.large': 1024,
};
const nodesMax = 1000;

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
    found.push(violation('name', 'name', `\`${spec.name}\` is not a cluster name`, remedy));
  }
  if (!providers.includes(spec.provider)) {
    const remedy = `use ${providers.join(' or ')}; docker and ec2 are not built yet`;
    found.push(violation('provider', 'provider', `no provider \`${spec.provider}\``, remedy));
  }
  if (spec.kafka.version !== kafkaVersion) {
    const message = `Kafka ${spec.kafka.version} is not supported`;
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
      ? [violation(`nodes[${i}].pool`, 'pool-unique', `\`${name}\` is there twice`, 'rename one')]
      : [],
  );
  const total = spec.nodes.reduce((sum, n) => sum + Math.max(0, n.count), 0);
  const many = `${total} nodes are more than ${nodesMax}`;
  return [
    ...repeated,
    ...(total > nodesMax ? [violation('nodes', 'node-limit', many, 'ask for fewer')] : []),
    ...spec.nodes.flatMap((pool, i) => checkPool(spec, pool, `nodes[${i}]`)),
  ];
}

function checkPool(spec: NormalSpec, pool: NormalSpec['nodes'][number], at: string): Violation[] {
  const found: Violation[] = [];
  const add = (field: string, rule: string, message: string, remedy: string) =>
    found.push(violation(`${at}.${field}`, rule, message, remedy));
  if (!namePattern.test(pool.pool)) {
    add('pool', 'name', `\`${pool.pool}\` is not a pool name`, 'use a–z, 0–9 and -, at most 40');
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
  if (pool.racks.some((rack) => !namePattern.test(rack))) {
    add('racks', 'name', 'holds a name that is no rack name', 'use a–z, 0–9 and -, at most 40');
  }
  if (spec.provider === 'local' && !(pool.instanceType in localTypes)) {
    const known = Object.keys(localTypes).join(', ');
    add('instanceType', 'instance-type', `no type \`${pool.instanceType}\``, `use one of ${known}`);
  }
  if (pool.diskGiB < 1) add('diskGiB', 'disk', `${pool.diskGiB} GiB`, 'ask for at least 1');
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

/** Cluster-wide defaults that must fit each other and the number of brokers. */
function checkDefaults(spec: NormalSpec): Violation[] {
  const { config } = spec.kafka;
  const brokers = brokerCount(spec);
  if (brokers === 0) return [];
  const factor = Number(config['default.replication.factor'] ?? Math.min(3, brokers));
  const minIsr = Number(config['min.insync.replicas'] ?? 1);
  const found: Violation[] = [];
  if (factor > brokers) {
    const field = 'kafka.config["default.replication.factor"]';
    const message = `${factor} replicas need ${factor} brokers, there are ${brokers}`;
    found.push(violation(field, 'rf-brokers', message, `use at most ${brokers}`));
  }
  if (minIsr > 1 && minIsr >= factor) {
    const field = 'kafka.config["min.insync.replicas"]';
    const message = `${minIsr} with a default replication factor of ${factor} allows no broker to stop`;
    found.push(violation(field, 'min-isr', message, `use at most ${Math.max(1, factor - 1)}`));
  }
  return found;
}

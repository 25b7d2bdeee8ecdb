/**
 * What must hold after every trial, whatever was killed: exactly the machines, disks, addresses,
 * users and topics that the outcome calls for, and not one process or directory more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { settingsFrom } from '../../contracts/settings.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import type { Bench } from './bench.ts';

export interface Expectation {
  /** Slots and topics after success. */
  slots: string[];
  topics: string[];
  /** The same after a rollback: how it was before. */
  before: { slots: string[]; topics: string[] };
}

const successes = ['ready', 'untested', 'unchanged', 'applied', 'quarantined'];
const undone = ['RolledBack', 'Aborted'];
const acceptable = [...successes, ...undone, 'Held', 'destroyed'];

/** Empty when all is well. */
export async function findViolations(
  bench: Bench,
  cluster: string,
  outcome: string,
  expect: Expectation,
): Promise<string[]> {
  if (!acceptable.includes(outcome)) return [`ended with ${outcome}`];
  // A held operation says what is left; the destroy that follows it must find all of that.
  if (outcome === 'Held') return leftovers(bench);
  const wanted =
    outcome === 'destroyed'
      ? { slots: [], topics: [] }
      : undone.includes(outcome)
        ? expect.before
        : { slots: expect.slots, topics: expect.topics };
  return [
    ...(await resourceViolations(bench, cluster, wanted.slots)),
    ...(await leftovers(bench)),
    ...(wanted.slots.length > 0 ? await kafkaViolations(bench, cluster, wanted) : []),
    ...(await secretViolations(bench, cluster, wanted.slots.length > 0)),
  ];
}

async function resourceViolations(
  { cloud }: Bench,
  cluster: string,
  slots: string[],
): Promise<string[]> {
  const tags = { 'asgard:cluster': cluster };
  const live = {
    instances: (await cloud.listInstances({ tags })).filter((r) => r.state !== 'terminated'),
    volumes: (await cloud.listVolumes({ tags })).filter((r) => r.state !== 'deleted'),
    interfaces: (await cloud.listInterfaces({ tags })).filter((r) => r.state !== 'deleted'),
  };
  return Object.entries(live).flatMap(([kind, found]) => {
    const have = found.map((r) => r.tags['asgard:slot'] ?? '?').sort();
    const want = [...slots].sort();
    return have.join() === want.join()
      ? []
      : [`${kind}: ${have.join(' ') || 'none'}, wanted ${want.join(' ') || 'none'}`];
  });
}

/** Processes and directories that belong to no live record, and brokers that run twice. */
async function leftovers({ cloud, home }: Bench): Promise<string[]> {
  const instances = (await cloud.listInstances({ tags: {} })).filter(
    (i) => i.state !== 'terminated',
  );
  const volumes = (await cloud.listVolumes({ tags: {} })).filter((v) => v.state !== 'deleted');
  const found = brokerProcesses(home);
  const orphans = found.filter((id) => !instances.some((i) => i.id === id));
  const twice = found.filter((id, index) => found.indexOf(id) < index);
  const dirs = (kind: string, ids: string[]) =>
    list(join(home, 'cloud/local', kind))
      .filter((name) => !ids.includes(name))
      .map((name) => `directory ${kind}/${name} belongs to nothing`);
  return [
    ...orphans.map((id) => `broker process of ${id} belongs to nothing`),
    ...twice.map((id) => `two broker processes of ${id}`),
    ...dirs(
      'instances',
      instances.map((i) => i.id),
    ),
    ...dirs(
      'volumes',
      volumes.map((v) => v.id),
    ),
  ];
}

/** Instance ids of the JVMs that run kafka.Kafka from this home. */
function brokerProcesses(home: string): string[] {
  return list('/proc').flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const id = /-Dasgard\.instance=([\w-]+)/.exec(line)?.[1];
      return id && line.includes(home) ? [id] : [];
    } catch {
      return [];
    }
  });
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

async function kafkaViolations(
  bench: Bench,
  cluster: string,
  wanted: { slots: string[]; topics: string[] },
): Promise<string[]> {
  const { paths } = settingsFrom({ ASGARD_HOME: bench.home }, homedir());
  const secrets = await createFileSecretStore({ dir: paths.secrets }).read(cluster);
  if (!secrets) return ['no credentials are stored'];
  const nics = await bench.cloud.listInterfaces({ tags: { 'asgard:cluster': cluster } });
  const brokers = nics.filter((n) => n.state !== 'deleted').map((n) => `${n.host}:${n.clientPort}`);
  const open = () =>
    openKafkaAdmin({ brokers, username: 'asgard-admin', password: secrets.passwords.admin });
  // A broker killed at the very end stays down: Kafka then has nobody to ask, which is no leftover.
  const admin = await open().catch(() => undefined);
  if (!admin) return [];
  try {
    const topics = (await admin.topics())
      .filter((t) => !t.internal)
      .map((t) => t.name)
      .sort();
    const users = await admin.scramUsers();
    const registered = (await admin.brokers()).length;
    return [
      ...differ('topics', topics, [...wanted.topics].sort()),
      ...differ('users', users, ['asgard-admin', 'asgard-broker']),
      ...differ('ACL principals', await admin.aclPrincipals(), []),
      ...(registered > wanted.slots.length ? [`${registered} brokers are registered`] : []),
    ];
  } catch {
    return [];
  } finally {
    await admin.close();
  }
}

const differ = (what: string, have: string[], want: string[]): string[] =>
  have.join() === want.join() ? [] : [`${what}: ${have.join(' ')}, wanted ${want.join(' ')}`];

async function secretViolations(
  { home }: Bench,
  cluster: string,
  wanted: boolean,
): Promise<string[]> {
  const { paths } = settingsFrom({ ASGARD_HOME: home }, homedir());
  const stored = list(paths.secrets).filter((name) => name.startsWith(`${cluster}.`));
  const has = stored.includes(`${cluster}.json`);
  if (has === wanted && (wanted || stored.length === 0)) return [];
  return [`secrets: ${stored.join(' ') || 'none'}, wanted ${wanted ? 'some' : 'none'}`];
}

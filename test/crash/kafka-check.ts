/**
 * What Kafka itself says of a cluster, against what it should: registrations (fenced ones too),
 * in-sync replicas of every partition, topics, users, rights, groups. Not being able to ask is a
 * finding, never a pass.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, createAPI, type Reader, Writer } from '@platformatic/kafka';
import { principals } from '../../contracts/names.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import { createWire, type Wire } from '../../providers/kafka/connection.ts';
import type { KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import type { TrialBench } from './bench.ts';
import { instancesOf, pathsOf, type Wanted } from './cloud-check.ts';

/** Where Kafka is and as whom to ask; a string says why it cannot be asked. */
export async function accessTo(bench: TrialBench, cluster: string): Promise<KafkaAccess | string> {
  const secrets = await createFileSecretStore({ dir: pathsOf(bench).secrets }).read(cluster);
  if (!secrets) return 'no credentials are stored';
  const nics = await bench.cloud.listInterfaces({ tags: { 'asgard:cluster': cluster } });
  const live = nics.filter((n) => n.state !== 'deleted');
  const brokers = live.map((n) => `${n.host}:${n.clientPort}`);
  if (brokers.length === 0) return 'no broker has an address';
  return { brokers, username: principals.admin, password: secrets.passwords.admin };
}

/** Slots whose machine does not run now, or whose broker Kafka does not list as unfenced. */
export async function missingNow(
  bench: TrialBench,
  cluster: string,
  slots: string[],
): Promise<string[]> {
  const machines = await instancesOf(bench, cluster);
  const running = machines.filter((i) => i.state === 'running');
  const listed = await listedBrokers(bench, cluster).catch(() => new Set<number>());
  return slots.filter((slot) => {
    const machine = running.find((i) => i.tags['asgard:slot'] === slot);
    return !machine || !listed.has(Number(machine.tags['asgard:node-id']));
  });
}

async function listedBrokers(bench: TrialBench, cluster: string): Promise<Set<number>> {
  const access = await accessTo(bench, cluster);
  if (typeof access === 'string') return new Set();
  return asking(access, async (admin) => new Set((await admin.brokers()).map((b) => b.nodeId)));
}

async function asking<T>(access: KafkaAccess, ask: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = await openKafkaAdmin(access, { timeoutMs: 5_000 });
  try {
    return await ask(admin);
  } finally {
    await admin.close();
  }
}

/**
 * Starts what the product says is stopped without having been asked to, as its next plan would, and
 * waits until Kafka is whole. Empty when it is.
 */
export async function heal(
  bench: TrialBench,
  cluster: string,
  patienceMs: number,
): Promise<string[]> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const machines = await instancesOf(bench, cluster);
    for (const { id, state, stateReason } of machines) {
      if (state === 'stopped' && stateReason) await bench.cloud.startInstance({ id });
    }
    const lag = await lagOf(bench, cluster, machines.length).catch(
      (error: Error) => `Kafka cannot be asked: ${error.message}`,
    );
    if (lag === undefined) return [];
    if (Date.now() > end) return [`not whole after ${patienceMs / 1000} s: ${lag}`];
    await sleep(300);
  }
}

async function lagOf(bench: TrialBench, cluster: string, count: number) {
  const access = await accessTo(bench, cluster);
  if (typeof access === 'string') return access;
  return asking(access, async (admin) => {
    const brokers = await admin.brokers();
    if (brokers.length < count) return `${brokers.length} of ${count} brokers are registered`;
    const behind = (await admin.topics()).flatMap((t) =>
      t.partitions
        .filter((p) => p.leader < 0 || p.isr.length < p.replicas.length)
        .map((p) => `${t.name}-${p.partition}`),
    );
    return behind.length > 0 ? `not in sync: ${behind.slice(0, 5).join(', ')}` : undefined;
  });
}

/** The whole look inside, once all brokers are there. */
export async function kafkaViolations(
  bench: TrialBench,
  cluster: string,
  wanted: Wanted,
): Promise<string[]> {
  const access = await accessTo(bench, cluster);
  if (typeof access === 'string') return [access];
  const machines = await instancesOf(bench, cluster);
  const ids = machines.map((i) => Number(i.tags['asgard:node-id']));
  for (const end = Date.now() + answerWithinMs; ; await sleep(500)) {
    try {
      return [
        ...(await asking(access, (admin) => insideViolations(admin, wanted))),
        ...differ('registrations', await registrations(access), ids.map(String)),
        ...differ('groups', await groups(access), []),
      ];
    } catch (error) {
      // A coordinator that has just come back loads its groups first.
      const { message, errors = [] } = error as AggregateError;
      const causes = errors.map((e: Error) => e.message).join('; ');
      if (Date.now() > end) return [`Kafka cannot be asked: ${message} ${causes}`.trim()];
    }
  }
}

const answerWithinMs = 20_000;

async function insideViolations(admin: KafkaAdmin, wanted: Wanted): Promise<string[]> {
  const topics = await admin.topics();
  const own = topics.filter((t) => !t.internal).map((t) => t.name);
  const untold = topics.filter((t) => t.unknown).map((t) => `${t.name}: ${t.unknown}`);
  return [
    ...differ('topics', own, wanted.topics),
    ...differ('topics not told', untold, []),
    ...differ('users', await admin.scramUsers(), [principals.admin, principals.broker]),
    ...differ('ACL principals', await admin.aclPrincipals(), []),
  ];
}

function differ(what: string, have: string[], want: string[]): string[] {
  const [a, b] = [have, want].map((names) => [...names].sort().join(' '));
  return a === b ? [] : [`${what}: ${a || 'none'}, wanted ${b || 'none'}`];
}

async function groups({ brokers, username, password }: KafkaAccess): Promise<string[]> {
  const admin = new Admin({
    clientId: 'crash-check',
    bootstrapBrokers: brokers,
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    retries: 1,
  });
  try {
    return [...(await admin.listGroups()).keys()];
  } finally {
    await admin.close();
  }
}

/** Every registered broker; one that is fenced says so. */
async function registrations(access: KafkaAccess): Promise<string[]> {
  const wire: Wire = createWire(access, 5_000);
  try {
    const { brokers } = await wire.ask((c) => describeCluster.async(c, false, 1, true));
    return brokers.map((b) => (b.isFenced ? `${b.brokerId} (fenced)` : String(b.brokerId)));
  } finally {
    await wire.close();
  }
}

interface ClusterAnswer {
  brokers: { brokerId: number; isFenced: boolean }[];
}

/** DescribeCluster version 2, the first that tells of fenced brokers; the client knows only 1. */
const describeCluster = createAPI<[boolean, number, boolean], ClusterAnswer>(
  60,
  2,
  (authorized, endpoint, fenced) =>
    Writer.create()
      .appendBoolean(authorized)
      .appendInt8(endpoint)
      .appendBoolean(fenced)
      .appendTaggedFields(),
  (_id, _key, _version, reader: Reader) => {
    reader.readInt32();
    const error = reader.readInt16();
    const message = reader.readNullableString();
    if (error !== 0) throw new Error(`DescribeCluster: ${error} ${message ?? ''}`);
    reader.readInt8();
    reader.readString();
    reader.readInt32();
    const brokers = reader.readArray((r) => {
      const brokerId = r.readInt32();
      r.readString();
      r.readInt32();
      r.readNullableString();
      return { brokerId, isFenced: r.readBoolean() };
    });
    return { brokers };
  },
);

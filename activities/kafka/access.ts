/**
 * Opening Kafka's administration for a cluster: addresses from the cloud, credentials from the
 * secret store. Nothing here may be returned from an activity.
 */

import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { tagKeys } from '../../providers/cloud/cloud.ts';
import type { KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import { peersOf } from '../cloud/instances.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { cloudOf } from '../lib/slots.ts';

export type AccessScope = Pick<StepScope, 'cluster' | 'provider'>;

/** Addresses of all brokers, in node order. */
export async function brokerAddresses(deps: ActivityDeps, scope: AccessScope): Promise<string[]> {
  const peers = await peersOf(cloudOf(deps, scope.provider), scope.cluster);
  return peers.filter((p) => p.roles.includes('broker')).map((p) => `${p.host}:${p.clientPort}`);
}

/** Access as the admin principal. */
export async function adminAccess(deps: ActivityDeps, scope: AccessScope): Promise<KafkaAccess> {
  const secrets = await deps.secrets.read(scope.cluster);
  if (!secrets) throw failure('ProviderRefused', `no credentials of ${scope.cluster} are stored`);
  const brokers = await brokerAddresses(deps, scope);
  if (brokers.length === 0) throw new KafkaError('unavailable', `${scope.cluster} has no broker`);
  return { brokers, username: principals.admin, password: secrets.passwords.admin };
}

/** Opens, works, closes, whatever happens. */
export async function withAdmin<T>(
  deps: ActivityDeps,
  scope: AccessScope,
  work: (admin: KafkaAdmin) => Promise<T>,
): Promise<T> {
  const admin = await deps.openKafka(await adminAccess(deps, scope), { timeoutMs: 5_000 });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/**
 * `withAdmin` for an operation that holds the lease: when Kafka does not answer, machines that
 * ended by themselves are started again, and the error is passed on to be retried.
 */
export async function withRevivedAdmin<T>(
  deps: ActivityDeps,
  scope: AccessScope,
  work: (admin: KafkaAdmin) => Promise<T>,
): Promise<T> {
  try {
    return await withAdmin(deps, scope, work);
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'unavailable') await revive(deps, scope);
    throw error;
  }
}

async function revive(deps: ActivityDeps, scope: AccessScope): Promise<void> {
  const cloud = cloudOf(deps, scope.provider);
  const instances = await cloud.listInstances({ tags: { [tagKeys.cluster]: scope.cluster } });
  // A machine without a reason was stopped on purpose, by a restart step or a person.
  const crashed = instances.filter((i) => i.state === 'stopped' && i.stateReason);
  for (const { id } of crashed) await cloud.startInstance({ id });
}

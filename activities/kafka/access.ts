/**
 * Opening Kafka's administration for a cluster: addresses from the cloud, credentials from the
 * secret store. Nothing here may be returned from an activity.
 */

import { principals } from '../../contracts/names.ts';
import type { KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import { peersOf } from '../cloud/instances.ts';
import type { ActivityDeps, StepScope } from '../lib/deps.ts';
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

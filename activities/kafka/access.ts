/**
 * Opening Kafka's administration for a cluster: addresses from the cloud, credentials from the
 * secret store. Nothing here may be returned from an activity.
 */

import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import { peersOf } from '../cloud/instances.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure, finalFailure } from '../lib/failure.ts';
import { type Beat, pause } from '../lib/heartbeat.ts';
import { cloudOf } from '../lib/slots.ts';

export type AccessScope = Pick<StepScope, 'cluster' | 'provider'>;

/** Addresses of all brokers, in node order. */
export async function brokerAddresses(deps: ActivityDeps, scope: AccessScope): Promise<string[]> {
  const peers = await peersOf(cloudOf(deps, scope.provider), scope.cluster);
  return peers.filter((p) => p.roles.includes('broker')).map((p) => `${p.host}:${p.clientPort}`);
}

/**
 * How the admin gets in. ProviderRefused without credentials; KafkaError `unavailable` while the
 * cloud shows no broker.
 */
async function adminAccess(deps: ActivityDeps, scope: AccessScope): Promise<KafkaAccess> {
  const secrets = await deps.secrets.read(scope.cluster);
  if (!secrets) throw failure('ProviderRefused', `no credentials of ${scope.cluster} are stored`);
  const brokers = await brokerAddresses(deps, scope);
  if (brokers.length === 0) throw new KafkaError('unavailable', `${scope.cluster} has no broker`);
  return { brokers, username: principals.admin, password: secrets.passwords.admin };
}

/**
 * Opens, works, closes, whatever happens. Starts nothing: who needs Kafka while it is away says so,
 * and the operation decides.
 */
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

/** A broker's start takes some seconds; whoever waits longer should ask why. */
const patienceMs = 10_000;
const pollMs = 500;

/**
 * `withAdmin`, asked again while Kafka does not answer, for ten seconds. Then it fails with
 * KafkaUnavailable for good: it is for the operation to look at its machines, and to ask again.
 * `work` must be safe to repeat.
 */
export async function withPatientAdmin<T>(
  deps: ActivityDeps,
  scope: AccessScope,
  { beat: { signal, say }, work }: { beat: Beat; work: (admin: KafkaAdmin) => Promise<T> },
): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      return await withAdmin(deps, scope, work);
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code === 'refused') throw error;
      if (Date.now() > end) throw finalFailure('KafkaUnavailable', error.message);
      say(`Kafka does not answer: ${error.message}`);
      await pause(pollMs, signal);
    }
  }
}

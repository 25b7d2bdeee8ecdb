/**
 * Making and removing what a load test needs: a user, its rights, a topic, and the group that its
 * proof leaves. The undo is `cleanLoadTest`, recorded before `prepareLoadTest`. Nothing here starts
 * machines: a test that mends the cluster proves nothing.
 */
import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { brokersAllDown } from '../../domain/cluster/standing.ts';
import { olderTests, testName } from '../../domain/load/leftovers.ts';
import type { AclRule, KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { peersOf } from '../cloud/instances.ts';
import { brokerAddresses, withAdmin } from '../kafka/access.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure, finalFailure } from '../lib/failure.ts';
import { beating } from '../lib/heartbeat.ts';
import { cloudOf } from '../lib/slots.ts';
import { machinesOf } from './standing.ts';

export interface LoadStep {
  scope: StepScope;
  /** Names topic, group and records of this test; unique per operation, and tells its age. */
  testId: string;
  load: NormalLoad;
}

const scramIterations = 4096;
const principal = `User:${principals.load}`;
/**
 * What the cluster's defaults must not decide: nothing is deleted or compacted away before it was
 * read back, and a batch of the generator fits. Durability is the cluster's own.
 */
const ownConfig = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': '1048588',
};

/** The load user may use what is named after its test, and nothing else. */
function rightsOn(name: string): AclRule[] {
  const on = (resource: AclRule['resource'], operations: AclRule['operations']): AclRule => ({
    principal,
    resource,
    name,
    pattern: 'literal',
    operations,
  });
  return [
    on('topic', ['read', 'write', 'describe']),
    on('group', ['read', 'describe']),
    on('transactional-id', ['write', 'describe']),
  ];
}

export function createSetUpActivities(deps: ActivityDeps) {
  return {
    /**
     * Removes what earlier tests left (a terminated one cannot clean up), then makes the load user
     * with rights on its own names only, and the topic. Answers with what was removed. Safe to
     * repeat. Fails with KafkaRefused, LoadTestBroken, and KafkaUnavailable when no broker runs;
     * else that is retried.
     */
    prepareLoadTest: ({ scope, testId, load }: LoadStep): Promise<{ removed: string[] }> =>
      beating(() =>
        withRunning(deps, scope, async (admin) => {
          const password = await passwordOf(deps, scope);
          const removed = await removeOlder(admin, testId);
          const name = testName(testId);
          const { partitions, replicationFactor } = load;
          await admin.createTopics([{ name, partitions, replicationFactor, config: ownConfig }]);
          const iterations = scramIterations;
          await admin.upsertScramUser({ username: principals.load, password, iterations });
          await admin.createAcls(rightsOn(name));
          return { removed };
        }),
      ),

    /**
     * Removes topic, group, rights and user of the test. Safe to repeat; accepts that nothing is
     * there. Fails with KafkaUnavailable when no broker runs; else that is retried.
     */
    cleanLoadTest: ({ scope, testId }: Omit<LoadStep, 'load'>): Promise<void> =>
      beating(() =>
        withRunning(deps, scope, async (admin) => {
          const name = testName(testId);
          await admin.deleteTopics([name]);
          await admin.deleteAclsOf(principal);
          await admin.deleteScramUser(principals.load);
          if ((await admin.groups()).includes(name)) await admin.deleteGroup(name);
        }),
      ),
  };
}

/**
 * `withAdmin`, but for a cluster of which no broker runs: that is for good, since a load test
 * starts no machine. Asked before each try, so that one who dies meanwhile costs one try.
 */
async function withRunning<T>(
  deps: ActivityDeps,
  scope: StepScope,
  work: (admin: KafkaAdmin) => Promise<T>,
): Promise<T> {
  const peers = await peersOf(cloudOf(deps, scope.provider), scope.cluster);
  const machines = await machinesOf(deps, scope);
  const down = brokersAllDown(peers, { at: '', ...machines });
  if (down.length > 0) throw finalFailure('KafkaUnavailable', `no broker runs: ${down.join('; ')}`);
  return withAdmin(deps, scope, work);
}

/** The lease lets one test at a time run, so rights and user of an older one are nobody's. */
async function removeOlder(admin: KafkaAdmin, testId: string): Promise<string[]> {
  const names = (await admin.topics()).map((topic) => topic.name);
  const topics = olderTests(names, testId);
  const groups = olderTests(await admin.groups(), testId);
  const users = (await admin.scramUsers()).filter((name) => name === principals.load);
  if (topics.length > 0) await admin.deleteTopics(topics);
  for (const name of groups) await admin.deleteGroup(name);
  await admin.deleteAclsOf(principal);
  return [
    ...topics.map((name) => `topic ${name}`),
    ...groups.map((name) => `group ${name}`),
    ...users.map((name) => `rights of user ${name}`),
  ];
}

async function passwordOf(deps: ActivityDeps, { cluster }: StepScope): Promise<string> {
  const secrets = await deps.secrets.read(cluster);
  if (!secrets) throw failure('LoadTestBroken', 'no credentials are stored');
  return secrets.passwords.load;
}

/** Access as the load user; LoadTestBroken when no credentials are stored. */
export async function loadAccess(deps: ActivityDeps, scope: StepScope): Promise<KafkaAccess> {
  const brokers = await brokerAddresses(deps, scope);
  return { brokers, username: principals.load, password: await passwordOf(deps, scope) };
}

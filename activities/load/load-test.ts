/**
 * Activities of the load test: a user, its rights and a topic that exist only while the test runs,
 * and the measurement itself. The undo is `cleanLoadTest`, recorded before `prepareLoadTest`.
 */

import type { LoadReport } from '../../contracts/load.ts';
import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import type { AclRule } from '../../providers/kafka/kafka.ts';
import { brokerAddresses, withRevivedAdmin } from '../kafka/access.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { beating } from '../lib/heartbeat.ts';

export interface LoadStep {
  scope: StepScope;
  /** Names topic and records of this test; unique per operation. */
  runId: string;
  load: NormalLoad;
}

const scramIterations = 4096;
export const loadTopic = (runId: string): string => `asgard-load-${runId}`;
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

/** The load user may use its own topic and nothing else; it reads without a consumer group. */
const rightsOn = (name: string): AclRule[] => [
  {
    principal,
    resource: 'topic',
    name,
    pattern: 'literal',
    operations: ['read', 'write', 'describe'],
  },
];

export function createLoadActivities(deps: ActivityDeps) {
  return {
    /** Makes the load user with rights on its own topic only, and the topic. Safe to repeat. */
    prepareLoadTest: ({ scope, runId, load }: LoadStep): Promise<void> =>
      beating(() =>
        withRevivedAdmin(deps, scope, async (admin) => {
          const secrets = await deps.secrets.read(scope.cluster);
          if (!secrets) throw failure('LoadTestBroken', 'no credentials are stored');
          const name = loadTopic(runId);
          const { partitions, replicationFactor } = load;
          await admin.createTopics([{ name, partitions, replicationFactor, config: ownConfig }]);
          await admin.upsertScramUser({
            username: principals.load,
            password: secrets.passwords.load,
            iterations: scramIterations,
          });
          await admin.createAcls(rightsOn(name));
        }),
      ),

    /**
     * Runs the load and measures. Repeated after a crash it starts over under a new record id, so
     * records of the broken attempt are not counted.
     */
    runLoadTest: ({ scope, runId, load }: LoadStep): Promise<LoadReport> =>
      beating(async ({ signal, say }) => {
        const secrets = await deps.secrets.read(scope.cluster);
        if (!secrets) throw failure('LoadTestBroken', 'no credentials are stored');
        return deps.runLoad({
          access: {
            brokers: await brokerAddresses(deps, scope),
            username: principals.load,
            password: secrets.passwords.load,
          },
          topic: loadTopic(runId),
          runId: `${runId}-${Date.now().toString(36)}`,
          load,
          onProgress: ({ text }) => say(text),
          signal,
        });
      }),

    /**
     * Removes topic, rights and user of the test. Safe to repeat; accepts that nothing is there.
     */
    cleanLoadTest: ({ scope, runId }: Omit<LoadStep, 'load'>): Promise<void> =>
      beating(() =>
        withRevivedAdmin(deps, scope, async (admin) => {
          await admin.deleteTopics([loadTopic(runId)]);
          await admin.deleteAclsOf(principal);
          await admin.deleteScramUser(principals.load);
        }),
      ),
  };
}

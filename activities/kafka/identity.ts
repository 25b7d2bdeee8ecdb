/**
 * Activities on a cluster's identity (cluster id and credentials) and on how clients connect. The
 * secrets stay in the store; only where they are is ever returned.
 */

import type { Connection } from '../../contracts/cluster.ts';
import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating } from '../lib/heartbeat.ts';
import { brokerAddresses } from './access.ts';

export function createIdentityActivities(deps: ActivityDeps) {
  const note = (scope: StepScope, call: string) =>
    deps.journal({
      cluster: scope.cluster,
      operationId: scope.operationId,
      call: `secrets.${call} ${scope.cluster}`,
    });
  return {
    /** Makes cluster id and passwords, or keeps those that are stored. Safe to repeat. */
    createIdentity: ({ scope }: { scope: StepScope }): Promise<void> =>
      beating(async () => {
        await deps.secrets.create(scope.cluster);
        await note(scope, 'create');
      }),

    /** Forgets them; accepts that they are gone. The data of a cluster is unreadable afterwards. */
    deleteIdentity: ({ scope }: { scope: StepScope }): Promise<void> =>
      beating(async () => {
        await deps.secrets.delete(scope.cluster);
        await note(scope, 'delete');
      }),

    /** Writes client.properties (0600) and says how clients connect. Safe to repeat. */
    describeConnection: ({ scope }: { scope: StepScope }): Promise<Connection> =>
      beating(async () => {
        const bootstrap = (await brokerAddresses(deps, scope)).join(',');
        return {
          bootstrap,
          securityProtocol: 'SASL_PLAINTEXT',
          mechanism: 'SCRAM-SHA-512',
          username: principals.admin,
          clientPropertiesFile: await deps.secrets.writeClientProperties(scope.cluster, bootstrap),
        };
      }),
  };
}

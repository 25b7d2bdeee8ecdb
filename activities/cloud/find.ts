/** Where a cluster is: asked of every provider when nobody remembers it. */
import { tagKeys } from '../../providers/cloud/cloud.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating } from '../lib/heartbeat.ts';
import { live } from './resources.ts';

export const createFindActivities = (deps: ActivityDeps) => ({
  /**
   * Names of the providers that hold anything with the cluster's tag, also without a record of it.
   * Read-only; safe to repeat.
   * Fails, retryably, when any provider cannot be asked: absent there is not known then.
   */
  findCluster: ({ cluster }: { cluster: string }): Promise<string[]> =>
    beating(async () => {
      const found = await Promise.all(
        Object.entries(deps.clouds).map(async ([name, cloud]) => {
          const tags = { [tagKeys.cluster]: cluster };
          const all = await Promise.all([
            cloud.listVolumes({ tags }),
            cloud.listInterfaces({ tags }),
            cloud.listInstances({ tags }),
          ]);
          const strangers = await cloud.listStrangers({ tags });
          return strangers.length > 0 ||
            all.some((resources) => live<{ state: string }>(resources).length > 0)
            ? [name]
            : [];
        }),
      );
      return found.flat();
    }),
});

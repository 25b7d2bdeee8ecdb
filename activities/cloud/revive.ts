/**
 * Starting machines again that ended by themselves. Only by name: an operation that holds the lease
 * calls it, it is counted and journalled, and it never happens while somebody only looks. Beside a
 * drill (`scope.revive: false`) nothing is started: a drill's kill is meant.
 */
import type { StepScope } from '../../contracts/scope.ts';
import { type CloudInstance, tagKeys } from '../../providers/cloud/cloud.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating } from '../lib/heartbeat.ts';
import { cloudOf } from '../lib/slots.ts';
import { live, noteCloudCall } from './resources.ts';

/**
 * True for a machine that ended, or could not be started, without being asked to stop. One stopped
 * on purpose (a restart step, a person) has no such reason, and an emptied disk needs a person.
 */
export const mayRevive = (scope: StepScope, { state, stateCode }: CloudInstance): boolean =>
  scope.revive !== false &&
  state === 'stopped' &&
  (stateCode === 'ended' || stateCode === 'not-started');

/** Starts one machine again and journals it as any start. Safe to repeat. */
export async function revive(
  deps: ActivityDeps,
  scope: StepScope,
  { id, tags }: CloudInstance,
): Promise<void> {
  await cloudOf(deps, scope.provider).startInstance({ id });
  await noteCloudCall(deps)(scope, 'startInstance', tags[tagKeys.slot] ?? id);
}

export const createReviveActivities = (deps: ActivityDeps) => ({
  /**
   * Starts every machine of the cluster that ended by itself, and answers their slots; it does not
   * wait until they are up. For a step that needs Kafka while Kafka is away. Safe to repeat.
   * Retried: Throttled, ProviderUnavailable.
   */
  reviveNodes: ({ scope }: { scope: StepScope }): Promise<string[]> =>
    beating(async ({ say }) => {
      const cloud = cloudOf(deps, scope.provider);
      const found = live(
        await cloud.listInstances({ tags: { [tagKeys.cluster]: scope.cluster } }),
      ).filter((instance) => mayRevive(scope, instance));
      for (const instance of found) {
        say(`starting ${instance.tags[tagKeys.slot]} again: ${instance.stateReason}`);
        await revive(deps, scope, instance);
      }
      return found.map(({ tags }) => tags[tagKeys.slot] ?? '');
    }),
});

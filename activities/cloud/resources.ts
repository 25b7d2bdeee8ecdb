/**
 * Activities on the slot's volume and network interface, each beside its undo.
 */
import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { CloudError } from '../../providers/cloud/cloud.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating } from '../lib/heartbeat.ts';
import { cloudOf, findLate, makeOnce, nodeTags, slotTags } from '../lib/slots.ts';

export interface NodeStep {
  scope: StepScope;
  node: NodeTarget;
}

export const createResourceActivities = (deps: ActivityDeps) => ({
  ...volumeActivities(deps),
  ...interfaceActivities(deps),
});

/** Writes a call that took effect into the journal. */
export const noteCloudCall =
  (deps: ActivityDeps) =>
  (scope: StepScope, call: string, slot: string): Promise<void> =>
    deps.journal({
      cluster: scope.cluster,
      operationId: scope.operationId,
      call: `cloud.${call} ${slot}`,
    });

function volumeActivities(deps: ActivityDeps) {
  const note = noteCloudCall(deps);
  return {
    /** Makes the slot's data volume. Safe to repeat: found by tag, or made once by its token. */
    createVolume: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async () => {
        const cloud = cloudOf(deps, scope.provider);
        const tags = nodeTags(scope, node);
        const { created } = await makeOnce({
          find: async () =>
            live(await cloud.listVolumes({ tags: slotTags(scope.cluster, node.slot) })),
          create: (token) =>
            cloud.createVolume({ token, diskGiB: node.diskGiB, rack: node.rack, tags }),
          tokenParts: ['volume', JSON.stringify(tags), node.diskGiB],
        });
        if (created) await note(scope, 'createVolume', node.slot);
      }),

    /** Deletes every volume of the slot. Safe to repeat; accepts that there is none. */
    deleteVolume: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async ({ signal }) => {
        const cloud = cloudOf(deps, scope.provider);
        const tags = slotTags(scope.cluster, node.slot);
        const find = async () => live(await cloud.listVolumes({ tags }));
        for (const volume of await findLate(cloud, find, signal)) {
          await cloud.deleteVolume({ id: volume.id });
          await note(scope, 'deleteVolume', node.slot);
        }
      }),

    /** Grows the slot's volume to the size wanted. Safe to repeat; cannot be undone. */
    growVolume: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async () => {
        const cloud = cloudOf(deps, scope.provider);
        const tags = slotTags(scope.cluster, node.slot);
        const [volume] = live(await cloud.listVolumes({ tags }));
        if (!volume) throw new CloudError('NotFound', `no volume of ${node.slot} is visible`);
        if (volume.diskGiB >= node.diskGiB) return;
        await cloud.growVolume({ id: volume.id, diskGiB: node.diskGiB });
        await note(scope, 'growVolume', node.slot);
      }),
  };
}

function interfaceActivities(deps: ActivityDeps) {
  const note = noteCloudCall(deps);
  return {
    /** Makes the slot's network interface. Safe to repeat. */
    createInterface: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async () => {
        const cloud = cloudOf(deps, scope.provider);
        const tags = nodeTags(scope, node);
        const { created } = await makeOnce({
          find: async () =>
            live(await cloud.listInterfaces({ tags: slotTags(scope.cluster, node.slot) })),
          create: (token) => cloud.createInterface({ token, rack: node.rack, tags }),
          tokenParts: ['interface', JSON.stringify(tags)],
        });
        if (created) await note(scope, 'createInterface', node.slot);
      }),

    /** Deletes every interface of the slot. Safe to repeat; accepts that there is none. */
    deleteInterface: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async ({ signal }) => {
        const cloud = cloudOf(deps, scope.provider);
        const tags = slotTags(scope.cluster, node.slot);
        const find = async () => live(await cloud.listInterfaces({ tags }));
        for (const nic of await findLate(cloud, find, signal)) {
          await cloud.deleteInterface({ id: nic.id });
          await note(scope, 'deleteInterface', node.slot);
        }
      }),
  };
}

/** Leaves out what the cloud still lists but no longer has. */
export function live<T extends { state: string }>(resources: T[]): T[] {
  return resources.filter((r) => r.state !== 'deleted' && r.state !== 'terminated');
}

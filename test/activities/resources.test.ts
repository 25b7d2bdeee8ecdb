/**
 * Disks, addresses and credentials of a slot on a cloud that loses requests and answers, throttles
 * and shows things late: each is made once and deleted wholly, however often it must be tried.
 */
import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { FaultKind } from '../../providers/cloud/faults.ts';
import {
  type ActivityLab,
  nodeOf,
  openActivityLab,
  persist,
  run,
  scope,
} from '../support/activity-lab.ts';

let lab: ActivityLab;
let activities: ReturnType<typeof createActivities>;
beforeEach(() => {
  lab = openActivityLab();
  activities = createActivities(lab.deps);
});
afterEach(() => lab.close());

const node = nodeOf(0);
const kinds = [
  {
    kind: 'Volume',
    create: () => activities.cloud.createVolume({ scope, node }),
    remove: () => activities.cloud.deleteVolume({ scope, node }),
    live: async () =>
      (await lab.cloud.listVolumes({ tags: {} })).filter((v) => v.state !== 'deleted'),
  },
  {
    kind: 'Interface',
    create: () => activities.cloud.createInterface({ scope, node }),
    remove: () => activities.cloud.deleteInterface({ scope, node }),
    live: async () =>
      (await lab.cloud.listInterfaces({ tags: {} })).filter((v) => v.state !== 'deleted'),
  },
];
const faults: FaultKind[] = ['lost-request', 'lost-answer', 'throttle'];
const journalled = () => lab.journal.map(({ call }) => call);

describe.each(kinds)('the $kind of a slot', ({ kind, create, remove, live }) => {
  it('is made once and deleted, each also twice, and journalled once', async () => {
    await run(create);
    await run(create);
    expect(await live()).toHaveLength(1);
    await run(remove);
    await run(remove);
    expect(await live()).toEqual([]);
    expect(lab.journal).toEqual(
      [`cloud.create${kind} main-0`, `cloud.delete${kind} main-0`].map((call) => ({
        cluster: 'orders',
        operationId: scope.operationId,
        call,
      })),
    );
  });

  it.each(
    faults.flatMap((fault) => [`create${kind}`, `list${kind}s`].map((call) => [fault, call])),
  )('is made once through %s of %s', async (fault, call) => {
    lab.faults([{ call: String(call), nth: 1, kind: fault as FaultKind }]);
    expect(await persist(create)).toBe(2);
    expect(await live()).toHaveLength(1);
    expect(journalled()).toHaveLength(journalled().length === 0 ? 0 : 1);
  });

  it.each(
    faults.flatMap((fault) => [`delete${kind}`, `list${kind}s`].map((call) => [fault, call])),
  )('is deleted through %s of %s', async (fault, call) => {
    await run(create);
    lab.faults([{ call: String(call), nth: 1, kind: fault as FaultKind }]);
    expect(await persist(remove)).toBe(2);
    expect(await live()).toEqual([]);
  });

  it('is one although the first does not show yet', async () => {
    lab.faults([{ call: `create${kind}`, nth: 1, kind: 'lost-answer' }], 60_000);
    await persist(create);
    await run(create);
    expect(await live()).toHaveLength(1);
  });

  it('is deleted although it shows late and its answer was lost', async () => {
    lab.faults([{ call: `create${kind}`, nth: 1, kind: 'lost-answer' }], 400);
    await expect(run(create)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    await run(remove);
    expect(await live()).toEqual([]);
  });

  it('is made anew after it was deleted, under another id', async () => {
    await run(create);
    const [first] = await live();
    await run(remove);
    await run(create);
    const [second] = await live();
    expect(second?.id).not.toBe(first?.id);
  });
});

describe('growVolume', () => {
  const grow = (diskGiB: number) =>
    activities.cloud.growVolume({ scope, node: { ...node, diskGiB } });

  it('grows once, and leaves a disk that is large enough', async () => {
    await run(() => activities.cloud.createVolume({ scope, node }));
    lab.faults([{ call: 'growVolume', nth: 1, kind: 'lost-answer' }]);
    await persist(() => grow(3));
    await run(() => grow(2));
    expect((await lab.cloud.listVolumes({ tags: {} }))[0]?.diskGiB).toBe(3);
    expect(lab.calls().filter((call) => call === 'growVolume')).toHaveLength(1);
  });

  it('is tried again while there is no disk to see', async () => {
    await expect(run(() => grow(3))).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
    });
  });
});

describe('the identity of a cluster', () => {
  it('is kept when it is made again, and gone when it is deleted, also twice', async () => {
    await run(() => activities.cloud.createIdentity({ scope }));
    const first = await lab.deps.secrets.read('orders');
    await run(() => activities.cloud.createIdentity({ scope }));
    expect(await lab.deps.secrets.read('orders')).toEqual(first);
    await run(() => activities.cloud.deleteIdentity({ scope }));
    await run(() => activities.cloud.deleteIdentity({ scope }));
    expect(await lab.deps.secrets.read('orders')).toBeUndefined();
  });

  it('is told by where it is, never by what it is', async () => {
    await run(() => activities.cloud.createIdentity({ scope }));
    await run(() => activities.cloud.createInterface({ scope, node }));
    const connection = await run(() => activities.cloud.describeConnection({ scope }));
    const { passwords } = (await lab.deps.secrets.read('orders')) ?? { passwords: {} };
    for (const password of Object.values(passwords)) {
      expect(JSON.stringify(connection)).not.toContain(password);
    }
    expect(connection.bootstrap).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(statSync(connection.clientPropertiesFile).mode & 0o777).toBe(0o600);
  });
});

/**
 * What every Cloud must keep, as one suite for all implementations. Callers repeat on Throttled and
 * Unavailable, as activities do; nothing else may be needed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type BootDocument, type Cloud, CloudError } from '../../providers/cloud/cloud.ts';

const boot: BootDocument = {
  kafkaVersion: '4.3.1',
  properties: { 'node.id': '0' },
  format: { clusterId: 'AAAAAAAAAAAAAAAAAAAAAA', directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ', scram: [] },
};

/** Repeats as an activity would. */
export async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const again =
        error instanceof CloudError && ['Throttled', 'Unavailable'].includes(error.code);
      if (!again) throw error;
    }
  }
}

export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(25);
  }
  throw new Error('it did not come about');
}

let serial = 0;

/** Runs the suite on what `cloud()` gives; each test uses tags of its own. */
export function cloudContract(cloud: () => Cloud): void {
  const names = () => {
    const name = `t${serial++}`;
    return { token: name, tags: { test: name }, rack: 'rack-a' };
  };
  const machine = async () => {
    const n = names();
    const volume = await persist(() => cloud().createVolume({ ...n, diskGiB: 1 }));
    const nic = await persist(() => cloud().createInterface(n));
    const ids = { volumeId: volume.id, interfaceId: nic.id };
    const request = { ...n, ...ids, instanceType: 'local.small', boot };
    const { id } = await persist(() => cloud().runInstance(request));
    return { ...ids, id, request, tags: n.tags };
  };
  const state = async (tags: Record<string, string>, id: string) =>
    (await persist(() => cloud().listInstances({ tags }))).find((i) => i.id === id)?.state;
  const reaches = (m: { tags: Record<string, string>; id: string }, wanted: string) =>
    until(async () => (await state(m.tags, m.id)) === wanted);

  it('makes one thing for one token, however often it is asked', async () => {
    const n = names();
    const first = await persist(() => cloud().createVolume({ ...n, diskGiB: 1 }));
    const again = await persist(() => cloud().createVolume({ ...n, diskGiB: 1 }));
    expect(again.id).toBe(first.id);
    const found = await until(async () => {
      const list = await persist(() => cloud().listVolumes({ tags: n.tags }));
      return list.length > 0 && list;
    });
    expect(found.map((v) => v.id)).toEqual([first.id]);
  });

  it('refuses a token with other parameters', async () => {
    const n = names();
    await persist(() => cloud().createVolume({ ...n, diskGiB: 1 }));
    const other = persist(() => cloud().createVolume({ ...n, diskGiB: 2 }));
    await expect(other).rejects.toMatchObject({ code: 'IdempotentParameterMismatch' });
  });

  it('takes the same parameters in another order for the same', async () => {
    const { token, rack } = names();
    const first = { token, diskGiB: 1, rack, tags: { one: token, two: token } };
    const again = { tags: { two: token, one: token }, rack, token, diskGiB: 1 };
    const { id } = await persist(() => cloud().createVolume(first));
    expect((await persist(() => cloud().createVolume(again))).id).toBe(id);
  });

  it('refuses a token whose thing is gone', async () => {
    const n = names();
    const { id } = await persist(() => cloud().createInterface(n));
    await persist(() => cloud().deleteInterface({ id }));
    const again = persist(() => cloud().createInterface(n));
    await expect(again).rejects.toMatchObject({ code: 'IdempotentResourceGone' });
  });

  it('accepts that what is deleted is gone already', async () => {
    const n = names();
    const { id } = await persist(() => cloud().createVolume({ ...n, diskGiB: 1 }));
    await persist(() => cloud().deleteVolume({ id }));
    await persist(() => cloud().deleteVolume({ id }));
    await persist(() => cloud().deleteVolume({ id: 'vol-never-was' }));
    await persist(() => cloud().terminateInstance({ id: 'i-never-was' }));
  });

  it('gives every interface an address of its own', async () => {
    const made = [];
    for (let i = 0; i < 5; i++) made.push(await persist(() => cloud().createInterface(names())));
    const ports = made.flatMap((nic) => [nic.clientPort, nic.controllerPort]);
    expect(new Set(ports).size).toBe(10);
  });

  it('grows a volume and never shrinks it', async () => {
    const n = names();
    const { id } = await persist(() => cloud().createVolume({ ...n, diskGiB: 2 }));
    await persist(() => cloud().growVolume({ id, diskGiB: 3 }));
    await persist(() => cloud().growVolume({ id, diskGiB: 3 }));
    const shrink = persist(() => cloud().growVolume({ id, diskGiB: 1 }));
    await expect(shrink).rejects.toMatchObject({ code: 'InvalidParameter' });
  });

  it('takes a machine through its states: running, stopped, running, terminated', async () => {
    const m = await machine();
    await reaches(m, 'running');
    await persist(() => cloud().stopInstance({ id: m.id }));
    await persist(() => cloud().stopInstance({ id: m.id }));
    await reaches(m, 'stopped');
    await persist(() => cloud().startInstance({ id: m.id }));
    await persist(() => cloud().startInstance({ id: m.id }));
    await reaches(m, 'running');
    await persist(() => cloud().terminateInstance({ id: m.id }));
    await persist(() => cloud().terminateInstance({ id: m.id }));
    await reaches(m, 'terminated');
  });

  it('tells one run of a machine from the next, and none while it is stopped', async () => {
    const m = await machine();
    const run = async () => (await persist(() => cloud().listInstances({ tags: m.tags })))[0]?.run;
    await reaches(m, 'running');
    const first = await run();
    expect(first).toBeTruthy();
    expect(await run()).toBe(first);
    await persist(() => cloud().stopInstance({ id: m.id }));
    await reaches(m, 'stopped');
    expect(await run()).toBeUndefined();
    await persist(() => cloud().startInstance({ id: m.id }));
    await reaches(m, 'running');
    expect(await run()).toBeTruthy();
    expect(await run()).not.toBe(first);
  });

  it('changes type and tags of a machine only while it is stopped', async () => {
    const m = await machine();
    await reaches(m, 'running');
    const change = { id: m.id, instanceType: 'local.medium', boot, tags: { more: 'yes' } };
    const early = persist(() => cloud().modifyInstance(change));
    await expect(early).rejects.toMatchObject({ code: 'InvalidState' });
    await persist(() => cloud().stopInstance({ id: m.id }));
    await reaches(m, 'stopped');
    await persist(() => cloud().modifyInstance(change));
    const [now] = await persist(() => cloud().listInstances({ tags: m.tags }));
    expect(now).toMatchObject({ instanceType: 'local.medium', tags: { ...m.tags, more: 'yes' } });
  });

  it('keeps disk and address of a live machine from being deleted or used twice', async () => {
    const m = await machine();
    await reaches(m, 'running');
    const gone = persist(() => cloud().deleteVolume({ id: m.volumeId }));
    await expect(gone).rejects.toMatchObject({ code: 'InvalidState' });
    const second = persist(() => cloud().runInstance({ ...m.request, token: `${m.id}-twin` }));
    await expect(second).rejects.toMatchObject({ code: 'InvalidState' });
    await persist(() => cloud().terminateInstance({ id: m.id }));
    await reaches(m, 'terminated');
    await persist(() => cloud().deleteVolume({ id: m.volumeId }));
  });

  it('refuses a type that it does not have', async () => {
    const m = await machine();
    const odd = persist(() => cloud().runInstance({ ...m.request, instanceType: 'huge' }));
    await expect(odd).rejects.toMatchObject({ code: 'InvalidParameter' });
  });
}

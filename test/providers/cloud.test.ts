/** The local cloud, plain and with faults in front, under the contract; and its own promises. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cloud } from '../../providers/cloud/cloud.ts';
import { type FaultPlan, withFaults } from '../../providers/cloud/faults.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { useStandInJava } from '../support/stand-in-java.ts';
import { cloudContract, until } from './cloud-contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'asgard-cloud-'));
let restore = () => {};
const made: Cloud[] = [];
const local = (name: string, bootId = () => 'boot-1'): Cloud => {
  const cloud = createLocalCloud({ dir: join(dir, name), kafkaLibs: '/nowhere', bootId });
  made.push(cloud);
  return cloud;
};

beforeAll(() => {
  restore = useStandInJava(dir);
});
afterAll(async () => {
  for (const cloud of made) {
    for (const { id } of await cloud.listInstances({ tags: {} }))
      await cloud.terminateInstance({ id });
    await until(async () =>
      (await cloud.listInstances({ tags: {} })).every((i) => i.state === 'terminated'),
    );
  }
  restore();
  rmSync(dir, { recursive: true, force: true });
});

describe('the local cloud', () => {
  let cloud: Cloud;
  beforeAll(() => {
    cloud = local('plain');
  });
  cloudContract(() => cloud);
});

describe('the local cloud with faults in front', () => {
  let cloud: Cloud;
  beforeAll(() => {
    const traceFile = join(dir, 'trace');
    writeFileSync(traceFile, '');
    const calls = ['createVolume', 'createInterface', 'runInstance', 'terminateInstance'];
    const faults = calls.flatMap((call) => [
      { call, nth: 1, kind: 'lost-answer' as const },
      { call, nth: 3, kind: 'throttle' as const },
      { call, nth: 4, kind: 'lost-request' as const },
    ]);
    const plan: FaultPlan = { faults, traceFile, visibilityMs: 50 };
    cloud = withFaults(local('faulty'), () => plan);
  });
  cloudContract(() => cloud);
});

const boot = {
  kafkaVersion: '4.3.1',
  properties: {},
  format: { clusterId: 'x', directoryId: 'y', scram: [] },
};

async function machineIn(cloud: Cloud) {
  const n = { token: 't', tags: {}, rack: 'r' };
  const volume = await cloud.createVolume({ ...n, diskGiB: 1 });
  const nic = await cloud.createInterface(n);
  const ids = { volumeId: volume.id, interfaceId: nic.id };
  const { id } = await cloud.runInstance({ ...n, ...ids, instanceType: 'local.small', boot });
  const stateOf = async () => (await cloud.listInstances({ tags: {} }))[0]?.state;
  await until(async () => (await stateOf()) === 'running');
  return { id, stateOf, ...ids };
}

describe('a local machine', () => {
  it('that dies by itself is stopped, with a reason, until it is started', async () => {
    const cloud = local('crash');
    const begun = Date.now();
    const { id, stateOf } = await machineIn(cloud);
    const since = async () =>
      Date.parse((await cloud.listInstances({ tags: {} }))[0]?.stateSince ?? '');
    const ran = await since();
    // The kernel counts in hundredths of a second.
    expect(ran).toBeGreaterThan(begun - 50);
    expect(ran).toBeLessThan(Date.now() + 50);
    const pid = findProcess(id);
    if (pid) signalGroup(pid, 'SIGKILL');
    await until(async () => (await stateOf()) === 'stopped');
    expect(await since()).toBeGreaterThan(ran);
    expect((await cloud.listInstances({ tags: {} }))[0]?.stateReason).toMatch(/ended by itself/);
    await cloud.startInstance({ id });
    await until(async () => (await stateOf()) === 'running');
  });

  it('comes back by itself after a restart of the host, on the same disk', async () => {
    const { id } = await machineIn(local('reboot'));
    const before = findProcess(id);
    if (before) signalGroup(before, 'SIGKILL');
    await until(async () => findProcess(id) === undefined);
    const after = local('reboot', () => 'boot-2');
    await until(async () => (await after.listInstances({ tags: {} }))[0]?.state === 'running');
    expect(findProcess(id)).not.toBe(before);
  });

  it('never runs twice, though many processes look after it', async () => {
    const many = Array.from({ length: 5 }, () => local('many'));
    const [first] = many;
    if (!first) return;
    const { id } = await machineIn(first);
    await Promise.all(many.map((cloud) => cloud.listInstances({ tags: {} })));
    const running = readdirSync('/proc').filter(
      (pid) => findProcess(id, Number(pid)) === Number(pid),
    );
    // The boot script and its java stand-in are one process; their `sleep` has another name.
    expect(running.length).toBe(1);
  });

  it('leaves no directory behind when it is gone', async () => {
    const cloud = local('gone');
    const { id, volumeId, stateOf } = await machineIn(cloud);
    await cloud.terminateInstance({ id });
    await until(async () => (await stateOf()) === 'terminated');
    await cloud.deleteVolume({ id: volumeId });
    expect(readdirSync(join(dir, 'gone/instances'))).toEqual([]);
    expect(readdirSync(join(dir, 'gone/volumes'))).toEqual([]);
  });

  it('is refused when the cloud is full', async () => {
    const options = { dir: join(dir, 'full'), kafkaLibs: '/nowhere', instancesMax: 1 };
    const cloud = createLocalCloud(options);
    made.push(cloud);
    await machineIn(cloud);
    const n = { token: 'second', tags: {}, rack: 'r' };
    const volume = await cloud.createVolume({ ...n, diskGiB: 1 });
    const nic = await cloud.createInterface(n);
    const ids = { volumeId: volume.id, interfaceId: nic.id };
    const second = cloud.runInstance({ ...n, ...ids, instanceType: 'local.small', boot });
    await expect(second).rejects.toMatchObject({ code: 'CapacityExceeded' });
  });
});

/**
 * Machines of a slot: launched once, started, stopped and changed however often it is tried, waited
 * for, put back to exactly what they were, and started again only when they ended by themselves.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { digestOf } from '../../domain/lib/digest.ts';
import { tagKeys } from '../../providers/cloud/cloud.ts';
import type { FaultKind } from '../../providers/cloud/faults.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { until } from '../providers/cloud-contract.ts';
import {
  type ActivityLab,
  environment,
  nodeOf,
  openActivityLab,
  persist,
  run,
  scope,
} from '../support/activity-lab.ts';

let lab: ActivityLab;
let cloud: ReturnType<typeof createActivities>['cloud'];
beforeEach(async () => {
  lab = openActivityLab();
  ({ cloud } = createActivities(lab.deps));
  await lab.deps.secrets.create(scope.cluster);
  await run(() => cloud.createVolume({ scope, node }));
  await run(() => cloud.createInterface({ scope, node }));
  lab.journal.splice(0);
});
afterEach(() => lab.close());

const node = nodeOf(0);
const staticConfig = { 'num.io.threads': '4' };
const launch = () => cloud.launchInstance({ scope, node, staticConfig });
const live = async () =>
  (await lab.cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
const only = async () => {
  const [instance, ...others] = await live();
  if (!instance || others.length > 0) throw new Error(`${others.length + 1} instances`);
  return instance;
};
const reaches = (state: string) => until(async () => (await only()).state === state);
const journalled = () => lab.journal.map(({ call }) => call);

async function running() {
  await run(launch);
  await reaches('running');
  return only();
}
async function crash(): Promise<void> {
  const { id } = await only();
  signalGroup(findProcess(id) ?? 0, 'SIGKILL');
  await reaches('stopped');
}

const faults: FaultKind[] = ['lost-request', 'lost-answer', 'throttle'];
const calls = ['runInstance', 'listInstances', 'listVolumes', 'listInterfaces'];

describe('launchInstance', () => {
  it.each(faults.flatMap((kind) => calls.map((call) => [kind, call] as const)))(
    'launches one through %s of %s',
    async (kind, call) => {
      lab.faults([{ call, nth: 1, kind }]);
      await persist(launch);
      await run(launch);
      await only();
      expect(lab.calls().filter((c) => c === 'runInstance').length).toBeLessThanOrEqual(2);
    },
  );

  it('launches one although it shows late', async () => {
    lab.faults([{ call: 'runInstance', nth: 1, kind: 'lost-answer' }], 60_000);
    await lab.cloud.listInstances({ tags: {} });
    await persist(launch);
    await run(launch);
    await only();
  });

  it('waits for parts that do not show yet, and is final without credentials', async () => {
    const other = nodeOf(1);
    const early = run(() => cloud.launchInstance({ scope, node: other, staticConfig: {} }));
    await expect(early).rejects.toMatchObject({ type: 'ProviderUnavailable', nonRetryable: false });
    await lab.deps.secrets.delete(scope.cluster);
    await expect(run(launch)).rejects.toMatchObject({ type: 'ProviderRefused' });
  });

  it('tells by one tag what it boots with, which can be read back', async () => {
    const { tags } = await running();
    expect(Object.keys(tags).sort()).toEqual(
      ['cluster', 'slot', 'pool', 'nodeId', 'rack', 'roles', 'configDigest']
        .map((key) => tagKeys[key as keyof typeof tagKeys])
        .sort(),
    );
    const config = await lab.deps.nodeConfigs.get(tags[tagKeys.configDigest] ?? '');
    expect(config).toMatchObject({ kafkaVersion: scope.kafkaVersion, staticConfig });
    const { passwords } = await lab.deps.secrets.create(scope.cluster);
    for (const password of Object.values(passwords)) {
      expect(JSON.stringify(config)).not.toContain(password);
    }
  });
});

describe('stopInstance and startInstance', () => {
  const stop = () => cloud.stopInstance({ scope, node });
  const start = () => cloud.startInstance({ scope, node });

  it('do it once, wait for it, and accept that it is so', async () => {
    await running();
    lab.faults([
      { call: 'stopInstance', nth: 1, kind: 'lost-answer' },
      { call: 'startInstance', nth: 1, kind: 'lost-answer' },
    ]);
    await persist(stop);
    await run(stop);
    expect((await only()).state).toBe('stopped');
    await persist(start);
    await run(start);
    await reaches('running');
  });

  it('let a cancellation through while a machine does not stop', async () => {
    const { id } = await running();
    const pid = findProcess(id) ?? 0;
    process.kill(pid, 'SIGSTOP');
    const env = environment();
    const beats: unknown[] = [];
    const stopping = run(stop, { env, beats });
    await until(async () => (await only()).state === 'stopping');
    env.cancel();
    await expect(stopping).rejects.toBeInstanceOf(CancelledFailure);
    expect(beats.length).toBeGreaterThan(0);
    process.kill(pid, 'SIGCONT');
    await reaches('stopped');
  });
});

describe('terminateInstance', () => {
  it.each(faults)('ends it through %s, also twice, and returns when it is gone', async (kind) => {
    await running();
    lab.faults([{ call: 'terminateInstance', nth: 1, kind }]);
    await persist(() => cloud.terminateInstance({ scope, node }));
    expect(await live()).toEqual([]);
    await run(() => cloud.terminateInstance({ scope, node }));
    expect(new Set(journalled())).toContain('cloud.runInstance main-0');
  });

  it('ends one whose launch was never answered and that shows late', async () => {
    lab.faults([{ call: 'runInstance', nth: 1, kind: 'lost-answer' }], 400);
    await expect(run(launch)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    await run(() => cloud.terminateInstance({ scope, node }));
    expect(await live()).toEqual([]);
  });
});

describe('modifyInstance and restoreInstance', () => {
  const modify = () =>
    cloud.modifyInstance({
      ...{ scope, staticConfig: { 'num.io.threads': '8' } },
      node: { ...node, instanceType: 'local.medium' },
    });
  const digest = async () => (await only()).tags[tagKeys.configDigest] ?? '';

  it('change type and configuration of a stopped machine, and put back what was', async () => {
    await running();
    const before = await digest();
    await expect(run(modify)).rejects.toMatchObject({ type: 'ProviderUnavailable' });
    await run(() => cloud.stopInstance({ scope, node }));
    await run(modify);
    await run(modify);
    expect((await only()).instanceType).toBe('local.medium');
    expect(await digest()).not.toBe(before);
    await run(() => cloud.restoreInstance({ scope, node, configDigest: before }));
    await run(() => cloud.restoreInstance({ scope, node, configDigest: before }));
    expect(await digest()).toBe(before);
    expect((await only()).instanceType).toBe('local.small');
  });

  it('put back what another release booted with, to the key', async () => {
    await running();
    await run(() => cloud.stopInstance({ scope, node }));
    const now = await lab.deps.nodeConfigs.get(await digest());
    if (!now) throw new Error('it is known');
    const older = { ...now, defaults: { ...now.defaults, 'of.an.older.release': '1' } };
    await lab.deps.nodeConfigs.put(digestOf(older), older);
    await run(() => cloud.restoreInstance({ scope, node, configDigest: digestOf(older) }));
    await run(() => cloud.startInstance({ scope, node }));
    await reaches('running');
    const { id } = await only();
    const written = readFileSync(join(lab.dir, 'cloud/instances', id, 'server.properties'), 'utf8');
    expect(written).toContain('of.an.older.release=1\n');
  });

  it.each([
    ['is not known', async () => `sha256:${'0'.repeat(64)}`],
    [
      'is kept as something else',
      async () => {
        const digest = `sha256:${'1'.repeat(64)}`;
        const layers = { defaults: {}, staticConfig: {}, fixed: {} };
        await lab.deps.nodeConfigs.put(digest, { kafkaVersion: 'x', ...layers });
        return digest;
      },
    ],
    ['is no digest', async () => '../../secrets/orders'],
  ])('refuse for good, and change nothing, when what was %s', async (_, other) => {
    await running();
    const before = await digest();
    await run(() => cloud.stopInstance({ scope, node }));
    const configDigest = await other();
    const restored = run(() => cloud.restoreInstance({ scope, node, configDigest }));
    await expect(restored).rejects.toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: expect.stringContaining('it cannot be put back'),
    });
    expect(await digest()).toBe(before);
  });
});

describe('reviveNodes', () => {
  const revive = (more = {}) => run(() => cloud.reviveNodes({ scope: { ...scope, ...more } }));

  it('starts a machine that ended by itself, says which, and journals it', async () => {
    await running();
    await crash();
    lab.journal.splice(0);
    expect(await revive()).toEqual(['main-0']);
    await reaches('running');
    expect(await revive()).toEqual([]);
    expect(journalled()).toEqual(['cloud.startInstance main-0']);
  });

  it('leaves one that was stopped on purpose', async () => {
    await running();
    await run(() => cloud.stopInstance({ scope, node }));
    expect(await revive()).toEqual([]);
    expect((await only()).state).toBe('stopped');
  });

  it('leaves one of another cluster, and all of them beside a drill', async () => {
    await running();
    await crash();
    expect(await revive({ cluster: 'payments' })).toEqual([]);
    expect(await revive({ revive: false })).toEqual([]);
    expect((await only()).state).toBe('stopped');
  });

  it('leaves one whose disk was emptied', async () => {
    const { id, volumeId } = await running();
    const mark = join(lab.dir, 'cloud/notes', `${volumeId}.formatted`);
    await until(async () => existsSync(mark));
    rmSync(join(lab.dir, 'cloud/volumes', volumeId), { recursive: true });
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await reaches('stopped');
    expect(await revive()).toEqual([]);
  });
});

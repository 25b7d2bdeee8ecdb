/**
 * Waiting for a node: what it asks of Kafka, whom it starts again and how often, and what it says
 * when it gives up.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { kafkaMetadataLevel } from '../../contracts/settings.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { until } from '../providers/cloud-contract.ts';
import {
  type ActivityLab,
  environment,
  type FakeKafka,
  nodeOf,
  openActivityLab,
  run,
  scope,
} from '../support/activity-lab.ts';

let lab: ActivityLab;
beforeEach(() => {
  lab = openActivityLab();
});
afterEach(() => lab.close());

const node = nodeOf(0);
const ready: FakeKafka = {
  quorum: async () => ({
    leaderId: 0,
    leaderEpoch: 1,
    voters: [{ nodeId: 0, logEndOffset: 1n, sinceFetchMs: 0 }],
    observers: [],
  }),
  brokers: async () => [{ nodeId: 0, host: 'h', port: 1 }],
  features: async () => ({ 'metadata.version': kafkaMetadataLevel }),
  topics: async () => [],
};

const instance = async () => (await lab.cloud.listInstances({ tags: {} }))[0];

async function launch(staticConfig: Record<string, string> = {}): Promise<string> {
  const { cloud } = createActivities(lab.deps);
  await lab.deps.secrets.create(scope.cluster);
  await run(() => cloud.createVolume({ scope, node }));
  await run(() => cloud.createInterface({ scope, node }));
  await run(() => cloud.launchInstance({ scope, node, staticConfig }));
  return (await instance())?.id ?? '';
}
const wait = { scope, node, deadlineMs: 60_000 };
const awaitNode = (deadlineMs = 60_000) =>
  run(() => createActivities(lab.deps).kafka.awaitNode({ scope, node, deadlineMs }));

describe('awaitNode', () => {
  it('returns when Kafka says that the node is registered, votes and is in sync', async () => {
    await launch();
    lab.kafka = ready;
    await awaitNode();
  });

  it('starts a broker again that dies while it boots', async () => {
    const id = await launch();
    await until(async () => (await instance())?.state === 'running');
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await until(async () => (await instance())?.state === 'stopped');
    lab.kafka = ready;
    await awaitNode();
    expect(lab.calls().filter((call) => call === 'startInstance')).toEqual(['startInstance']);
  });

  it('gives up on one that dies every time, with the end of its log and no secret', async () => {
    const said = 'Invalid value 0 for log.retention.ms; password=hunter2 and PASSWORD';
    const { passwords } = await lab.deps.secrets.create(scope.cluster);
    await launch({ 'stand.in.fails': said.replace('PASSWORD', passwords.broker) });
    const failed = awaitNode();
    await expect(failed).rejects.toMatchObject({ type: 'NodeNotReady', nonRetryable: true });
    const message = await failed.then(String, (error: Error) => error.message);
    expect(message).toContain('main-0 does not run: instance i-');
    expect(message).toContain('console.log: Invalid value 0 for log.retention.ms; password=***');
    expect(message).toMatch(/all of it: .*kafka\.log/);
    expect(message).not.toContain(passwords.broker);
    expect(message).not.toContain('hunter2');
    expect(message.length).toBeLessThan(2_500);
    expect(lab.calls().filter((call) => call === 'startInstance')).toHaveLength(3);
  });

  it('says how often it started the machine, and counts on after its worker was killed', async () => {
    await launch();
    const crash = async () => {
      await until(async () => (await instance())?.state === 'running');
      signalGroup(findProcess((await instance())?.id ?? '') ?? 0, 'SIGKILL');
      await until(async () => (await instance())?.state === 'stopped');
    };
    await crash();
    const beats: { text: string; facts: string[] }[] = [];
    const first = environment();
    const killed = run(() => createActivities(lab.deps).kafka.awaitNode(wait), {
      env: first,
      beats,
    });
    await until(async () => beats.at(-1)?.text?.includes('started again (1 of 3)'));
    expect(beats.at(-1)?.facts).toEqual([expect.stringContaining('ended by itself')]);
    first.cancel();
    await killed.catch(() => undefined);

    const heartbeatDetails = { text: '', facts: ['one', 'two', 'three'] };
    await crash();
    const again = run(() => createActivities(lab.deps).kafka.awaitNode(wait), {
      env: environment({ heartbeatDetails }),
    });
    await expect(again).rejects.toMatchObject({ type: 'NodeNotReady' });
    expect(lab.calls().filter((call) => call === 'startInstance')).toHaveLength(1);
  });

  it('starts nothing beside a drill', async () => {
    const id = await launch();
    await until(async () => (await instance())?.state === 'running');
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await until(async () => (await instance())?.state === 'stopped');
    lab.kafka = ready;
    const beside = { ...wait, scope: { ...scope, revive: false }, deadlineMs: 300 };
    const waited = run(() => createActivities(lab.deps).kafka.awaitNode(beside));
    await expect(waited).rejects.toMatchObject({ type: 'NodeNotReady' });
    expect(lab.calls()).not.toContain('startInstance');
  });

  it('gives up at once, and says why, when the disk was emptied', async () => {
    const id = await launch();
    const { volumeId = '' } = (await instance()) ?? {};
    const volume = join(lab.dir, 'cloud/volumes', volumeId);
    await until(async () => existsSync(join(volume, 'data/meta.properties')));
    await instance(); // Whoever looks records that the disk was formatted.
    rmSync(volume, { recursive: true });
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await until(async () => (await instance())?.state === 'stopped');
    await expect(awaitNode()).rejects.toMatchObject({
      type: 'NodeNotReady',
      message: expect.stringMatching(/disk-emptied: vol-.* never formatted twice\. Put its data/),
      details: [{ hold: true }],
    });
    expect(lab.calls()).not.toContain('startInstance');
  });
});

describe('observeCluster', () => {
  it('refuses to look away from machines whose records are lost, and names them', async () => {
    const id = await launch();
    await until(async () => (await instance())?.state === 'running');
    for (const end of ['', '-wal', '-shm']) {
      rmSync(join(lab.dir, 'cloud', `cloud.db${end}`), { force: true });
    }
    const observed = run(() => createActivities(lab.deps).kafka.observeCluster({ scope }));
    await expect(observed).rejects.toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: expect.stringMatching(
        new RegExp(`main-0: ${id} \\(running, /.*Nothing was touched`),
      ),
    });
    const look = await run(() => createActivities(lab.deps).kafka.inspectCluster(scope));
    expect(look.nodes).toEqual([]);
    expect(look.strangers?.map((s) => [s.slot, s.kind, s.running])).toEqual([
      ['main-0', 'instance', true],
      ['main-0', 'volume', true],
    ]);
    expect(findProcess(id)).toBeDefined();
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
  });
});

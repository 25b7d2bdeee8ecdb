/**
 * What the local cloud owes to what it does not know or cannot start: nothing without a record is
 * touched, no disk is formatted twice, one bad machine is nobody else's trouble, and a machine that
 * failed leaves its reason behind.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BootDocument, Cloud } from '../../providers/cloud/cloud.ts';
import { createLocalCloud, sweepStrangers } from '../../providers/cloud/local/cloud.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { endMachinesWithThisProcess } from '../support/real-cluster.ts';
import { useStandInJava } from '../support/stand-in-java.ts';
import { until } from './cloud-contract.ts';

const boot: BootDocument = {
  kafkaVersion: '4.3.1',
  properties: {},
  format: { clusterId: 'x', directoryId: 'y', scram: [] },
};
const dir = mkdtempSync(join(tmpdir(), 'asgard-care-'));
let restore = () => {};
const seen = new Set<string>();

beforeAll(() => {
  restore = useStandInJava(dir);
  endMachinesWithThisProcess(dir);
});
afterAll(() => {
  for (const id of seen) signalGroup(findProcess(id) ?? 0, 'SIGKILL');
  restore();
  rmSync(dir, { recursive: true, force: true });
});

const optionsOf = (name: string) => ({
  dir: join(dir, name),
  kafkaLibs: '/nowhere',
  bootId: () => 'boot-1',
});
const open = (name: string): Cloud => createLocalCloud(optionsOf(name));
const orders = { 'asgard:cluster': 'orders' };

async function launch(cloud: Cloud, token: string, properties = {}, tags = orders) {
  const n = { token, tags, rack: 'r' };
  const volume = await cloud.createVolume({ ...n, diskGiB: 1 });
  const nic = await cloud.createInterface(n);
  const parts = { volumeId: volume.id, interfaceId: nic.id };
  const documents = { boot: { ...boot, properties } };
  const { id } = await cloud.runInstance({
    ...{ ...n, ...parts, ...documents },
    instanceType: 'local.small',
  });
  seen.add(id);
  return { id, ...parts };
}
const find = async (cloud: Cloud, id: string) =>
  (await cloud.listInstances({ tags: {} })).find((i) => i.id === id);
const reaches = (cloud: Cloud, id: string, state: string) =>
  until(async () => (await find(cloud, id))?.state === state);

async function running(name: string, token = 't') {
  const cloud = open(name);
  const machine = await launch(cloud, token);
  await reaches(cloud, machine.id, 'running');
  const data = join(dir, name, 'volumes', machine.volumeId, 'data');
  await until(async () => existsSync(join(data, 'meta.properties')));
  await cloud.listInstances({ tags: {} }); // Whoever looks records that the disk was formatted.
  writeFileSync(join(data, 'records'), 'the only copy');
  return { cloud, data, ...machine };
}

/** Everything a reading caller may ask. */
async function readAll(cloud: Cloud): Promise<void> {
  for (const tags of [{}, orders]) {
    await cloud.listInstances({ tags });
    await cloud.listVolumes({ tags });
    await cloud.listInterfaces({ tags });
  }
}

const loseRecords = (name: string) => {
  for (const end of ['', '-wal', '-shm']) {
    rmSync(join(dir, name, `cloud.db${end}`), { force: true });
  }
};
const loseRow = (name: string, id: string) => {
  const db = new DatabaseSync(join(dir, name, 'cloud.db'));
  db.prepare('DELETE FROM resources WHERE id = ?').run(id);
  db.close();
};

describe('a disk of very many files', () => {
  const filled = async (name: string) => {
    const cloud = open(name);
    const volume = await cloud.createVolume({ token: 'v', tags: orders, rack: 'r', diskGiB: 1 });
    const path = join(dir, name, 'volumes', volume.id);
    for (let topic = 0; topic < 300; topic++) {
      mkdirSync(join(path, 'data', `topic-${topic}`), { recursive: true });
      for (const file of ['log', 'index', 'timeindex']) {
        writeFileSync(join(path, 'data', `topic-${topic}`, file), '');
      }
    }
    return { cloud, id: volume.id, path };
  };

  it('is gone when its deletion returns, and holds up nothing meanwhile', async () => {
    const { cloud, id, path } = await filled('many');
    let turns = 0;
    const others = setInterval(() => void turns++, 0);
    await cloud.deleteVolume({ id }).finally(() => clearInterval(others));
    expect(existsSync(path)).toBe(false);
    expect(turns).toBeGreaterThan(0);
  });

  it('is gone also when several delete it at once, or look while it goes', async () => {
    const { cloud, id, path } = await filled('many-at-once');
    const other = open('many-at-once');
    const calls = [cloud, other, cloud].map((one) => one.deleteVolume({ id }));
    const looks = [cloud, other].map((one) => one.listVolumes({ tags: orders }));
    for (const call of [...calls, ...looks]) await call;
    expect(existsSync(path)).toBe(false);
  });

  it('goes on being removed by whoever asks next, after a killed deletion', async () => {
    const { cloud, id, path } = await filled('many-killed');
    await cloud.deleteVolume({ id });
    mkdirSync(join(path, 'data'), { recursive: true }); // What a killed one has left.
    const other = { 'asgard:cluster': 'other' };
    await cloud.listVolumes({ tags: other });
    expect(existsSync(path)).toBe(true);
    const [volume] = await cloud.listVolumes({ tags: orders });
    expect(volume?.state).toBe('deleted');
    expect(existsSync(path)).toBe(false);
  });
});

describe('a machine and a disk whose records are lost', () => {
  it('go on, whole, whatever is asked of the cloud, and are told as strangers', async () => {
    const { data, id, volumeId } = await running('lost');
    loseRecords('lost');
    const cloud = open('lost');
    await readAll(cloud);
    await cloud.createVolume({ token: 'new', diskGiB: 1, rack: 'r', tags: orders });
    await cloud.terminateInstance({ id });
    await cloud.deleteVolume({ id: volumeId });
    expect(findProcess(id)).toBeDefined();
    expect(readFileSync(join(data, 'records'), 'utf8')).toBe('the only copy');
    const strangers = await cloud.listStrangers({ tags: orders });
    expect(strangers.map((s) => [s.id, s.kind, s.running])).toEqual([
      [id, 'instance', true],
      [volumeId, 'volume', true],
    ]);
    expect(strangers.every((s) => existsSync(s.where))).toBe(true);
    expect(await cloud.listStrangers({ tags: { 'asgard:cluster': 'other' } })).toEqual([]);
  });

  it.each(['volume', 'instance'] as const)(
    'also when it is the row of one %s, below a running process',
    async (kind) => {
      const name = `row-${kind}`;
      const { cloud, data, id, volumeId } = await running(name);
      loseRow(name, kind === 'volume' ? volumeId : id);
      await readAll(cloud);
      expect(findProcess(id)).toBeDefined();
      expect(existsSync(join(data, 'records'))).toBe(true);
      expect((await cloud.listStrangers({ tags: orders })).map((s) => s.kind)).toEqual([kind]);
    },
  );

  it('are seen by a process that had the lost file open', async () => {
    const { cloud, id } = await running('open');
    loseRecords('open');
    await readAll(cloud);
    expect((await cloud.listStrangers({ tags: {} })).map((s) => s.id)).toContain(id);
  });

  it('are ended by the explicit sweep, and only they', async () => {
    const { cloud, id, volumeId, data } = await running('swept');
    const kept = await launch(cloud, 'kept');
    await reaches(cloud, kept.id, 'running');
    loseRow('swept', id);
    loseRow('swept', volumeId);
    expect((await sweepStrangers(optionsOf('swept'))).sort()).toEqual([id, volumeId].sort());
    await until(async () => findProcess(id) === undefined);
    expect(existsSync(data)).toBe(false);
    expect(await cloud.listStrangers({ tags: {} })).toEqual([]);
    expect((await find(cloud, kept.id))?.state).toBe('running');
  });

  it('are left alone by a file that is no database, which is told with its path', async () => {
    const { id, data } = await running('garbage');
    loseRecords('garbage');
    writeFileSync(join(dir, 'garbage/cloud.db'), 'not a database, but long enough for a header\n');
    const asked = open('garbage').listInstances({ tags: {} });
    await expect(asked).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('cloud.db'),
    });
    expect(findProcess(id)).toBeDefined();
    expect(existsSync(join(data, 'records'))).toBe(true);
  });
});

describe('a disk that was formatted once', () => {
  const emptied = [
    ['its data directory is emptied', (data: string) => rmSync(data, { recursive: true })],
    ['all of it is emptied', (data: string) => rmSync(dirname(data), { recursive: true })],
    [
      'the mark beside it is lost as well',
      (data: string) => {
        rmSync(dirname(data), { recursive: true });
        rmSync(join(dirname(dirname(dirname(data))), 'notes'), { recursive: true, force: true });
      },
    ],
  ] as const;

  it.each(emptied)('is not formatted again when %s', async (what, empty) => {
    const name = `emptied-${basename(what.replaceAll(' ', '-'))}`;
    const { cloud, data, id } = await running(name);
    await readAll(cloud);
    await cloud.stopInstance({ id });
    await reaches(cloud, id, 'stopped');
    empty(data);
    await cloud.startInstance({ id });
    await reaches(cloud, id, 'stopped');
    expect(await find(cloud, id)).toMatchObject({
      stateCode: 'disk-emptied',
      stateReason: expect.stringMatching(/^disk-emptied: vol-\w+ .* Put its data back at \//),
    });
    expect(existsSync(join(data, 'meta.properties'))).toBe(false);
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'meta.properties'), '');
    await cloud.startInstance({ id });
    await reaches(cloud, id, 'running');
  });

  it('is not formatted by another machine on it either', async () => {
    const { cloud, data, id, volumeId, interfaceId } = await running('replaced');
    await cloud.terminateInstance({ id });
    await reaches(cloud, id, 'terminated');
    rmSync(data, { recursive: true });
    const again = { token: 'again', rack: 'r', tags: orders, volumeId, interfaceId, boot };
    const next = await cloud.runInstance({ ...again, instanceType: 'local.small' });
    seen.add(next.id);
    await reaches(cloud, next.id, 'stopped');
    expect((await find(cloud, next.id))?.stateCode).toBe('disk-emptied');
  });

  it('says so also when it is emptied below a running broker, which then ends', async () => {
    const { cloud, data, id } = await running('below');
    rmSync(data, { recursive: true });
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await reaches(cloud, id, 'stopped');
    expect((await find(cloud, id))?.stateCode).toBe('disk-emptied');
  });

  it('may be formatted when its first formatting was killed in the middle', async () => {
    const cloud = open('half');
    const { id, volumeId } = await launch(cloud, 't');
    const volume = join(dir, 'half/volumes', volumeId);
    await reaches(cloud, id, 'running');
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await until(async () => findProcess(id) === undefined);
    // As a kill before the rename leaves it: no data, no mark.
    rmSync(volume, { recursive: true });
    mkdirSync(join(volume, 'data.formatting'), { recursive: true });
    rmSync(join(dir, 'half/notes'), { recursive: true, force: true });
    const db = new DatabaseSync(join(dir, 'half/cloud.db'));
    db.exec(`UPDATE resources SET data = json_remove(data, '$.formatted') WHERE kind = 'volume'`);
    db.close();
    await reaches(cloud, id, 'stopped');
    await cloud.startInstance({ id });
    await reaches(cloud, id, 'running');
    await until(async () => existsSync(join(volume, 'data/meta.properties')));
  });
});

describe('a machine that cannot be started', () => {
  it('says why in its own state, and calls about others go on', async () => {
    const { cloud, id } = await running('bad');
    await cloud.stopInstance({ id });
    await reaches(cloud, id, 'stopped');
    // Its console log cannot be opened: the machine is never even spawned.
    const log = files(join(dir, 'bad')).find((file) => file.endsWith('console.log')) ?? '';
    rmSync(log);
    mkdirSync(log);
    await cloud.startInstance({ id });
    const other = await launch(cloud, 'other', {}, { 'asgard:cluster': 'payments' });
    await reaches(cloud, other.id, 'running');
    expect(await cloud.listInstances({ tags: { 'asgard:cluster': 'payments' } })).toHaveLength(1);
    expect(await find(cloud, id)).toMatchObject({
      state: 'stopped',
      stateCode: 'not-started',
      stateReason: expect.stringMatching(/could not be started: .*console\.log/),
    });
  });

  it('is not waited for, nor started, by a call about another cluster', async () => {
    const { cloud, id } = await running('apart');
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    await until(async () => findProcess(id) === undefined);
    const reopened = createLocalCloud({ ...optionsOf('apart'), bootId: () => 'boot-2' });
    await reopened.listInstances({ tags: { 'asgard:cluster': 'payments' } });
    expect(findProcess(id)).toBeUndefined();
    await reopened.listInstances({ tags: orders });
    await until(async () => findProcess(id) !== undefined);
    await reaches(cloud, id, 'running');
  });
});

describe('a machine that failed', () => {
  const said = 'Invalid value 0 for configuration log.retention.ms';

  it('tells the end of its log while it is there, and for a while after it is gone', async () => {
    const cloud = open('told');
    const { id } = await launch(cloud, 't', { 'stand.in.fails': said });
    await reaches(cloud, id, 'stopped');
    expect((await find(cloud, id))?.stateCode).toBe('ended');
    expect(await cloud.consoleOutput({ id })).toContain(said);
    await cloud.terminateInstance({ id });
    await reaches(cloud, id, 'terminated');
    expect(await cloud.consoleOutput({ id })).toContain(said);
    const { logFile = '' } = (await find(cloud, id)) ?? {};
    expect(readdirSync(dirname(logFile))).toContain('console.log');
    expect(await cloud.consoleOutput({ id: '../told' })).toBe('');
  });

  it('leaves logs of a bounded number and size', async () => {
    const cloud = open('bounded');
    const logs = join(dir, 'bounded/logs');
    for (let i = 0; i < 22; i++) {
      const { id, volumeId } = await launch(cloud, `t${i}`, { 'stand.in.fails': said });
      writeFileSync(join(logs, id, 'kafka.log'), 'x'.repeat(3 * 1024 * 1024));
      writeFileSync(join(logs, id, 'kafka.log.1'), 'older');
      await reaches(cloud, id, 'stopped');
      await cloud.terminateInstance({ id });
      await reaches(cloud, id, 'terminated');
      await cloud.deleteVolume({ id: volumeId });
    }
    const kept = readdirSync(logs);
    expect(kept).toHaveLength(20);
    const bytes = files(logs).reduce((sum, file) => sum + readFileSync(file).length, 0);
    expect(bytes).toBeLessThan(21 * 1024 * 1024);
    expect(files(logs).filter((file) => file.endsWith('.1'))).toEqual([]);
  });
});

const files = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

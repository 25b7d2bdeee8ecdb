/**
 * The local cloud against what a host does to it: strangers that look like machines, slow stops,
 * starters killed at any instant, and secrets of machines that are gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BootDocument, Cloud } from '../../providers/cloud/cloud.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { findProcess, mark, signalGroup } from '../../providers/cloud/local/processes.ts';
import { useStandInJava } from '../support/stand-in-java.ts';
import { until } from './cloud-contract.ts';

const secret = 'a-password-to-be-forgotten';
const boot: BootDocument = {
  kafkaVersion: '4.3.1',
  properties: { password: secret },
  format: { clusterId: 'x', directoryId: 'y', scram: [] },
};
const dir = mkdtempSync(join(tmpdir(), 'asgard-local-'));
let restore = () => {};
const used = new Set<string>();
const strangers: ChildProcess[] = [];

const open = (name: string): Cloud => {
  used.add(name);
  return createLocalCloud({ dir: join(dir, name), kafkaLibs: '/nowhere', bootId: () => 'boot-1' });
};

beforeAll(() => {
  restore = useStandInJava(dir);
});
afterAll(async () => {
  for (const child of strangers) child.kill('SIGKILL');
  for (const name of used) await endAll(open(name));
  restore();
  rmSync(dir, { recursive: true, force: true });
});

async function endAll(cloud: Cloud): Promise<void> {
  const live = async () =>
    (await cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
  for (const { id } of await live()) {
    await cloud.terminateInstance({ id });
    const pid = findProcess(id);
    if (pid) signalGroup(pid, 'SIGKILL');
  }
  await until(async () => (await live()).length === 0);
}

const request = async (cloud: Cloud, token = 't') => {
  const n = { token, tags: {}, rack: 'r' };
  const volume = await cloud.createVolume({ ...n, diskGiB: 1 });
  const nic = await cloud.createInterface(n);
  const ids = { volumeId: volume.id, interfaceId: nic.id };
  return { ...n, ...ids, instanceType: 'local.small', boot };
};
const stateOf = async (cloud: Cloud) => (await cloud.listInstances({ tags: {} }))[0]?.state;

async function machine(name: string) {
  const cloud = open(name);
  const wanted = await request(cloud);
  const { id } = await cloud.runInstance(wanted);
  await until(async () => (await stateOf(cloud)) === 'running');
  return { cloud, id, ...wanted };
}

/** Pids of live processes with the id of an instance in their command line, leaders or not. */
const marked = (id: string): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && findProcess(id, pid) === pid);

describe('a stranger with the id of an instance in its command line', () => {
  it('is neither taken for the machine nor signalled', async () => {
    const { cloud, id } = await machine('stranger');
    // As a person's `pgrep -f` or `grep` would carry it, in the session of whoever runs it.
    const stranger = spawn('sh', ['-c', 'while :; do sleep 0.05; done', mark(id)], {
      stdio: 'ignore',
    });
    strangers.push(stranger);
    await until(async () => readCommand(stranger.pid).includes(mark(id)));
    await cloud.stopInstance({ id });
    await until(async () => (await stateOf(cloud)) === 'stopped');
    expect(findProcess(id, stranger.pid)).toBeUndefined();
    signalGroup(stranger.pid ?? 0, 'SIGKILL');
    expect(readCommand(stranger.pid)).toContain(mark(id));
    expect(stranger.signalCode).toBeNull();
  });
});

const readCommand = (pid: number | undefined): string =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8');

describe('a machine that is still stopping', () => {
  it('refuses a start, and takes it when it has stopped', async () => {
    const { cloud, id } = await machine('slow');
    const pid = findProcess(id) ?? 0;
    process.kill(pid, 'SIGSTOP'); // A stopped process ends when it goes on, not before.
    await cloud.stopInstance({ id });
    expect(await stateOf(cloud)).toBe('stopping');
    await expect(cloud.startInstance({ id })).rejects.toMatchObject({ code: 'InvalidState' });
    process.kill(pid, 'SIGCONT');
    await until(async () => (await stateOf(cloud)) === 'stopped');
    await cloud.startInstance({ id });
    await until(async () => (await stateOf(cloud)) === 'running');
    expect(findProcess(id)).not.toBe(pid);
  });
});

describe('what a machine booted with', () => {
  it('is nowhere on disk once it is terminated, while its token is still known', async () => {
    const { cloud, id, ...rest } = await machine('wiped');
    const holds = () => files(join(dir, 'wiped')).filter((f) => readFileSync(f).includes(secret));
    expect(holds()).not.toEqual([]);
    await cloud.terminateInstance({ id });
    await until(async () => (await stateOf(cloud)) === 'terminated');
    expect(holds()).toEqual([]);
    const again = cloud.runInstance({ ...rest });
    await expect(again).rejects.toMatchObject({ code: 'IdempotentResourceGone' });
  });
});

const files = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('a machine in the middle of exec', () => {
  it('is not taken for dead, however often it is looked at', async () => {
    const own = join(dir, 'i-exec');
    mkdirSync(own);
    const script = join(own, 'again.sh');
    writeFileSync(script, '[ "$2" -gt 0 ] || exit 0; exec sh "$0" "$1" $(($2 - 1))\n');
    const args = [script, mark('i-exec'), '3000'];
    const child = spawn('sh', args, { cwd: own, detached: true, stdio: 'ignore' });
    strangers.push(child);
    let missed = 0;
    while (child.exitCode === null && child.signalCode === null) {
      for (let i = 0; i < 100; i++) {
        if (findProcess('i-exec', child.pid) === undefined && isAlive(child.pid)) missed++;
      }
      await setImmediate(); // Lets Node hear of its end.
    }
    expect(child.exitCode).toBe(0);
    expect(missed).toBe(0);
  });
});

/** Asked of the kernel, after it was not found: neither gone nor waiting to be reaped. */
function isAlive(pid: number | undefined): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a starter killed at any instant', () => {
  const rounds = 25;

  it(`never leaves two machines, and the next one goes on (${rounds} kills)`, async () => {
    const cloud = open('killed');
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const starter = startElsewhere(join(dir, 'killed'), `t-${round}`);
      await starter.ready;
      await sleep(round); // The instant is the point here: one ms later in every round.
      await starter.kill();
      const wanted = await request(cloud, `t-${round}`);
      const { id } = await cloud.runInstance(wanted);
      await until(async () => {
        const all = await cloud.listInstances({ tags: {} });
        return all.find((i) => i.id === id)?.state === 'running';
      });
      expect(marked(id).length, `round ${round}`).toBe(1);
      expect((await cloud.runInstance(wanted)).id).toBe(id);
      seen.add(id);
      await cloud.terminateInstance({ id });
    }
    expect(seen.size).toBe(rounds);
    await endAll(cloud);
    expect((await cloud.listInstances({ tags: {} })).length).toBe(rounds);
    expect([...seen].flatMap(marked)).toEqual([]);
  });
});

/** A process that launches a machine as soon as it has said that it is ready. */
function startElsewhere(cloudDir: string, token: string) {
  const module = fileURLToPath(new URL('../../providers/cloud/local/cloud.ts', import.meta.url));
  const program = `
    import { createLocalCloud } from '${module}';
    const options = { dir: '${cloudDir}', kafkaLibs: '/nowhere', bootId: () => 'boot-1' };
    const cloud = createLocalCloud(options);
    const n = { token: '${token}', tags: {}, rack: 'r' };
    const volume = await cloud.createVolume({ ...n, diskGiB: 1 });
    const nic = await cloud.createInterface(n);
    process.stdout.write('ready');
    const ids = { volumeId: volume.id, interfaceId: nic.id };
    const boot = ${JSON.stringify(boot)};
    await cloud.runInstance({ ...n, ...ids, instanceType: 'local.small', boot });
    for (;;) await cloud.listInstances({ tags: {} });
  `;
  const args = ['--input-type=module-typescript', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  strangers.push(child);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    ready: new Promise((resolve) => child.stdout.once('data', resolve)),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

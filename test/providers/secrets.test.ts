/** The secret store: files that only their owner can read, and one winner among racing creators. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { SecretStoreError } from '../../providers/secrets/secrets.ts';

const dir = mkdtempSync(join(tmpdir(), 'asgard-secrets-'));
const given = {
  clusterId: 'c',
  directorySeed: 's',
  passwords: { admin: 'a1', broker: 'b2', controller: 'c3', load: 'd4' },
};
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the secret store', () => {
  const store = createFileSecretStore({ dir: join(dir, 'a') });

  it('gives all creators the same secrets', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => store.create('orders')));
    expect(new Set(all.map((s) => JSON.stringify(s))).size).toBe(1);
    expect(await store.read('orders')).toEqual(all[0]);
    expect(new Set(Object.values(all[0]?.passwords ?? {})).size).toBe(4);
  });

  it('keeps everybody else out', async () => {
    const file = await store.writeClientProperties('orders', '127.0.0.1:1');
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(join(dir, 'a'))).toBe(0o700);
    expect(mode(join(dir, 'a/orders.json'))).toBe(0o600);
    expect(mode(file)).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('security.protocol=SASL_PLAINTEXT');
  });

  it('leaves no draft behind when a file cannot be written', async () => {
    mkdirSync(join(dir, 'a/blocked.client.properties'), { recursive: true });
    await store.create('blocked');
    for (let tries = 0; tries < 3; tries++) {
      await expect(store.writeClientProperties('blocked', '127.0.0.1:1')).rejects.toThrow(/./);
    }
    const left = readdirSync(join(dir, 'a')).filter((name) => name.startsWith('blocked'));
    expect(left.sort()).toEqual(['blocked.client.properties', 'blocked.json']);
    rmSync(join(dir, 'a/blocked.client.properties'), { recursive: true });
    await store.delete('blocked');
  });

  it('forgets, also twice', async () => {
    await store.delete('orders');
    await store.delete('orders');
    expect(await store.read('orders')).toBeUndefined();
  });

  it('prefers the environment', async () => {
    const env = { ASGARD_SECRET_MY_CLUSTER: JSON.stringify(given) };
    const other = createFileSecretStore({ dir: join(dir, 'b'), env });
    expect(await other.create('my-cluster')).toEqual(given);
  });

  it.each([
    ['hunter2-not-json', 'is not a JSON object'],
    ['"hunter2"', 'is not a JSON object'],
    [JSON.stringify({ ...given, clusterId: 7 }), 'clusterId is missing'],
    [JSON.stringify({ ...given, passwords: { admin: 'hunter2' } }), 'passwords.broker must be'],
    [
      JSON.stringify({ ...given, passwords: { ...given.passwords, load: 'hunter2",x="' } }),
      'passwords.load must be',
    ],
  ])('refuses %s from the environment, naming variable and field only', async (text, told) => {
    const other = createFileSecretStore({ dir: join(dir, 'b'), env: { ASGARD_SECRET_O: text } });
    const error = await other.create('o').catch((e: Error) => e);
    expect(String(error)).toContain(`ASGARD_SECRET_O`);
    expect(String(error)).toContain(told);
    expect(String(error)).not.toContain('hunter2');
    expect(error).toBeInstanceOf(SecretStoreError);
  });

  it.each<[string, (path: string) => void]>([
    ['a file that is no JSON', (path) => writeFileSync(path, '{bad')],
    ['a file that is empty', (path) => writeFileSync(path, '')],
    ['a directory', (path) => mkdirSync(path)],
    ['a link to itself', (path) => symlinkSync(path, path)],
  ])('refuses %s in the place of the secrets for good, by its path', async (_, make) => {
    const broken = mkdtempSync(join(dir, 'broken-'));
    make(join(broken, 'kk.json'));
    const other = createFileSecretStore({ dir: broken });
    const calls = [
      () => other.read('kk'),
      () => other.create('kk'),
      () => other.writeClientProperties('kk', '127.0.0.1:1'),
    ];
    for (const call of calls) {
      const error = await call().catch((e: unknown) => e);
      expect(error).toBeInstanceOf(SecretStoreError);
      expect(String(error)).toContain(join(broken, 'kk.json'));
    }
  });

  it('refuses for good where its directory cannot be one', async () => {
    writeFileSync(join(dir, 'file'), '');
    const other = createFileSecretStore({ dir: join(dir, 'file') });
    await expect(other.create('o')).rejects.toBeInstanceOf(SecretStoreError);
  });

  it('leaves no draft of a killed creator when it forgets', async () => {
    await store.create('a');
    await store.create('a-b');
    for (const file of ['a.json', 'a.client.properties', 'a-b.json']) {
      writeFileSync(join(dir, 'a', `${file}.0123456789ab`), 'password');
    }
    await store.delete('a');
    expect(readdirSync(join(dir, 'a')).sort()).toEqual(['a-b.json', 'a-b.json.0123456789ab']);
  });

  it('refuses names that would leave its directory', async () => {
    await expect(store.create('../x')).rejects.toThrow(
      expect.objectContaining({
        name: 'SecretStoreError',
        message: expect.stringContaining('name'),
      }),
    );
  });
});

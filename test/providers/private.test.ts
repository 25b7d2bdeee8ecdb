/**
 * Modes of what was there before Asgard: directories and files of a home made by another umask are
 * narrowed, links are not followed, and what a stack writes is its owner's only.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { keepPrivate } from '../../providers/files/private.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { composeDependencies } from '../../workers/dependencies.ts';

const dir = mkdtempSync(join(tmpdir(), 'asgard-modes-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const mode = (path: string) => statSync(path).mode & 0o777;

/** A directory as a careless umask leaves it, with files of these names. */
function careless(name: string, ...files: string[]): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  for (const file of files) {
    writeFileSync(join(path, file), '');
    chmodSync(join(path, file), 0o644);
  }
  chmodSync(path, 0o755);
  return path;
}

/** Everything below `path` that others may read or enter, directly. */
const open = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((entry) => (lstatSync(entry).mode & 0o077) !== 0);

describe('a directory that was there before', () => {
  it('is narrowed with the files in it, and no link out of it is followed', () => {
    const outside = careless('outside', 'foreign');
    const path = careless('old', 'a.json', 'b.log');
    symlinkSync(join(outside, 'foreign'), join(path, 'link'));
    keepPrivate(path);
    keepPrivate(path);
    expect([mode(path), mode(join(path, 'a.json')), mode(join(path, 'b.log'))]).toEqual([
      0o700, 0o600, 0o600,
    ]);
    expect(mode(join(outside, 'foreign'))).toBe(0o644);
  });

  it('of the records of the local cloud is narrowed by its first call', async () => {
    const path = careless('cloud', 'cloud.db');
    await createLocalCloud({ dir: path, kafkaLibs: '/nowhere' }).listVolumes({ tags: {} });
    expect(mode(path)).toBe(0o700);
    expect(open(path)).toEqual([]);
  });

  it('of secrets is narrowed when secrets are made', async () => {
    const path = careless('secrets', 'old.json', 'old.client.properties');
    const store = createFileSecretStore({ dir: path });
    await store.create('orders');
    await store.writeClientProperties('orders', 'b:1');
    expect(mode(path)).toBe(0o700);
    expect(open(path)).toEqual([]);
  });

  it('of the journal is narrowed by a worker, and what it writes then is private', async () => {
    const path = careless('home/journal', 'old.jsonl');
    const { journal } = composeDependencies({ ASGARD_HOME: join(dir, 'home') });
    await journal({ cluster: 'new', operationId: 'o', call: 'cloud.createVolume main-0' });
    expect(mode(path)).toBe(0o700);
    expect(readdirSync(path).sort()).toEqual(['new.jsonl', 'old.jsonl']);
    expect(open(path)).toEqual([]);
  });
});

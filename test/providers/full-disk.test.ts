/**
 * Goal: a full disk is told as such, leaves nothing half-written, and is over when there is space
 * again. Method: the real files on a small disk that is filled to its last byte (root only).
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { Places } from '../../providers/cloud/local/places.ts';
import { appendLine } from '../../providers/files/append.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const base = mkdtempSync(join(tmpdir(), 'asgard-full-'));
const dir = join(base, 'disk');
const mounted = mountSmallDisk(dir, 16);
const disk = typeof mounted === 'string' ? undefined : mounted;
afterEach(() => disk?.free());
afterAll(() => {
  disk?.unmount();
  rmSync(base, { recursive: true, force: true });
});

describe.skipIf(!disk)(`on a full disk${disk ? '' : ` (${mounted})`}`, () => {
  it('the local cloud says that it is full, and has done nothing', async () => {
    const cloud = createLocalCloud({ dir: join(dir, 'cloud'), kafkaLibs: '' });
    const make = (token: string) => cloud.createVolume({ token, diskGiB: 1, rack: 'a', tags: {} });
    await make('first');
    disk?.fill();
    await expect(make('second')).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('database or disk is full'),
    });
    disk?.free();
    expect(await cloud.listVolumes({ tags: {} })).toHaveLength(1);
    await make('second');
    expect(await cloud.listVolumes({ tags: {} })).toHaveLength(2);
  });

  it('a line is written whole or not at all', async () => {
    const file = join(dir, 'lines.jsonl');
    const line = (of: string) => JSON.stringify({ of });
    // Up to a page's end, so that the next line fits in part only.
    const page = 4096;
    await appendLine(file, line('x'.repeat(page - 60)));
    disk?.fill();
    await expect(appendLine(file, line('y'.repeat(200)))).rejects.toThrow('could be written');
    disk?.free();
    await appendLine(file, line('z'));
    const lines = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l).of[0]);
    expect(lines).toEqual(['x', 'z']);
  });

  it('secrets are there whole or not at all', async () => {
    const store = createFileSecretStore({ dir: join(dir, 'secrets') });
    await store.create('before');
    disk?.fill();
    await expect(store.create('orders')).rejects.toThrow('ENOSPC');
    expect(readdirSync(join(dir, 'secrets'))).toEqual(['before.json']);
    disk?.free();
    await store.create('orders');
    expect(existsSync(join(dir, 'secrets/orders.json'))).toBe(true);
  });
});

it('a note that a full disk cut off goes with its machine', async () => {
  const places = new Places(join(base, 'cut'));
  places.prepare('i-1', 'vol-1', {});
  writeFileSync(join(base, 'cut/notes/i-1.json.draft'), '');
  for (const place of places.all()) await places.remove(place);
  expect(readdirSync(join(base, 'cut/notes'))).toEqual([]);
});

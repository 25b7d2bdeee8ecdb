/** Node configurations in files, one a digest (0600), written whole or not at all. */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeConfig } from '../../contracts/observed.ts';
import { keepPrivate } from '../files/private.ts';
import type { NodeConfigs } from './node-configs.ts';

/** `dir` is absolute; it is made by the first `put`. */
export function createFileNodeConfigs(dir: string): NodeConfigs {
  return {
    async put(digest, config) {
      keepPrivate(dir);
      const file = join(dir, fileOf(digest));
      const draft = `${file}.${randomBytes(6).toString('hex')}`;
      const handle = await open(draft, 'wx', 0o600);
      try {
        await handle.writeFile(JSON.stringify(config));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, file);
    },
    async get(digest) {
      if (!form.test(digest)) return undefined; // A tag may have been written by anybody.
      try {
        return JSON.parse(await readFile(join(dir, fileOf(digest)), 'utf8')) as NodeConfig;
      } catch {
        return undefined;
      }
    },
  };
}

const form = /^sha256:[0-9a-f]{64}$/;

function fileOf(digest: string): string {
  if (!form.test(digest)) throw new Error(`\`${digest}\` is no digest`);
  return `${digest.slice('sha256:'.length)}.json`;
}

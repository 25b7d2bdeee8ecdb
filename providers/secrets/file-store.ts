/**
 * Secrets in files: one JSON file per cluster (0600) in a 0700 directory. Created by link, so that
 * of two racing creators one wins and both return the same secrets. No error may quote a secret.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { principals } from '../../contracts/names.ts';
import { clip } from '../../contracts/text.ts';
import { keepPrivate } from '../files/private.ts';
import { type ClusterSecrets, type SecretStore, SecretStoreError } from './secrets.ts';

export interface FileSecretOptions {
  /** Absolute directory. */
  dir: string;
  /** Overrides by ASGARD_SECRET_<CLUSTER> (upper case, `-` as `_`), JSON of ClusterSecrets. */
  env?: Readonly<Record<string, string | undefined>>;
}

export function createFileSecretStore({ dir, env = {} }: FileSecretOptions): SecretStore {
  const file = (cluster: string) => join(dir, `${safe(cluster)}.json`);
  const clientFile = (cluster: string) => join(dir, `${safe(cluster)}.client.properties`);

  const read = async (cluster: string): Promise<ClusterSecrets | undefined> => {
    const variable = `ASGARD_SECRET_${cluster.toUpperCase().replaceAll('-', '_')}`;
    const given = env[variable];
    if (given) return parseSecrets(given, variable);
    const text = await readFile(file(cluster), 'utf8').catch(absent);
    return text === undefined ? undefined : parseSecrets(text, file(cluster));
  };

  return lasting(dir, {
    read,
    async create(cluster) {
      const before = await read(cluster);
      if (before) return before;
      keepPrivate(dir);
      // Links fail when the name exists: the first creator wins, whoever else was at it.
      await withDraft(file(cluster), JSON.stringify(newSecrets(), null, 2), (draft) =>
        link(draft, file(cluster)).catch(ifExists),
      );
      await sync(dir);
      const stored = await read(cluster);
      if (!stored) throw new Error(`secrets of ${cluster} were deleted while being created`);
      return stored;
    },
    async delete(cluster) {
      const names = (await readdir(dir).catch(absent)) ?? [];
      const kept = [clientFile(cluster), file(cluster)].map((path) => basename(path));
      // A creator killed half-way leaves its draft, which holds passwords too. The file goes last:
      // until then a repeated delete finds what it has to do.
      const drafts = names.filter((name) => kept.some((own) => name.startsWith(`${own}.`)));
      for (const name of [...drafts, ...kept]) await rm(join(dir, name), { force: true });
    },
    async writeClientProperties(cluster, bootstrap) {
      const secrets = await read(cluster);
      if (!secrets) throw new SecretStoreError(`no secrets of ${cluster} are stored`);
      keepPrivate(dir);
      const text = clientProperties(bootstrap, secrets.passwords.admin);
      await withDraft(clientFile(cluster), text, (draft) => rename(draft, clientFile(cluster)));
      return clientFile(cluster);
    },
  });
}

/** What the file system refuses until somebody changes it; other errors may pass (a full disk). */
const standing = new Set(['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ELOOP', 'EEXIST']);

/** The store, with the file system's lasting refusals told as such. */
function lasting(dir: string, store: SecretStore): SecretStore {
  const told = async <T>(cluster: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      if (!standing.has(codeOf(cause) ?? '')) throw cause;
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new SecretStoreError(`${join(dir, `${cluster}.json`)}: ${said}`, { cause });
    }
  };
  return {
    create: (cluster) => told(cluster, store.create(cluster)),
    read: (cluster) => told(cluster, store.read(cluster)),
    delete: (cluster) => told(cluster, store.delete(cluster)),
    writeClientProperties: (cluster, bootstrap) =>
      told(cluster, store.writeClientProperties(cluster, bootstrap)),
  };
}

/** A draft holds passwords: it goes with the try that made it, whatever becomes of that. */
async function withDraft(
  path: string,
  text: string,
  use: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeDraft(draft, text);
    await use(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Writes `text` (0600), on disk when this returns. */
async function writeDraft(draft: string, text: string): Promise<void> {
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts the names of a directory on disk: passwords must not be older than what they open. */
async function sync(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  await handle.sync().finally(() => handle.close());
}

/** What JAAS lines, StorageTool's lists and properties take as it is, without quoting. */
const plainPassword = /^[\w.~+/=-]+$/;

/** Throws an Error that says where and which field, and never what stands there. */
function parseSecrets(text: string, where: string): ClusterSecrets {
  const secrets = parseJson(text) as Partial<ClusterSecrets> | undefined;
  if (secrets === undefined) throw new SecretStoreError(`${where} is not a JSON object`);
  for (const field of ['clusterId', 'directorySeed'] as const) {
    if (typeof secrets[field] !== 'string')
      throw new SecretStoreError(`${where}: ${field} is missing`);
  }
  for (const principal of Object.keys(principals) as (keyof typeof principals)[]) {
    if (plainPassword.test(secrets.passwords?.[principal] ?? '')) continue;
    const rule = 'must be letters, digits or any of . _ ~ + / = -';
    throw new SecretStoreError(`${where}: passwords.${principal} ${rule}`);
  }
  return secrets as ClusterSecrets;
}

/** Undefined when it is no object: a parser's message would quote the text. */
function parseJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Names reach the file system: anything but a plain name is refused. */
function safe(cluster: string): string {
  if (/^[a-z0-9-]+$/.test(cluster)) return cluster;
  throw new SecretStoreError(`\`${clip(cluster, 100)}\` is not a cluster name`);
}

const clientProperties = (bootstrap: string, password: string): string =>
  [
    `bootstrap.servers=${bootstrap}`,
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=SCRAM-SHA-512',
    'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\',
    `  username="${principals.admin}" password="${password}";`,
    '',
  ].join('\n');

function newSecrets(): ClusterSecrets {
  const password = () => randomBytes(24).toString('base64url');
  return {
    clusterId: kafkaUuid(),
    directorySeed: randomBytes(16).toString('hex'),
    passwords: {
      admin: password(),
      broker: password(),
      controller: password(),
      load: password(),
    },
  };
}

/** 16 random bytes in Kafka's form; one that begins with `-` would look like an option. */
function kafkaUuid(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

function ifExists(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

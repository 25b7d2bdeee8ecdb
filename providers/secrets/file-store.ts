/**
 * Secrets in files: one JSON file per cluster (0600) in a 0700 directory. Created by link, so that
 * of two racing creators one wins and both return the same secrets.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterSecrets, SecretStore } from './secrets.ts';

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
    const given = env[`ASGARD_SECRET_${cluster.toUpperCase().replaceAll('-', '_')}`];
    if (given) return JSON.parse(given) as ClusterSecrets;
    const text = await readFile(file(cluster), 'utf8').catch(absent);
    return text === undefined ? undefined : (JSON.parse(text) as ClusterSecrets);
  };

  return {
    read,
    async create(cluster) {
      const before = await read(cluster);
      if (before) return before;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const draft = `${file(cluster)}.${randomBytes(6).toString('hex')}`;
      await writeFile(draft, JSON.stringify(newSecrets(), null, 2), { mode: 0o600 });
      // Links fail when the name exists: the first creator wins, whoever else was at it.
      await link(draft, file(cluster)).catch(ifExists);
      await rm(draft, { force: true });
      const stored = await read(cluster);
      if (!stored) throw new Error(`secrets of ${cluster} were deleted while being created`);
      return stored;
    },
    async delete(cluster) {
      await rm(clientFile(cluster), { force: true });
      await rm(file(cluster), { force: true });
    },
    async writeClientProperties(cluster, bootstrap) {
      const secrets = await read(cluster);
      if (!secrets) throw new Error(`no secrets of ${cluster} are stored`);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const draft = `${clientFile(cluster)}.${randomBytes(6).toString('hex')}`;
      await writeFile(draft, clientProperties(bootstrap, secrets.passwords.admin), { mode: 0o600 });
      await rename(draft, clientFile(cluster));
      return clientFile(cluster);
    },
  };
}

/** Names reach the file system: anything but a plain name is refused. */
function safe(cluster: string): string {
  if (!/^[a-z0-9-]+$/.test(cluster)) throw new Error(`\`${cluster}\` is not a cluster name`);
  return cluster;
}

const clientProperties = (bootstrap: string, password: string): string =>
  [
    `bootstrap.servers=${bootstrap}`,
    'security.protocol=SASL_PLAINTEXT',
    'sasl.mechanism=SCRAM-SHA-512',
    'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\',
    `  username="asgard-admin" password="${password}";`,
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

/**
 * The secret store: one JSON file per cluster with 0600 permissions, or the environment
 * (ASGARD_SECRET_<CLUSTER>, JSON). Secrets leave it only towards providers, never into Temporal.
 */

export interface ClusterSecrets {
  /** Kafka cluster id (22 characters, base64url uuid). Not secret, but born with the secrets. */
  clusterId: string;
  /** Seed from which log directory ids of slots are derived. */
  directorySeed: string;
  /** Password by principal: admin, broker, controller, load. */
  passwords: Record<'admin' | 'broker' | 'controller' | 'load', string>;
}

/**
 * What a store cannot do until a person has seen to it: a broken file, a directory that may not be
 * read. Says where, and quotes no secret. Other errors of a store may pass by themselves.
 */
export class SecretStoreError extends Error {
  override readonly name = 'SecretStoreError';
}

/** Every call throws SecretStoreError for what does not mend itself. */
export interface SecretStore {
  /** Creates them if absent, and returns what is stored either way. Safe to repeat. */
  create(cluster: string): Promise<ClusterSecrets>;
  read(cluster: string): Promise<ClusterSecrets | undefined>;
  /** Accepts that they are gone. */
  delete(cluster: string): Promise<void>;
  /** Writes client.properties for Kafka's own tools (0600) and returns its absolute path. */
  writeClientProperties(cluster: string, bootstrap: string): Promise<string>;
}

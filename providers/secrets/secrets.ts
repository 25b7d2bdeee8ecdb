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

export interface SecretStore {
  /** Creates them if absent, and returns what is stored either way. Safe to repeat. */
  create(cluster: string): Promise<ClusterSecrets>;
  read(cluster: string): Promise<ClusterSecrets | undefined>;
  /** Accepts that they are gone. */
  delete(cluster: string): Promise<void>;
  /** Writes client.properties for Kafka's own tools (0600) and returns its absolute path. */
  writeClientProperties(cluster: string, bootstrap: string): Promise<string>;
}

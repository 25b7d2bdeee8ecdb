/** What load tests left in a cluster's Kafka, asked of Kafka itself; nobody to ask is a finding. */
import { homedir } from 'node:os';
import { settingsFrom } from '../../contracts/settings.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import type { Bench } from './bench.ts';

/** Empty when nothing is left: no topic, group, user or right of any load test. */
export async function leftOfTests(bench: Bench, cluster: string): Promise<string[]> {
  const { paths } = settingsFrom({ ASGARD_HOME: bench.home }, homedir());
  const secrets = await createFileSecretStore({ dir: paths.secrets }).read(cluster);
  const nics = await bench.cloud.listInterfaces({ tags: { 'asgard:cluster': cluster } });
  const admin = await openKafkaAdmin({
    brokers: nics.filter((n) => n.state !== 'deleted').map((n) => `${n.host}:${n.clientPort}`),
    username: 'asgard-admin',
    password: secrets?.passwords.admin ?? '',
  });
  try {
    const ours = (names: string[]) => names.filter((name) => name.includes('asgard-load'));
    const topics = (await admin.topics()).map((t) => t.name);
    return [
      ...ours(topics).map((name) => `topic ${name} is left`),
      ...ours(await admin.groups()).map((name) => `group ${name} is left`),
      ...ours(await admin.scramUsers()).map((name) => `user ${name} is left`),
      ...ours(await admin.aclPrincipals()).map((name) => `rights of ${name} are left`),
    ];
  } finally {
    await admin.close();
  }
}

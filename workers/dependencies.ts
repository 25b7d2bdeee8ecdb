/** Composition: which provider stands behind each interface in this process. No logic. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDeps } from '../activities/lib/deps.ts';
import { settingsFrom } from '../contracts/settings.ts';
import type { Cloud } from '../providers/cloud/cloud.ts';
import { parseFaultPlan, withFaults } from '../providers/cloud/faults.ts';
import { createLocalCloud } from '../providers/cloud/local/cloud.ts';
import { appendLine } from '../providers/files/append.ts';
import { keepPrivate } from '../providers/files/private.ts';
import { openKafkaAdmin } from '../providers/kafka/admin.ts';
import { proveCoordination } from '../providers/load/coordination.ts';
import { runLoad } from '../providers/load/generator.ts';
import { openClusterWatch } from '../providers/load/watch.ts';
import { createFileNodeConfigs } from '../providers/node-configs/file-store.ts';
import { createFileSecretStore } from '../providers/secrets/file-store.ts';

/** ASGARD_FAULTS (a plan's file) puts the fault-injecting wrapper around the cloud, for tests. */
export function composeDependencies(env: NodeJS.ProcessEnv): ActivityDeps {
  const { paths } = settingsFrom(env, homedir());
  const local = createLocalCloud({ dir: paths.localCloud, kafkaLibs: paths.kafkaLibs });
  keepPrivate(paths.journal);
  return {
    clouds: { local: faulty(local, env.ASGARD_FAULTS) },
    secrets: createFileSecretStore({ dir: paths.secrets, env }),
    nodeConfigs: createFileNodeConfigs(paths.nodeConfigs),
    openKafka: openKafkaAdmin,
    load: { run: runLoad, watch: openClusterWatch, proveCoordination },
    journal: ({ cluster, operationId, call }) => {
      const line = JSON.stringify({ at: new Date().toISOString(), operationId, call });
      // A record for people and tests; a full disk must not stop an operation.
      const file = join(paths.journal, `${cluster}.jsonl`);
      return appendLine(file, line).catch(() => undefined);
    },
  };
}

const faulty = (cloud: Cloud, file: string | undefined): Cloud =>
  file ? withFaults(cloud, () => parseFaultPlan(readFileSync(file, 'utf8'))) : cloud;

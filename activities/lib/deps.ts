/**
 * What activities are given at the composition root: interfaces only, so that every provider can be
 * swapped, wrapped with faults, or recorded without touching an activity.
 */
import type { Cloud } from '../../providers/cloud/cloud.ts';
import type { OpenKafkaAdmin } from '../../providers/kafka/kafka.ts';
import type { LoadProvider } from '../../providers/load/load.ts';
import type { NodeConfigs } from '../../providers/node-configs/node-configs.ts';
import type { SecretStore } from '../../providers/secrets/secrets.ts';

/**
 * One mutating provider call that took effect, as the plan names it: `cloud.createVolume main-0`.
 */
export interface JournalEntry {
  cluster: string;
  operationId: string;
  call: string;
}

export interface ActivityDeps {
  /** Clouds by provider name, for example `local`. */
  clouds: Record<string, Cloud>;
  secrets: SecretStore;
  nodeConfigs: NodeConfigs;
  openKafka: OpenKafkaAdmin;
  load: LoadProvider;
  /** Appends one line; must not throw for a full disk or the like: it is a record, not a lock. */
  journal(entry: JournalEntry): Promise<void>;
}

/** A node's configuration by its digest: kept before it is used, believed only when it fits. */
import type { NodeConfig } from '../../contracts/observed.ts';
import { digestOf } from '../../domain/lib/digest.ts';
import type { ActivityDeps } from './deps.ts';

/** Keeps it and answers its digest. Safe to repeat. */
export async function keepConfig(deps: ActivityDeps, config: NodeConfig): Promise<string> {
  const digest = digestOf(config);
  await deps.nodeConfigs.put(digest, config);
  return digest;
}

/** What the digest names; undefined when nobody knows, or what is kept is something else. */
export async function configOf(
  deps: ActivityDeps,
  digest: string,
): Promise<NodeConfig | undefined> {
  const config = await deps.nodeConfigs.get(digest);
  return config && digestOf(config) === digest ? config : undefined;
}

/** The same for many, each asked for once. */
export async function configsOf(
  deps: ActivityDeps,
  digests: Iterable<string>,
): Promise<Record<string, NodeConfig>> {
  const found: Record<string, NodeConfig> = {};
  for (const digest of new Set(digests)) {
    const config = await configOf(deps, digest);
    if (config) found[digest] = config;
  }
  return found;
}

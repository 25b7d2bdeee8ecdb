/**
 * Finding and making the resources of a slot exactly once: look up by tag, else create with a token
 * that is a function of the call's parameters (cluster, slot, type, …) and a generation. A token
 * whose resource is gone already moves on to the next generation, so no stored counter is needed.
 */
import { createHash } from 'node:crypto';
import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { clip } from '../../contracts/text.ts';
import { type Cloud, CloudError, type Tags, tagKeys } from '../../providers/cloud/cloud.ts';
import type { ActivityDeps } from './deps.ts';
import { failure } from './failure.ts';
import { pause } from './heartbeat.ts';

/** Bounds the walk over tokens of resources that are gone; clouds forget tokens within days. */
const generationsMax = 1_000;

/** The provider by its name. InvalidInput, at once and for good, when this worker has none such. */
export function cloudOf({ clouds }: ActivityDeps, provider: string): Cloud {
  const cloud = Object.hasOwn(clouds, provider) ? clouds[provider] : undefined;
  if (cloud) return cloud;
  const known = Object.keys(clouds).sort().join(', ');
  const message = `provider: no provider called \`${clip(provider, 100)}\`; there is ${known}`;
  throw failure('InvalidInput', message);
}

/** Tags that find everything of a slot. */
export const slotTags = (cluster: string, slot: string): Tags => ({
  [tagKeys.cluster]: cluster,
  [tagKeys.slot]: slot,
});

/** Tags that say all a later snapshot needs to know of a node. */
export const nodeTags = (scope: StepScope, node: NodeTarget): Tags => ({
  ...slotTags(scope.cluster, node.slot),
  [tagKeys.pool]: node.pool,
  [tagKeys.nodeId]: String(node.nodeId),
  [tagKeys.rack]: node.rack,
  [tagKeys.roles]: node.roles.join('+'),
});

/** ≤ 64 ASCII characters, as EC2 asks of a client token. */
export function clientToken(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 64);
}

/**
 * Waits until something of a slot shows, or until the cloud's visibility window has passed. An undo
 * needs it: the deed's answer may be lost and its result not listed yet.
 */
export async function findLate<T>(
  cloud: Cloud,
  find: () => Promise<T[]>,
  signal: AbortSignal,
): Promise<T[]> {
  const until = Date.now() + (cloud.visibilityMs ?? 0);
  for (;;) {
    const found = await find();
    if (found.length > 0 || Date.now() >= until) return found;
    await pause(200, signal);
  }
}

export interface MakeOnce<T> {
  /** Live resources of this slot, by tag. */
  find(): Promise<T[]>;
  create(token: string): Promise<T>;
  /**
   * Every parameter of the create call, so that a changed one makes another token (the same token
   * with other parameters is refused); the generation is added here.
   */
  tokenParts: readonly (string | number)[];
}

/**
 * The slot's resource, made if it was not there. Safe to repeat, also after a lost answer.
 * `created` is false when it was found by tag.
 */
export async function makeOnce<T>(request: MakeOnce<T>): Promise<{ it: T; created: boolean }> {
  const [found] = await request.find();
  if (found) return { it: found, created: false };
  for (let generation = 0; generation < generationsMax; generation++) {
    try {
      const it = await request.create(clientToken([...request.tokenParts, generation]));
      return { it, created: true };
    } catch (error) {
      const gone = error instanceof CloudError && error.code === 'IdempotentResourceGone';
      if (!gone) throw error;
    }
  }
  throw failure('ProviderRefused', `${generationsMax} generations of this slot exist already`);
}

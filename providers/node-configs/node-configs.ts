/**
 * What nodes were told to boot with, by digest. Not in tags: EC2 takes 50 of them, of 256
 * characters each, and Kafka has 173 settable keys; an instance carries one tag, the digest.
 * Content-addressed, so an entry is never changed; it holds no secrets. An entry that is gone makes
 * a node's past unknown, nothing more.
 */
import type { NodeConfig } from '../../contracts/observed.ts';

export interface NodeConfigs {
  /** Keeps it before any instance names it. Safe to repeat: the same digest is the same thing. */
  put(digest: string, config: NodeConfig): Promise<void>;
  /** Undefined when it was never kept, is gone, or cannot be read. */
  get(digest: string): Promise<NodeConfig | undefined>;
}

/**
 * The load generator's narrow interface: activities hand it a goal and get raw measurements back.
 * Implementations may be swapped for a faster data plane without touching workflows or verdicts.
 */
import type { LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import type { KafkaAccess } from '../kafka/kafka.ts';

export interface LoadRun {
  access: KafkaAccess;
  topic: string;
  /** Names the records of this run; records of other runs in the topic are not counted. */
  runId: string;
  load: NormalLoad;
  /** Called about once a second; `text` is one line for people. */
  onProgress(progress: { elapsedS: number; text: string }): void;
  /** Aborts the run; the promise then rejects with the signal's reason. */
  signal: AbortSignal;
}

/** Measures; never judges. Rejects when it could not measure (no broker, no credentials). */
export type RunLoad = (run: LoadRun) => Promise<LoadReport>;

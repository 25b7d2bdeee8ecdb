/**
 * To and from the file of kafka-reassign-partitions. Reading answers as Kafka's own parser does
 * (ReassignPartitionsCommand.parsePartitionReassignmentData), with the place told. Pure.
 */
import type { Reassignment } from '../../contracts/rebalance.ts';

/** The file that `kafka-reassign-partitions --reassignment-json-file` takes. */
export function toReassignmentJson(reassignments: Reassignment[]): string {
  const partitions = reassignments.map(({ topic, partition, replicas, logDirs }) => ({
    topic,
    partition,
    replicas,
    ...(logDirs ? { log_dirs: logDirs } : {}),
  }));
  return JSON.stringify({ version: 1, partitions });
}

/** Reads such a file; throws an Error with the place that is wrong. */
export function fromReassignmentJson(text: string): Reassignment[] {
  const parsed = parse(text);
  const { version = 1, partitions } = parsed;
  if (version !== 1) throw new Error(`version: ${String(version)} is not known, only 1`);
  if (!Array.isArray(partitions) || partitions.length === 0) {
    throw new Error('partitions: must be a list that is not empty');
  }
  const list = partitions.map(readEntry);
  const seen = new Set<string>();
  for (const [i, { topic, partition }] of list.entries()) {
    const key = `${topic}-${partition}`;
    if (seen.has(key)) throw new Error(`partitions[${i}]: ${key} is there twice`);
    seen.add(key);
  }
  return list;
}

function parse(text: string): { version?: unknown; partitions?: unknown } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`the file is no JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error('the file must be one JSON object with version and partitions');
  }
  return parsed;
}

/** Kafka's integers are of 32 bits. */
const isInt = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31;

function readEntry(entry: Record<string, unknown> | null, i: number): Reassignment {
  const { topic, partition, replicas, log_dirs: dirs } = entry ?? {};
  const at = `partitions[${i}]`;
  if (typeof topic !== 'string') throw new Error(`${at}.topic: must be a string`);
  if (!isInt(partition)) throw new Error(`${at}.partition: must be a whole number`);
  if (!Array.isArray(replicas) || !replicas.every(isInt)) {
    throw new Error(`${at}.replicas: must be a list of broker ids`);
  }
  if (replicas.length === 0) throw new Error(`${at}.replicas: must not be empty`);
  const twice = replicas.find((id, n) => replicas.indexOf(id) !== n);
  if (twice !== undefined) throw new Error(`${at}.replicas: names broker ${twice} twice`);
  if (dirs === undefined) return { topic, partition, replicas };
  if (!Array.isArray(dirs) || !dirs.every((dir) => typeof dir === 'string')) {
    throw new Error(`${at}.log_dirs: must be a list of paths, or of any`);
  }
  if (dirs.length !== replicas.length) {
    throw new Error(`${at}.log_dirs: has ${dirs.length} paths for ${replicas.length} replicas`);
  }
  return {
    topic,
    partition,
    replicas,
    ...(dirs.some((d) => d !== 'any') ? { logDirs: dirs } : {}),
  };
}

/**
 * The open loop: which records are due by now. Every record has an intended time; when the sender
 * is behind, the schedule does not wait. Pure arithmetic, so that it can be tested.
 */

/** Records that left the schedule together, for one partition. */
export interface Chunk {
  partition: number;
  first: number;
  count: number;
  /** Intended time of the first; record i is `i * intervalUs` later. */
  firstUs: number;
  intervalUs: number;
}

export interface Lateness {
  late: number;
  worstUs: number;
}

/** Later than this and a record counts as late. */
const lateUs = 10_000;

/** `count` records from `startUs` on, at a fixed interval. */
export function createSchedule(r: {
  startUs: number;
  recordsPerS: number;
  count: number;
  first: number;
}) {
  const intervalUs = 1e6 / r.recordsPerS;
  let taken = 0;
  return {
    /** Up to `most` records that are due at `nowUs`. */
    take(nowUs: number, most: number): Omit<Chunk, 'partition'> | undefined {
      const due = Math.min(r.count, Math.floor((nowUs - r.startUs) / intervalUs) + 1);
      const count = Math.min(due - taken, most);
      if (count <= 0) return undefined;
      const chunk = {
        first: r.first + taken,
        count,
        firstUs: r.startUs + taken * intervalUs,
        intervalUs,
      };
      taken += count;
      return chunk;
    },
    /** Sequence after the last record taken. */
    next: () => r.first + taken,
  };
}
export type Schedule = ReturnType<typeof createSchedule>;

/**
 * How late a chunk left through the sender's own fault: after its intended time, and after
 * `freeSinceUs`, when sending was last allowed again (before that, Kafka owed answers).
 */
export function latenessOf(
  chunk: Omit<Chunk, 'partition'>,
  at: { nowUs: number; freeSinceUs: number },
): Lateness {
  const { firstUs, intervalUs, count } = chunk;
  const worstUs = Math.max(0, at.nowUs - Math.max(firstUs, at.freeSinceUs));
  if (worstUs <= lateUs) return { late: 0, worstUs };
  // Whoever was meant to leave before sending was free has waited as long as those since then.
  const late = Math.min(count, Math.floor((at.nowUs - lateUs - firstUs) / intervalUs) + 1);
  return { late, worstUs };
}

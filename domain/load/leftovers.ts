/**
 * Names of a load test, and which of the names found are an earlier test's. Pure. A test that was
 * terminated cannot clean up after itself; the next one does, and must know whose is whose.
 */

const prefix = 'asgard-load-';

/**
 * Names everything of one test: its topic, its consumer group and its transactional id are all
 * `asgard-load-<id>`. The beginning in ms since the epoch comes first, so that ids tell their age.
 */
export const testIdOf = (r: { startedAtMs: number; runId: string }): string =>
  `${Math.floor(r.startedAtMs).toString(36)}-${r.runId.slice(0, 8)}`;

/** Of topic, consumer group and transactional id of a test. */
export const testName = (testId: string): string => `${prefix}${testId}`;

/** Of these names, those of tests that began before this one; names without an age are old ones. */
export function olderTests(names: readonly string[], testId: string): string[] {
  const mine = startOf(testId);
  return names.filter((name) => {
    if (!name.startsWith(prefix) || name === testName(testId)) return false;
    const start = startOf(name.slice(prefix.length));
    return Number.isNaN(start) || start < mine;
  });
}

/** NaN for ids of before ids told their age (eight hexadecimal digits). */
function startOf(testId: string): number {
  const [, start = ''] = /^([0-9a-z]+)-[^-]+$/.exec(testId) ?? [];
  return start === '' ? Number.NaN : Number.parseInt(start, 36);
}

/**
 * The gate's verdict: pass, fail or unknown. Pure. What is certain counts first (a lost record is a
 * failure even when the generator was at its limit); what could not be measured is unknown, never a
 * pass.
 */
import type { LoadReport, LoadVerdict } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { evaluateThresholds, isMissDoubtful, parseThreshold } from './thresholds.ts';

/** Below this share of the target the load that was asked for was never put on. */
const reachedShareMin = 0.95;

/** Facts of the log: no slowness of the generator can bring them about. */
const factMetrics = ['lost', 'duplicates'];

/**
 * 1. fail: an acknowledged record is lost, or a threshold on `lost` or `duplicates` is not met,
 *    whatever else is true;
 * 2. unknown: nothing acknowledged, records unread, or the generator saturated;
 * 3. fail: the target rate was not reached, or a threshold is not met for certain;
 * 4. unknown: a threshold is not met, but the generator's own delay or limit may be the cause;
 * 5. pass.
 * Lateness of the generator only ever makes latencies look longer and rates smaller, so a threshold
 * that is met is met for certain.
 */
export function judge(load: NormalLoad, report: LoadReport): LoadVerdict {
  const thresholds = evaluateThresholds(load.thresholds, report);
  const missed = thresholds.filter((t) => !t.ok);
  const say = (t: { threshold: string; actual: string }) =>
    `${t.threshold}: it was ${t.actual}${t.threshold.startsWith('errors') ? causeOf(report) : ''}`;
  const found = (verdict: LoadVerdict['verdict'], reasons: string[]): LoadVerdict => ({
    verdict,
    reasons,
    thresholds,
    report,
  });
  const facts = [...lossOf(report), ...missed.filter(isFact).map(say)];
  if (facts.length > 0) return found('fail', facts);
  const doubts = doubtsOf(report);
  if (doubts.length > 0) return found('unknown', doubts);
  const certain = missed.filter((t) => !isMissDoubtful(t.threshold, report)).map(say);
  const failures = [...shortfallOf(report), ...certain];
  if (failures.length > 0) return found('fail', failures);
  const doubtful = missed.map((t) => `${say(t)}, ${generatorsPart(report)}`);
  return found(doubtful.length > 0 ? 'unknown' : 'pass', doubtful);
}

function isFact({ threshold }: { threshold: string }): boolean {
  const parsed = parseThreshold(threshold);
  return 'metric' in parsed && factMetrics.includes(parsed.metric);
}

const lossOf = ({ lost }: LoadReport): string[] =>
  lost > 0 ? [`${lost} acknowledged records were not found in the log`] : [];

function shortfallOf({ targetRecordsPerS, recordsPerS }: LoadReport): string[] {
  if (targetRecordsPerS === 'max' || recordsPerS >= reachedShareMin * targetRecordsPerS) return [];
  const [have, want] = [recordsPerS, targetRecordsPerS].map((n) => Math.round(n));
  return [`the target rate was not reached: ${have} of ${want} records/s were acknowledged`];
}

function doubtsOf(report: LoadReport): string[] {
  return [
    ...(report.acknowledged === 0 ? [`no record was acknowledged${causeOf(report)}`] : []),
    ...(report.unread > 0 ? [unreadOf(report)] : []),
    ...(report.generator.saturated
      ? [`the load generator was saturated: ${report.generator.reason ?? 'no reason given'}`]
      : []),
  ];
}

const causeOf = ({ firstError }: LoadReport): string => (firstError ? ` (${firstError})` : '');

const unreadOf = ({ unread, readError }: LoadReport): string =>
  `${unread} acknowledged records were not read in time${readError ? ` (${readError})` : ''}`;

function generatorsPart({ generator }: LoadReport): string {
  return generator.searchLimit === 'generator'
    ? 'but the search ended at the load generator’s own limit'
    : `but the load generator itself was up to ${(generator.worstLateMs ?? 0).toFixed(0)} ms late`;
}

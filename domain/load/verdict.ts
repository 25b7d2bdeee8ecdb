/**
 * The gate's verdict: pass, fail or unknown. Pure. What is certain counts first (a lost record is a
 * failure even when the generator was at its limit); what could not be measured is unknown, never a
 * pass.
 */
import type { LoadReport, LoadVerdict } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { evaluateThresholds } from './thresholds.ts';

/**
 * 1. fail: an acknowledged record is lost, whatever else is true;
 * 2. unknown: nothing acknowledged, records unread, or the generator saturated;
 * 3. fail: the target rate was not reached, or a threshold is not met; 4. pass.
 */
export function judge(load: NormalLoad, report: LoadReport): LoadVerdict {
  const thresholds = evaluateThresholds(load.thresholds, report);
  const found = (verdict: LoadVerdict['verdict'], reasons: string[]): LoadVerdict => ({
    verdict,
    reasons,
    thresholds,
    report,
  });
  if (report.lost > 0) {
    return found('fail', [`${report.lost} acknowledged records were not found in the log`]);
  }
  const doubts = doubtsOf(report);
  if (doubts.length > 0) return found('unknown', doubts);
  const missed = thresholds.filter((t) => !t.ok).map((t) => `${t.threshold}: it was ${t.actual}`);
  const reasons = [...shortfallOf(report), ...missed];
  return found(reasons.length === 0 ? 'pass' : 'fail', reasons);
}

/** Below this share of the target the load that was asked for was never put on. */
const reachedShareMin = 0.95;

function shortfallOf({ targetRecordsPerS, recordsPerS }: LoadReport): string[] {
  if (targetRecordsPerS === 'max' || recordsPerS >= reachedShareMin * targetRecordsPerS) return [];
  const [have, want] = [recordsPerS, targetRecordsPerS].map((n) => Math.round(n));
  return [`the target rate was not reached: ${have} of ${want} records/s were acknowledged`];
}

function doubtsOf(report: LoadReport): string[] {
  return [
    ...(report.acknowledged === 0 ? ['no record was acknowledged'] : []),
    ...(report.unread > 0 ? [`${report.unread} acknowledged records were not read in time`] : []),
    ...(report.generator.saturated
      ? [`the load generator was saturated: ${report.generator.reason ?? 'no reason given'}`]
      : []),
  ];
}

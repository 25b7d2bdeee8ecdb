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
 * 3. fail: a threshold is not met; 4. pass.
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
  const missed = thresholds.filter((t) => !t.ok);
  if (missed.length === 0) return found('pass', []);
  return found(
    'fail',
    missed.map((t) => `${t.threshold}: it was ${t.actual}`),
  );
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

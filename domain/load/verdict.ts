/**
 * The gate's verdict: pass, fail or unknown. Pure. What is certain counts first (a lost record is a
 * failure even when the generator was at its limit); what could not be measured, or was measured
 * while the cluster was not whole, is unknown, never a pass.
 */
import type { GateEvidence, LoadReport, LoadVerdict } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { saturationOf, searchLimitOf } from './generator.ts';
import { checkReport } from './report-check.ts';
import { samplesNeeded } from './samples.ts';
import { evaluateThresholds, isMissDoubtful, parseThreshold } from './thresholds.ts';

/** Below this share of the target the load that was asked for was never put on. */
const reachedShareMin = 0.95;

/** Facts of the log: no slowness of the generator can bring them about. */
const factMetrics = ['lost', 'duplicates'];

const undisturbed: GateEvidence = { disturbances: [], earlier: [] };

/**
 * 1. unknown: the report contradicts itself;
 * 2. fail: an acknowledged record is lost, or a threshold on `lost` or `duplicates` is not met,
 *    whatever else is true;
 * 3. unknown: a node was missing or restarted, nothing acknowledged, records unread, the generator
 *    saturated, or too few samples for a percentile;
 * 4. fail: the target rate was not reached, or a threshold is not met for certain;
 * 5. unknown: a threshold is not met, but the generator's own delay or limit may be the cause;
 * 6. pass.
 * Lateness of the generator only ever makes latencies look longer and rates smaller, so a threshold
 * that is met is met for certain.
 */
export function judge(
  load: NormalLoad,
  report: LoadReport,
  evidence: GateEvidence = undisturbed,
): LoadVerdict {
  const thresholds = evaluateThresholds(load.thresholds, report);
  const missed = thresholds.filter((t) => !t.ok);
  const say = (t: { threshold: string; actual: string }) =>
    `${t.threshold}: it was ${t.actual}${t.threshold.startsWith('errors') ? causeOf(report) : ''}`;
  const found = (verdict: LoadVerdict['verdict'], reasons: string[]): LoadVerdict => ({
    verdict,
    reasons,
    ...notesOf(evidence),
    thresholds,
    report,
  });
  const { disturbances } = evidence;
  const contradictions = checkReport(report).map((c) => `the report contradicts itself: ${c}`);
  if (contradictions.length > 0) return found('unknown', [...disturbances, ...contradictions]);
  const facts = [...lossOf(report), ...missed.filter(isFact).map(say)];
  if (facts.length > 0) return found('fail', [...facts, ...disturbances]);
  const doubts = [...disturbances, ...doubtsOf(load, report)];
  if (doubts.length > 0) return found('unknown', doubts);
  const certain = missed.filter((t) => !isMissDoubtful(t.threshold, report)).map(say);
  const failures = [...shortfallOf(report), ...certain];
  if (failures.length > 0) return found('fail', failures);
  const doubtful = missed.map((t) => `${say(t)}, ${generatorsPart(report)}`);
  return found(doubtful.length > 0 ? 'unknown' : 'pass', doubtful);
}

/** Unknown: there is no report, for this reason, beside what was seen and tried. */
export function unmeasured(evidence: GateEvidence, cause?: string): LoadVerdict {
  const reasons = [
    ...evidence.disturbances,
    ...attemptsOf(evidence),
    ...(cause ? [`not measured: ${cause}`] : []),
  ];
  return { verdict: 'unknown', reasons, thresholds: [] };
}

/**
 * No consumer group or no transaction came about. A failure when Kafka itself kept saying why on a
 * cluster that stood whole; otherwise unknown, and never measured further.
 */
export function uncoordinated(
  { disturbances }: GateEvidence,
  { problem, answered }: { problem: string; answered: boolean },
): LoadVerdict {
  return {
    verdict: answered && disturbances.length === 0 ? 'fail' : 'unknown',
    reasons: [...disturbances, problem],
    thresholds: [],
  };
}

const attemptsOf = ({ earlier }: GateEvidence): string[] =>
  earlier.map((reason, i) => `attempt ${i + 1} brought no report: ${reason}`);

/** A repeated measurement says so, also when it passes. */
function notesOf(evidence: GateEvidence): { notes?: string[] } {
  const { length } = evidence.earlier;
  if (length === 0) return {};
  return { notes: [`measured at attempt ${length + 1}; ${attemptsOf(evidence).join('; ')}`] };
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

function doubtsOf({ thresholds }: NormalLoad, report: LoadReport): string[] {
  const saturation = saturationOf(report, thresholds.some(isEndToEnd));
  if (report.acknowledged === 0) return [`no record was acknowledged${causeOf(report)}`];
  return [
    ...(report.unread > 0 ? [unreadOf(report)] : []),
    ...(report.unmeasured > 0
      ? [`${report.unmeasured} records came too late to be measured end to end`]
      : []),
    ...(saturation ? [`the load generator was saturated: ${saturation}`] : []),
    ...thresholds.flatMap((text) => scarcityOf(text, report)),
  ];
}

function isEndToEnd(text: string): boolean {
  const parsed = parseThreshold(text);
  return 'metric' in parsed && parsed.metric.startsWith('e2e_');
}

function scarcityOf(text: string, report: LoadReport): string[] {
  const parsed = parseThreshold(text);
  if ('error' in parsed) return [];
  const needed = samplesNeeded(parsed.metric);
  const { count } = isEndToEnd(text) ? report.endToEndMs : report.publishMs;
  return count >= needed
    ? []
    : [`${parsed.metric} needs at least ${needed} samples, there were ${count}`];
}

const causeOf = ({ firstError }: LoadReport): string => (firstError ? ` (${firstError})` : '');

const unreadOf = ({ unread, readError }: LoadReport): string =>
  `${unread} acknowledged records were not read in time${readError ? ` (${readError})` : ''}`;

function generatorsPart({ generator }: LoadReport): string {
  return searchLimitOf(generator) === 'generator'
    ? 'but the search ended at the load generator’s own limit'
    : `but the load generator itself was up to ${(generator.worstLateMs ?? 0).toFixed(0)} ms late`;
}

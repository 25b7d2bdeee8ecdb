/**
 * A seeded series of trials. Each cluster is taken away at its end with nothing done to that, and
 * looked at once more; what is found then belongs to its last trial.
 */
import type { TrialBench } from './bench.ts';
import type { Suite } from './suite.ts';
import { type Before, runTrial, type Trial, type TrialResult } from './trial.ts';

export interface SeriesOptions {
  suite: Suite;
  seed: number;
  /** Numbers of the first trial and of the one after the last; whole lives of clusters are run. */
  from: number;
  to: number;
  /** Every n-th cluster has three nodes; 0: none. */
  threeNodesEvery: number;
  onResult(result: TrialResult, index: number): void;
}

/** `Held` is an answer, not a way out: this share of a series at most. */
export const heldMax = 0.05;

export async function runSeries(bench: TrialBench, options: SeriesOptions): Promise<TrialResult[]> {
  const { suite, from, to, threeNodesEvery: every } = options;
  const size = suite.trialsPerCluster;
  const results: TrialResult[] = [];
  for (let life = Math.floor(from / size); life * size < to; life++) {
    const threeNodes = every > 0 && life % every === every - 1;
    const last = Math.min(to, (life + 1) * size);
    results.push(...(await live(bench, options, { first: life * size, last, threeNodes })));
  }
  return results;
}

async function live(
  bench: TrialBench,
  { suite, seed, onResult }: SeriesOptions,
  { first, last, threeNodes }: { first: number; last: number; threeNodes: boolean },
): Promise<TrialResult[]> {
  const results: TrialResult[] = [];
  let before: Before = { phase: 'absent', strikes: [] };
  for (let index = first; index < last; index++) {
    const trial = suite.trial({ index, seed, stands: isUp(before), threeNodes });
    const result = await runTrial(bench, trial, before);
    before = result;
    results.push(result);
    // A held cluster is for a person to see to: here, to take away.
    const over = index === last - 1 || !isUp(result);
    if (over && !isGone(result)) {
      result.violations.push(...(await farewell(bench, suite.farewell(index, trial), before)));
      before = { phase: 'destroyed', strikes: [] };
    }
    onResult(result, index);
  }
  return results;
}

const isUp = ({ phase }: Before): boolean => ['ready', 'untested', 'quarantined'].includes(phase);
const isGone = ({ phase }: Before): boolean => ['absent', 'destroyed'].includes(phase);

async function farewell(bench: TrialBench, trial: Trial, before: Before): Promise<string[]> {
  const { outcome, reason, violations } = await runTrial(bench, trial, before);
  const ended = outcome === 'destroyed' ? [] : [`ended ${outcome}: ${reason}`];
  return [...ended, ...violations].map((what) => `taken away afterwards: ${what}`);
}

/** What only a whole series can show. */
export function seriesViolations(results: TrialResult[]): string[] {
  const held = results.filter((r) => r.outcome === 'Held').length;
  if (held <= Math.max(1, heldMax * results.length)) return [];
  return [`${held} of ${results.length} trials were held, at most ${heldMax * 100} % may be`];
}

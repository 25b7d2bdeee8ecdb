/** The result of a series as a table. */
import type { TrialResult } from './trial.ts';

const columns: [string, (r: TrialResult) => boolean][] = [
  ['trials', () => true],
  ['skipped', (r) => r.outcome === 'skipped'],
  ['struck', (r) => r.struck],
  ['reached', (r) => reached.includes(r.outcome)],
  ['rolled back', (r) => ['RolledBack', 'Aborted'].includes(r.outcome)],
  ['held', (r) => r.outcome === 'Held'],
  ['pass', (r) => r.verdict === 'pass'],
  ['fail', (r) => r.verdict === 'fail'],
  ['unknown', (r) => r.verdict === 'unknown'],
  ['violations', (r) => r.violations.length > 0],
];
const reached = ['untested', 'ready', 'unchanged', 'destroyed', 'quarantined'];
const firstColumn = 'operation / struck      ';

/** One row per operation and victim, and a last line with the sums. Counts are of trials. */
export function tableOf(results: TrialResult[]): string {
  const groups = new Map<string, TrialResult[]>();
  for (const result of results) {
    const key = `${result.scenario.operation} / ${result.scenario.victim}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const rows = [...groups].sort().map(([key, group]) => row(key, group));
  const head = [firstColumn, ...columns.map(([name]) => name)].join(' | ');
  return [head, head.replaceAll(/[^|]/g, '-'), ...rows, row('all', results)].join('\n');
}

const row = (key: string, group: TrialResult[]): string =>
  [
    key.padEnd(firstColumn.length),
    ...columns.map(([name, is]) => String(group.filter(is).length).padStart(name.length)),
  ].join(' | ');

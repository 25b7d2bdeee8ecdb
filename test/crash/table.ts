/** The result of a series as a table. */
import type { TrialResult } from './trial.ts';

/** One row per operation and victim, and a last line with the sums. */
export function tableOf(results: TrialResult[]): string {
  const groups = new Map<string, TrialResult[]>();
  for (const result of results) {
    const key = `${result.scenario.operation} / ${result.scenario.victim}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const rows = [...groups].sort().map(([key, group]) => row(key, group));
  const head = [
    'operation / killed     ',
    'trials',
    'struck',
    'reached',
    'rolled back',
    'held',
    'violations',
  ].join(' | ');
  return [head, head.replaceAll(/[^|]/g, '-'), ...rows, row('all', results)].join('\n');
}

function row(key: string, group: TrialResult[]): string {
  const count = (...outcomes: string[]) => group.filter((r) => outcomes.includes(r.outcome)).length;
  const violations = group.reduce((sum, r) => sum + r.violations.length, 0);
  const reached = count('untested', 'ready', 'unchanged', 'destroyed', 'quarantined');
  return [
    key.padEnd(23),
    String(group.length).padStart(6),
    String(group.filter((r) => r.struck).length).padStart(6),
    String(reached).padStart(7),
    String(count('RolledBack', 'Aborted')).padStart(11),
    String(count('Held')).padStart(4),
    String(violations).padStart(10),
  ].join(' | ');
}

/** What people see while an operation runs: the table on a terminal, lines elsewhere. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createProgress, tableLines } from '../../cli/progress.ts';
import type { OperationStatus, StepStatus } from '../../contracts/operations.ts';

const step = (id: number, state: StepStatus['state']): StepStatus => ({
  id: `s${id}`,
  kind: 'launchInstance',
  summary: `launch main-${id}`,
  stage: 0,
  state,
  ...(state === 'pending' ? {} : { startedAt: '2026-11-24T10:00:00.000Z' }),
  ...(state === 'done' ? { endedAt: '2026-11-24T10:00:02.500Z' } : {}),
});
const status = (change: Partial<OperationStatus> = {}): OperationStatus => ({
  operationId: 'odin/a/provision-1',
  runId: 'r',
  kind: 'provision',
  cluster: 'a',
  requester: 'me',
  phase: 'applying',
  startedAt: '2026-11-24T10:00:00.000Z',
  steps: [step(0, 'done'), step(1, 'running'), step(2, 'pending')],
  paused: false,
  abortRequested: false,
  events: [{ seq: 1, at: '2026-11-24T10:00:04.000Z', text: 'applying 3 steps' }],
  ...change,
});
const table = (s: OperationStatus, view = { width: 60, rows: 24 }) =>
  tableLines(s, { frame: 0, ...view }).map(stripVTControlCharacters);

describe('the table', () => {
  it('shows every step with its state and its time', () => {
    expect(table(status())).toEqual([
      'provision a  applying',
      '  ✔ launch main-0 2.5 s',
      '  ⠋ launch main-1 4.0 s',
      '  · launch main-2 ',
    ]);
  });

  it('fits the terminal: the steps that run, and how many are hidden', () => {
    const steps = Array.from({ length: 40 }, (_, i) => step(i, i < 30 ? 'done' : 'pending'));
    const lines = table(status({ steps }), { width: 40, rows: 12 });
    expect(lines.length).toBeLessThan(12);
    expect(lines.join('\n')).toContain('launch main-30');
    expect(lines.at(-1)).toContain('34 more steps');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(48);
  });

  it('tells how far a long call is, and why one is tried again', () => {
    const pending = [
      { activity: 'runLoadTest', attempt: 1, text: 'measuring: 3/15 s' },
      { activity: 'launchInstance', attempt: 4, lastFailure: 'throttled' },
    ];
    expect(table(status({ steps: [], pending })).slice(1)).toEqual([
      '    measuring: 3/15 s',
      '    launchInstance, attempt 4: throttled',
    ]);
  });
});

describe('lines', () => {
  it('come once for each event, also when statuses repeat', () => {
    const written: string[] = [];
    const progress = createProgress({ write: (text) => written.push(text) });
    const second = { seq: 2, at: '2026-11-24T10:00:05.000Z', text: 'done' };
    progress.update(status());
    progress.update(status());
    progress.update(status({ events: [...status().events, second] }));
    progress.end();
    expect(written).toEqual(['10:00:04 applying 3 steps\n', '10:00:05 done\n']);
  });
});

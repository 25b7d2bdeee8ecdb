/** What people see while an operation runs: the table on a terminal, lines elsewhere. */
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import stringWidth from 'string-width';
import { describe, expect, it, vi } from 'vitest';
import { createProgress, tableLines } from '../../cli/progress.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import type { OperationStatus, StepStatus } from '../../contracts/operation.ts';
import type { ShownPlan } from '../../contracts/plan.ts';

const step = (id: number, state: StepStatus['state']): StepStatus => ({
  id: `s${id}`,
  state,
  ...(state === 'pending' ? {} : { startedAt: '2026-11-24T10:00:00.000Z' }),
  ...(state === 'done' ? { endedAt: '2026-11-24T10:00:02.500Z' } : {}),
});
const planOf = (steps: number): ShownPlan => ({
  cluster: 'a',
  intent: 'apply',
  fresh: true,
  steps: Array.from({ length: steps }, (_, id) => ({
    id: `s${id}`,
    stage: 0,
    symbol: '+',
    summary: `launch main-${id}`,
    undo: 'restored',
    restarts: [],
    durationS: 1,
    calls: [],
  })),
  counts: { add: steps, change: 0, destroy: 0 },
  warnings: [],
  digest: 'sha256:0',
});
const status = (change: Partial<OperationStatus> = {}): OperationStatus => ({
  operationId: 'odin/a/provision-1',
  runId: 'r',
  type: 'provisionCluster',
  cluster: 'a',
  requester: 'me',
  phase: 'applying',
  startedAt: '2026-11-24T10:00:00.000Z',
  steps: [step(0, 'done'), step(1, 'running'), step(2, 'pending')],
  plan: planOf(100),
  abortRequested: false,
  events: [{ seq: 1, at: '2026-11-24T10:00:04.000Z', text: 'applying 3 steps' }],
  ...change,
});
const table = (s: OperationStatus, view = { width: 60, rows: 24 }) =>
  tableLines(s, { frame: 0, pc: pc.createColors(true), ...view }).map(stripVTControlCharacters);

const ms = { count: 30_000, p50: 1.5, p95: 2, p99: 3, p999: 4, max: 50_000.5, mean: 2 };
const verdict = (change: Partial<LoadVerdict>): LoadVerdict => ({
  verdict: 'unknown',
  reasons: [],
  thresholds: [{ threshold: 'p(99)<1000', actual: '3.0 ms', ok: true }],
  report: {
    durationS: 15,
    ratedS: 15,
    messageBytes: 1000,
    targetRecordsPerS: 2000,
    recordsPerS: 2000,
    bytesPerS: 2e6,
    sent: 30_000,
    acknowledged: 30_000,
    errors: 0,
    received: 30_000,
    lost: 0,
    duplicates: 0,
    unread: 0,
    missingFromWarmup: 0,
    unmeasured: 0,
    publishMs: ms,
    endToEndMs: ms,
    perBroker: [0, 1, 2].map((brokerId) => ({ brokerId, bytes: 1e7, leaders: 2 })),
    balanceMaxOverMean: 1.01,
    generator: { lateShare: 0, cpuShare: 0.1, sendBusyShare: 0.1, readBusyShare: 0.1 },
  },
  ...change,
});

describe('the table', () => {
  it('shows every step with its state and its time', () => {
    expect(table(status())).toEqual([
      'provisionCluster a  applying',
      '  ✔ launch main-0 2.5 s',
      '  ⠋ launch main-1 4.0 s',
      '  · launch main-2',
    ]);
  });

  it('fits the terminal: the steps that run, and how many are hidden', () => {
    const steps = Array.from({ length: 40 }, (_, i) => step(i, i < 30 ? 'done' : 'pending'));
    const lines = table(status({ steps }), { width: 40, rows: 12 });
    expect(lines.length).toBeLessThan(12);
    expect(lines.join('\n')).toContain('launch main-30');
    expect(lines.at(-1)).toContain('32 more steps');
  });

  it.each([20, 40, 80, 200])('has no line wider than %i columns, whatever it shows', (width) => {
    const wide = '修'.repeat(50);
    const steps = [step(0, 'running')];
    const plan = planOf(1);
    if (plan.steps[0]) plan.steps[0].summary = `make topic ${wide}`;
    const pending = [{ activity: 'awaitNode', attempt: 9, lastFailure: `${wide}\n\tat x.y.z` }];
    const load = { progress: '', verdict: verdict({ reasons: ['r'.repeat(300)] }) };
    const shown = status({
      steps,
      plan,
      pending,
      load,
      reason: `the log ends with:\n${wide}\r\nERROR`,
    });
    const lines = table(shown, { width, rows: 50 });
    expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
    expect(lines.filter((line) => /[\r\n\t]/.test(line))).toEqual([]);
    expect(lines.join('\n')).toContain('end to end');
  });

  it.each([8, 12, 24])('has fewer lines than a terminal of %i rows', (rows) => {
    const steps = Array.from({ length: 30 }, (_, i) => step(i, 'done'));
    const load = { progress: '', verdict: verdict({ reasons: Array(40).fill('slow') }) };
    expect(table(status({ steps, load }), { width: 80, rows }).length).toBeLessThan(rows);
  });

  it('is redrawn from its first line on, also when figures are wider than the terminal', () => {
    vi.useFakeTimers();
    const written: string[] = [];
    const out = { isTTY: true, columns: 40, rows: 30, write: (t: string) => written.push(t) };
    const progress = createProgress(out);
    progress.update(status({ load: { progress: '', verdict: verdict({}) } }));
    vi.advanceTimersByTime(250);
    progress.end();
    vi.useRealTimers();
    const rowsOf = (text: string) =>
      stripVTControlCharacters(text)
        .trimEnd()
        .split('\n')
        .reduce((rows, line) => rows + Math.max(1, Math.ceil(stringWidth(line) / 40)), 0);
    const [first = '', second = ''] = written;
    expect(second.startsWith(`\u001b[${rowsOf(first)}A`)).toBe(true);
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

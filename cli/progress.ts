/**
 * Progress of an operation on a stream: a table of steps redrawn in place on a terminal, plain
 * lines elsewhere. Used by the CLI and by `npm start`.
 */
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import type {
  OperationStatus,
  PendingWork,
  StepState,
  StepStatus,
} from '../contracts/operation.ts';
import { type Colours, coloursFor } from './colours.ts';
import { figuresText } from './figures.ts';

export interface Progress {
  update(status: OperationStatus): void;
  /** Shows why there is no news; undefined takes it back. */
  notice?(text: string | undefined): void;
  /** Leaves the last state standing. Safe to call twice. */
  end(): void;
}

export interface Out {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** The display that suits the stream. */
export function createProgress(out: Out): Progress {
  return out.isTTY ? tableProgress(out) : lineProgress(out);
}

/** Between two lines on what is under way. */
const newsEveryMs = 5_000;

/** One line per event, as it comes, and news of long work now and then; nothing is redrawn. */
function lineProgress(out: Out): Progress {
  let seen = 0;
  let told = Date.now();
  return {
    update({ events, pending = [] }) {
      for (const event of events.filter((e) => e.seq > seen)) {
        seen = event.seq;
        out.write(`${event.at.slice(11, 19)} ${event.text}\n`);
        told = Date.now();
      }
      if (pending.length === 0 || Date.now() - told < newsEveryMs) return;
      told = Date.now();
      const at = new Date(told).toISOString().slice(11, 19);
      for (const work of pending) out.write(`${at}   ${newsOf(work)}\n`);
    },
    notice(text) {
      if (text) out.write(`${text}\n`);
    },
    end() {},
  };
}

/** Such as `measuring: 3/15 s, 1953 records/s`, or why a call is tried again. */
function newsOf({ activity, text, attempt, lastFailure }: PendingWork): string {
  const again = attempt > 1 ? `, attempt ${attempt}: ${lastFailure ?? 'no reason known'}` : '';
  return text && !again ? text : `${activity}${text ? ` (${text})` : ''}${again}`;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

function tableProgress(out: Out): Progress {
  const pc = coloursFor(out);
  let drawn = 0;
  let last: OperationStatus | undefined;
  let notice: string | undefined;
  let frame = 0;
  const draw = (rows: number) => {
    if (!last) return;
    const width = out.columns || 80;
    const lines = tableLines(last, { frame: frame++, width, rows: rows - 1, pc });
    if (notice) lines.push(clip(pc.yellow(notice), width));
    out.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\u001b[J${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(() => draw(out.rows || 24), 120);
  return {
    update(status) {
      last = status;
    },
    notice(text) {
      notice = text;
    },
    end() {
      clearInterval(timer);
      // Nothing is redrawn after this, so the whole of it may scroll.
      draw(Number.POSITIVE_INFINITY);
      last = undefined;
    },
  };
}

const spin = (frame: number): string => frames[frame % frames.length] ?? '▶';

const marks: Record<StepState, (frame: number, pc: Colours) => string> = {
  pending: (_, pc) => pc.dim('·'),
  running: (frame, pc) => pc.cyan(spin(frame)),
  done: (_, pc) => pc.green('✔'),
  failed: (_, pc) => pc.red('✘'),
  undoing: (frame, pc) => pc.yellow(spin(frame)),
  undone: (_, pc) => pc.yellow('↩'),
  'undo-failed': (_, pc) => pc.red('‼'),
  skipped: (_, pc) => pc.dim('–'),
};

interface View {
  frame: number;
  /** Columns and rows of the terminal. */
  width: number;
  rows: number;
  pc: Colours;
}

/** The table as lines no wider than the terminal, and no more than fit on it. */
export function tableLines(status: OperationStatus, view: View): string[] {
  const { pc, width, rows } = view;
  const { type, cluster, phase, reason } = status;
  const below = [
    ...loadLines(status, view),
    ...(status.pending ?? []).map((w) => pc.dim(`    ${newsOf(w)}`)),
  ];
  const steps = visibleSteps(status.steps, Math.max(3, Math.min(rows, 1000) - 4 - below.length));
  const hidden = status.steps.length - steps.length;
  const lines = [
    `${pc.bold(`${type} ${cluster}`)}  ${phase}${reason ? `: ${reason}` : ''}`,
    ...steps.map((s) => stepLine(s, status, view)),
    ...(hidden > 0 ? [pc.dim(`  … ${hidden} more steps`)] : []),
    ...below,
  ].map((line) => clip(line, width));
  // The cursor stands in a row of its own below the table.
  if (lines.length < rows) return lines;
  return [...lines.slice(0, Math.max(1, rows - 2)), pc.dim('  …')];
}

/** The plan says what a step does. */
const summaryOf = ({ id }: StepStatus, { plan }: OperationStatus): string =>
  plan?.steps.find((s) => s.id === id)?.summary ?? id;

/** What does not fit is taken from the summary; mark and time stay. */
function stepLine(step: StepStatus, status: OperationStatus, { frame, width, pc }: View): string {
  const time = took(step, status);
  const summary = clip(summaryOf(step, status), Math.max(1, width - 5 - stringWidth(time)));
  return `  ${marks[step.state](frame, pc)} ${summary}${time && ` ${pc.dim(time)}`}`;
}

/** All of them, or those around the ones that run. */
function visibleSteps(steps: StepStatus[], room: number): StepStatus[] {
  if (steps.length <= room) return steps;
  const active = Math.max(
    0,
    steps.findIndex((s) => s.state === 'running' || s.state === 'pending'),
  );
  const from = Math.min(Math.max(0, active - Math.floor(room / 2)), steps.length - room);
  return steps.slice(from, from + room);
}

function loadLines({ load, phase }: OperationStatus, { frame, pc }: View): string[] {
  if (!load) return [];
  if (load.verdict) return figuresText(load.verdict, pc).map((line) => `  ${line}`);
  const mark = phase === 'load-testing' ? marks.running(frame, pc) : ' ';
  return [`  ${mark} load test: ${load.progress ?? ''}`];
}

/** Seconds a step has taken, by the workflow's clock. */
function took({ startedAt, endedAt }: StepStatus, { events }: OperationStatus): string {
  if (!startedAt) return '';
  const end = endedAt ?? events.at(-1)?.at ?? startedAt;
  return `${((Date.parse(end) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
}

/** One row of at most `width` columns: a line break in a reason would spoil the redrawing. */
const clip = (text: string, width: number): string =>
  cliTruncate(text.replace(/[\r\n\t\v\f]+/g, ' '), width);

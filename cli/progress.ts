/**
 * Progress of an operation on a stream: a table of steps redrawn in place on a terminal, plain
 * lines elsewhere. Used by the CLI and by `npm start`.
 */
import pc from 'picocolors';
import type {
  OperationStatus,
  PendingWork,
  StepState,
  StepStatus,
} from '../contracts/operations.ts';
import { figuresText } from './figures.ts';

export interface Progress {
  update(status: OperationStatus): void;
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
  let drawn = 0;
  let last: OperationStatus | undefined;
  let frame = 0;
  const draw = () => {
    if (!last) return;
    const lines = tableLines(last, {
      frame: frame++,
      width: out.columns ?? 80,
      rows: out.rows ?? 24,
    });
    out.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\u001b[J${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, 120);
  return {
    update(status) {
      last = status;
    },
    end() {
      clearInterval(timer);
      draw();
      last = undefined;
    },
  };
}

const marks: Record<StepState, (frame: number) => string> = {
  pending: () => pc.dim('·'),
  running: (frame) => pc.cyan(frames[frame % frames.length] ?? '▶'),
  done: () => pc.green('✔'),
  failed: () => pc.red('✘'),
  undoing: (frame) => pc.yellow(frames[frame % frames.length] ?? '↶'),
  undone: () => pc.yellow('↩'),
  'undo-failed': () => pc.red('‼'),
  skipped: () => pc.dim('–'),
};

/** The table as lines no wider than the terminal, and no more than fit on it. */
export function tableLines(
  status: OperationStatus,
  view: { frame: number; width: number; rows: number },
): string[] {
  const head = `${pc.bold(`${status.kind} ${status.cluster}`)}  ${status.phase}${
    status.reason ? `: ${status.reason}` : ''
  }`;
  const room = Math.max(3, view.rows - 6 - (status.pending?.length ?? 0));
  const steps = visibleSteps(status.steps, room);
  const lines = steps.map(
    (s) => `  ${marks[s.state](view.frame)} ${clip(s.summary, view.width - 14)} ${took(s, status)}`,
  );
  const hidden = status.steps.length - steps.length;
  return [
    clip(head, view.width + 8),
    ...lines,
    ...(hidden > 0 ? [pc.dim(`  … ${hidden} more steps`)] : []),
    ...loadLines(status, view),
    ...(status.pending ?? []).map((w) => pc.dim(clip(`    ${newsOf(w)}`, view.width))),
  ];
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

function loadLines({ load, phase }: OperationStatus, { frame }: { frame: number }): string[] {
  if (!load) return [];
  if (load.verdict) return figuresText(load.verdict).map((line) => `  ${line}`);
  const mark = phase === 'load-testing' ? marks.running(frame) : ' ';
  return [`  ${mark} load test: ${load.progress ?? ''}`];
}

/** Seconds a step has taken, by the workflow's clock. */
function took({ startedAt, endedAt }: StepStatus, { events }: OperationStatus): string {
  if (!startedAt) return '';
  const end = endedAt ?? events.at(-1)?.at ?? startedAt;
  return pc.dim(`${((Date.parse(end) - Date.parse(startedAt)) / 1000).toFixed(1)} s`);
}

const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;

/** The operation as Markdown, for the Web UI's "current details": it should read like a runbook. */
import type { OperationStatus, StepState } from '../../contracts/operation.ts';

const marks: Record<StepState, string> = {
  pending: '·',
  running: '▶',
  done: '✔',
  failed: '✘',
  undoing: '↶',
  undone: '↩',
  'undo-failed': '‼',
  skipped: '–',
};
/** Rows shown; the status query has all of them. */
const rowsMax = 60;
/** Of them, steps that are done, above the ones that are not. */
const rowsBehind = 20;

/** Pure: the status as a heading, the steps as a table, and the verdict with its reasons. */
export function detailsOf(status: OperationStatus): string {
  return [
    `### ${status.type} \`${status.cluster}\`: ${status.outcome ?? status.phase}`,
    ...(status.reason ? [`> ${status.reason}`] : []),
    ...(status.plan ? [planLine(status)] : []),
    ...(status.phase === 'awaiting-approval' ? [approvalLine(status)] : []),
    ...stepTable(status),
    ...verdictLines(status),
    ...(status.connection ? [`Bootstrap: \`${status.connection.bootstrap}\``] : []),
  ].join('\n\n');
}

function planLine({ plan }: OperationStatus): string {
  const { add, change, destroy } = plan?.counts ?? { add: 0, change: 0, destroy: 0 };
  return `Plan: ${add} to add, ${change} to change, ${destroy} to destroy. \`${plan?.digest}\``;
}

const approvalLine = ({ plan }: OperationStatus): string =>
  `Waiting for the update \`approve\` with \`{"digest": "${plan?.digest}"}\`.`;

function stepTable({ steps, plan }: OperationStatus): string[] {
  if (steps.length === 0) return [];
  // The first rows that are not behind us: of hundreds of steps these are the ones to look at.
  const open = steps.findIndex((s) => s.state !== 'done');
  const last = Math.max(0, steps.length - rowsMax);
  const from = open < 0 ? last : Math.min(last, Math.max(0, open - rowsBehind));
  const shown = steps.slice(from, from + rowsMax);
  const summaries = new Map(plan?.steps.map((s) => [s.id, s.summary]));
  const rows = shown.map(
    (s) => `| ${marks[s.state]} ${s.state} | ${summaries.get(s.id) ?? s.id} | ${s.detail ?? ''} |`,
  );
  const hidden = steps.length - shown.length;
  const more = hidden > 0 ? [`| | … ${hidden} more | |`] : [];
  return [['| state | step | detail |', '| --- | --- | --- |', ...rows, ...more].join('\n')];
}

function verdictLines({ load }: OperationStatus): string[] {
  if (!load?.verdict) return load?.progress ? [`Load test: ${load.progress}`] : [];
  const { verdict, reasons, notes = [], thresholds } = load.verdict;
  const rows = thresholds.map((t) => `| ${t.ok ? '✔' : '✘'} | \`${t.threshold}\` | ${t.actual} |`);
  return [
    `**Load test: ${verdict}**`,
    ...[...reasons, ...notes].map((line) => `- ${line}`),
    ['| | threshold | actual |', '| --- | --- | --- |', ...rows].join('\n'),
  ];
}

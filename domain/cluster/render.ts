/** A plan as text, in Terraform's symbols and footer, with what Terraform leaves out. Pure. */
import type { ShownPlan, ShownStep, StepSymbol } from '../../contracts/plan.ts';
import { undoTexts } from './step.ts';

const colours: Record<StepSymbol, string> = {
  '+': '32',
  '~': '33',
  '-': '31',
  '<=': '36',
};

/** A plan, whether it is the whole one or as a status shows it. */
type Readable = Omit<ShownPlan, 'steps'> & { steps: Omit<ShownStep, 'action'>[] };

/** Text for a terminal; `color` adds ANSI colours. An empty plan says so in one line. */
export function renderPlan(plan: Readable, { color = false } = {}): string {
  const warnings = plan.warnings.map((w) => `Warning: ${w}`);
  if (plan.steps.length === 0) {
    const empty =
      plan.intent === 'destroy'
        ? 'No changes. Nothing of the cluster is left.'
        : 'No changes. The cluster matches the spec.';
    return [...warnings, empty, ''].join('\n');
  }
  const paint = (symbol: StepSymbol, text: string) =>
    color ? `\u001b[${colours[symbol]}m${text}\u001b[0m` : text;
  const lines = plan.steps.flatMap((step, i) => [
    ...(plan.steps[i - 1]?.stage === step.stage ? [] : [`Stage ${step.stage + 1}`]),
    `  ${paint(step.symbol, step.symbol.padStart(3))} ${step.summary}`,
    ...notes(step).map((note) => `        ${note}`),
  ]);
  return [
    `Asgard will ${plan.intent === 'destroy' ? 'destroy' : 'change'} cluster \`${plan.cluster}\`:`,
    '',
    ...lines,
    '',
    ...warnings,
    footer(plan),
    `Estimated duration: ${showDuration(planDuration(plan))}.`,
    `Digest: ${plan.digest}`,
    '',
  ].join('\n');
}

/** Terraform's closing line. */
const footer = ({ counts }: Pick<ShownPlan, 'counts'>): string =>
  `Plan: ${counts.add} to add, ${counts.change} to change, ${counts.destroy} to destroy.`;

function notes(step: Omit<ShownStep, 'action'>): string[] {
  if (step.symbol === '<=') return [];
  const restarts = step.restarts.length > 0 ? [`restarts: ${step.restarts.join(', ')}`] : [];
  const undo = step.undo === 'impossible' ? [`undo: ${undoTexts[step.undo]}`] : [];
  return [...restarts, ...undo];
}

/** Seconds: stages follow each other, a stage takes as long as its longest step. */
function planDuration({ steps }: Pick<Readable, 'steps'>): number {
  const longest = new Map<number, number>();
  for (const { stage, durationS } of steps) {
    longest.set(stage, Math.max(longest.get(stage) ?? 0, durationS));
  }
  return [...longest.values()].reduce((sum, s) => sum + s, 0);
}

const showDuration = (seconds: number): string =>
  seconds < 90 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} min`;

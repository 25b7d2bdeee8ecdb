/**
 * A plan applied as a saga. Steps of a stage run side by side; every undo is recorded before its
 * deed; a failure or an abort undoes everything in reverse, unless something cannot be taken back:
 * then the operation is held, and the next plan starts from what is there.
 */
import { CancelledFailure } from '@temporalio/common';
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { StepState, StepStatus } from '../../contracts/operation.ts';
import type { ClusterPlan, PlanStep } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { messageOf } from '../operation/failure.ts';
import { now, type Operation } from '../operation/operation.ts';
import { doStep, existedBefore, undoOf } from './steps.ts';

export interface ApplyOptions {
  plan: ClusterPlan;
  scope: StepScope;
  onFailure: 'rollback' | 'hold';
}

/** How the saga ended. `reason` says what failed, and what is left when it is held. */
export type Applied =
  | { how: 'applied'; bootMs: number }
  | { how: 'rolled-back' | 'aborted' | 'held'; reason: string };

interface Undo {
  step: PlanStep;
  run: () => Promise<void>;
}

/** Runs the plan to its end or back to its beginning. Does not throw. */
export async function applySteps(op: Operation, options: ApplyOptions): Promise<Applied> {
  const { plan } = options;
  op.status.steps = plan.steps.map(pendingStep);
  op.enter('applying', `applying ${plan.steps.length} steps`);
  op.touched = true;
  const undos: Undo[] = [];
  const final: PlanStep[] = [];
  try {
    const bootMs = await runStages(op, options, { undos, final });
    return { how: 'applied', bootMs };
  } catch (error) {
    const aborted = isCancellation(error);
    const cause = aborted ? 'aborted' : messageOf(error);
    return await CancellationScope.nonCancellable(() =>
      takeBack(op, { options, undos, final, cause, aborted }),
    );
  }
}

const pendingStep = (step: PlanStep): StepStatus => ({
  id: step.id,
  kind: step.action.kind,
  summary: step.summary,
  stage: step.stage,
  state: 'pending',
});

interface Trail {
  undos: Undo[];
  /** Begun steps that cannot be taken back. */
  final: PlanStep[];
}

/** Returns the milliseconds spent waiting for brokers to boot and join. */
async function runStages(
  op: Operation,
  { plan, scope }: ApplyOptions,
  trail: Trail,
): Promise<number> {
  const fresh = plan.steps.some((s) => s.action.kind === 'createIdentity');
  let bootMs = 0;
  for (const stage of stagesOf(plan)) {
    await op.whilePaused();
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('aborted');
    const begun = Date.now();
    await allSettledOrThrow(
      stage.map((step) =>
        runStep(op, step, async () => {
          const undo = undoOf(step, scope, fresh);
          const own = typeof undo === 'function' && !(await existedBefore(step, scope));
          if (own) trail.undos.push({ step, run: undo });
          if (undo === 'pointOfNoReturn') trail.final.push(step);
          await doStep(step, scope);
        }),
      ),
    );
    if (stage.some((s) => s.action.kind === 'awaitNode')) bootMs += Date.now() - begun;
  }
  return bootMs;
}

export function stagesOf(plan: ClusterPlan): PlanStep[][] {
  const stages: PlanStep[][] = [];
  for (const step of plan.steps) {
    const stage = stages[step.stage] ?? [];
    stage.push(step);
    stages[step.stage] = stage;
  }
  return stages.filter((stage) => stage !== undefined);
}

/** Waits for all, so that nothing runs on behind an undo; then throws the first failure. */
async function allSettledOrThrow(runs: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(runs);
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason;
  }
}

async function runStep(op: Operation, step: PlanStep, deed: () => Promise<void>): Promise<void> {
  const status = op.status.steps.find((s) => s.id === step.id);
  mark(op, status, 'running');
  try {
    await deed();
    mark(op, status, 'done');
  } catch (error) {
    mark(op, status, 'failed', isCancellation(error) ? 'cancelled' : messageOf(error));
    throw error;
  }
}

function mark(
  op: Operation,
  status: StepStatus | undefined,
  state: StepState,
  detail?: string,
): void {
  if (!status) return;
  status.state = state;
  if (state === 'running') status.startedAt = now();
  else status.endedAt = now();
  if (detail === undefined) delete status.detail;
  else status.detail = detail;
  op.say(`${status.summary}: ${state}${detail ? ` (${detail})` : ''}`);
}

interface TakeBack extends Trail {
  options: ApplyOptions;
  cause: string;
  aborted: boolean;
}

async function takeBack(op: Operation, back: TakeBack): Promise<Applied> {
  for (const s of op.status.steps) if (s.state === 'pending') s.state = 'skipped';
  const { cause, final, options } = back;
  if (final.length > 0) {
    const done = final.map((s) => s.summary).join('; ');
    return { how: 'held', reason: `${cause}. Cannot be taken back: ${done}` };
  }
  if (options.onFailure === 'hold' && !back.aborted) {
    return { how: 'held', reason: `${cause}. Kept as it is, as onFailure asks` };
  }
  op.enter('rolling-back', `rolling back: ${cause}`);
  const failed = await undoAll(op, back.undos);
  if (failed.length > 0) {
    return { how: 'held', reason: `${cause}. Could not be undone: ${failed.join('; ')}` };
  }
  op.touched = false;
  return { how: back.aborted ? 'aborted' : 'rolled-back', reason: cause };
}

/** Undoes stage by stage, the newest first. A failing undo does not stop the others. */
async function undoAll(op: Operation, undos: Undo[]): Promise<string[]> {
  const failed: string[] = [];
  const stages = [...new Set(undos.map((u) => u.step.stage))].sort((a, b) => b - a);
  for (const stage of stages) {
    const together = undos.filter((u) => u.step.stage === stage);
    await Promise.all(together.map((undo) => undoStep(op, undo, failed)));
  }
  return failed;
}

async function undoStep(op: Operation, { step, run }: Undo, failed: string[]): Promise<void> {
  const status = op.status.steps.find((s) => s.id === step.id);
  mark(op, status, 'undoing');
  try {
    await run();
    mark(op, status, 'undone');
  } catch (error) {
    mark(op, status, 'undo-failed', messageOf(error));
    failed.push(`${step.summary}: ${messageOf(error)}`);
  }
}

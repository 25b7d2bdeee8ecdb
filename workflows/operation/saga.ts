/**
 * Steps run as a saga, for every service: steps of a stage side by side, but never more than
 * Temporal and a provider can bear; every undo recorded before its deed; a failure or an abort
 * undoes everything in reverse, unless something cannot be taken back: then it is held.
 * What the steps are and do is the caller's table; nothing here may know a kind of step.
 */
import { CancelledFailure } from '@temporalio/common';
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { OperationPhase, StepState, StepStatus } from '../../contracts/operation.ts';
import type { UndoKind } from '../../contracts/plan.ts';
import { fewOf } from '../../contracts/text.ts';
import { holds, messageOf } from './failure.ts';

/** Temporal allows 2,000 pending activities; far fewer keep two cores and a provider's API well. */
export const stepsAtOnceMax = 50;

/** A step as the saga sees it. */
export interface SagaStep<A extends { kind: string }> {
  id: string;
  /** Steps of one stage may run side by side; stages run in order. */
  stage: number;
  summary: string;
  undo: UndoKind;
  action: A;
}

/** A deed without a way back: its undo is `unneeded` or `impossible`. */
export interface Deed<A, S> {
  do(action: A, scope: S): Promise<void>;
}
/** A deed with its way back. An undo may run twice and accepts that the deed never happened. */
export interface ReversibleDeed<A, S> extends Deed<A, S> {
  /** Names of what is there already, asked before the deed: not this operation's to undo. */
  existed?(action: A, scope: S): Promise<string[]>;
  undo(action: A, scope: S, existed: readonly string[]): Promise<void>;
}

/** The table of a service: one entry for each kind of action. */
export type Ways<A extends { kind: string }, S> = {
  [K in A['kind']]: Deed<never, S> | ReversibleDeed<never, S>;
};

export interface Saga<A extends { kind: string }, S> {
  steps: readonly SagaStep<A>[];
  ways: Ways<A, S>;
  scope: S;
  /** What a failed step leads to; an abort always takes back. */
  onFailure: 'rollback' | 'hold';
}

/** What a saga needs of its operation. */
export interface SagaHost {
  readonly status: { steps: StepStatus[] };
  enter(phase: OperationPhase, text?: string): void;
  say(text: string): void;
  /** Waits while paused. */
  whilePaused(): Promise<void>;
}

/** How it ended. `reason` says what failed, and what is left when it is held. */
export type SagaEnd =
  | { how: 'applied' }
  | { how: 'rolled-back' | 'aborted' | 'held'; reason: string };

/** Runs the steps to their end or back to their beginning. Does not throw. */
export async function runSaga<A extends { kind: string }, S>(
  op: SagaHost,
  saga: Saga<A, S>,
): Promise<SagaEnd> {
  const run = new Run(op, saga);
  op.enter('applying', `applying ${saga.steps.length} steps`);
  try {
    await run.forward();
    return { how: 'applied' };
  } catch (error) {
    const aborted = isCancellation(error);
    const cause = aborted ? 'aborted' : messageOf(error);
    const end = await CancellationScope.nonCancellable(() => run.back(cause, aborted));
    return holds(error) && end.how === 'rolled-back' ? { ...end, how: 'held' } : end;
  }
}

/** Steps by stage, in order. */
export function stagesOf<T extends { stage: number }>(steps: readonly T[]): T[][] {
  const stages = new Map<number, T[]>();
  for (const step of steps) stages.set(step.stage, [...(stages.get(step.stage) ?? []), step]);
  return [...stages].sort(([a], [b]) => a - b).map(([, stage]) => stage);
}

class Run<A extends { kind: string }, S> {
  private readonly op: SagaHost;
  private readonly saga: Saga<A, S>;
  private readonly status: Map<string, StepStatus>;
  private readonly undos: { step: SagaStep<A>; existed: readonly string[] }[] = [];
  /** Begun steps that cannot be taken back. */
  private readonly final: SagaStep<A>[] = [];
  private pausing: Promise<void> | undefined;

  constructor(op: SagaHost, saga: Saga<A, S>) {
    this.op = op;
    this.saga = saga;
    op.status.steps = saga.steps.map(({ id }) => ({ id, state: 'pending' }));
    this.status = new Map(op.status.steps.map((s) => [s.id, s]));
  }

  async forward(): Promise<void> {
    for (const stage of stagesOf(this.saga.steps)) {
      await eachAtMost(stage, async (step) => {
        await this.whilePaused();
        if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('aborted');
        await this.runStep(step);
      });
    }
  }

  /** Takes back what was begun, or says why it cannot be. */
  async back(cause: string, aborted: boolean): Promise<SagaEnd> {
    for (const s of this.op.status.steps) if (s.state === 'pending') s.state = 'skipped';
    if (this.final.length > 0) {
      const done = this.final.map((s) => s.summary);
      return { how: 'held', reason: `${cause}. Cannot be taken back: ${fewOf(done)}` };
    }
    if (this.saga.onFailure === 'hold' && !aborted) {
      return { how: 'held', reason: `${cause}. Kept as it is, as onFailure asks` };
    }
    this.op.enter('rolling-back', `rolling back: ${cause}`);
    const failed = await this.undoAll();
    if (failed.length > 0) {
      return { how: 'held', reason: `${cause}. Could not be undone: ${fewOf(failed)}` };
    }
    return { how: aborted ? 'aborted' : 'rolled-back', reason: cause };
  }

  /** Steps that wait their turn all wait for the same pause. */
  private whilePaused(): Promise<void> {
    this.pausing ??= this.op.whilePaused().finally(() => {
      this.pausing = undefined;
    });
    return this.pausing;
  }

  private async runStep(step: SagaStep<A>): Promise<void> {
    this.mark(step, 'running');
    try {
      await this.begin(step);
      this.mark(step, 'done');
    } catch (error) {
      this.mark(step, 'failed', isCancellation(error) ? 'cancelled' : messageOf(error));
      throw error;
    }
  }

  private async begin(step: SagaStep<A>): Promise<void> {
    const { action, undo } = step;
    const { scope } = this.saga;
    const way = this.wayOf(step);
    if (undo === 'impossible') this.final.push(step);
    if (undo === 'restored') {
      const existed = 'existed' in way ? await way.existed?.(action, scope) : undefined;
      this.undos.push({ step, existed: existed ?? [] });
    }
    await way.do(action, scope);
  }

  /** Stage by stage, the newest first. A failing undo does not stop the others. */
  private async undoAll(): Promise<string[]> {
    const failed: string[] = [];
    const stages = stagesOf(this.undos.map((u) => ({ ...u, stage: u.step.stage }))).reverse();
    for (const stage of stages) {
      await eachAtMost(stage, async ({ step, existed }) => {
        this.mark(step, 'undoing');
        try {
          const way = this.wayOf(step);
          if ('undo' in way) await way.undo(step.action, this.saga.scope, existed);
          this.mark(step, 'undone');
        } catch (error) {
          this.mark(step, 'undo-failed', messageOf(error));
          failed.push(`${step.summary}: ${messageOf(error)}`);
        }
      });
    }
    return failed;
  }

  private wayOf({ action }: SagaStep<A>): Deed<A, S> | ReversibleDeed<A, S> {
    return this.saga.ways[action.kind as A['kind']] as Deed<A, S> | ReversibleDeed<A, S>;
  }

  private mark(step: SagaStep<A>, state: StepState, detail?: string): void {
    const status = this.status.get(step.id);
    if (!status) return;
    const at = new Date(Date.now()).toISOString();
    status.state = state;
    if (state === 'running') status.startedAt = at;
    else status.endedAt = at;
    if (detail === undefined) delete status.detail;
    else status.detail = detail;
    this.op.say(`${step.summary}: ${state}${detail ? ` (${detail})` : ''}`);
  }
}

/**
 * Works on all items, at most `stepsAtOnceMax` at a time; after a failure it begins no more. Waits
 * for those begun, so that nothing runs on behind an undo; then throws the first failure.
 */
async function eachAtMost<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const item = items[next] as T;
      next += 1;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(stepsAtOnceMax, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
}

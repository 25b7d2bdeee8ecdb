/**
 * `temporal workflow reset` makes a new run of an operation's past. The lease of that past may have
 * gone to somebody else meanwhile, and a workflow cannot see that it was reset without breaking its
 * own replay; an activity can, since it knows which run asks.
 */
import { Context } from '@temporalio/activity';
import type { StepScope } from '../../contracts/scope.ts';
import { failure } from './failure.ts';

/** What all activities take: one object, most with the scope of the operation. */
type Activity = (input: never) => Promise<unknown>;

/**
 * The same activities; each fails with NotAwaiting, for good and before it does anything, when the
 * run that asks is not the one that its scope names.
 */
export function onlyForSameRun<A extends Record<string, Activity>>(activities: A): A {
  const guarded = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: { scope?: Partial<StepScope> }) => {
      requireSameRun(input?.scope?.runId);
      return activity(input as never);
    },
  ]);
  return Object.fromEntries(guarded) as A;
}

function requireSameRun(wanted: string | undefined): void {
  const { workflowExecution } = Context.current().info;
  if (wanted === undefined || workflowExecution?.runId === wanted) return;
  const message = 'this run was made by a reset, and its lease may have gone on';
  throw failure('NotAwaiting', `${message}; start the operation anew`);
}

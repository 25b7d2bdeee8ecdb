/**
 * What operators may say to a running operation: approve, pause, resume, abort. Every message is
 * checked where it arrives; a refused one leaves no trace in the history.
 */
import { defineUpdate, setHandler } from '@temporalio/workflow';
import { ApproveInput, type OperationPhase, updates } from '../../contracts/operation.ts';
import { fail } from './failure.ts';
import type { Operation } from './operation.ts';
import { requireInput } from './validate.ts';

const pausable: OperationPhase[] = [
  'waiting-for-lease',
  'planning',
  'awaiting-approval',
  'applying',
];
const abortable: OperationPhase[] = [...pausable, 'validating', 'paused', 'load-testing'];

/** Installs the updates' handlers. */
export function listenToOperators(op: Operation): void {
  handleApprove(op);
  handlePauseResume(op);
  handleAbort(op);
}

function handleApprove(op: Operation): void {
  setHandler(
    defineUpdate<string, [ApproveInput]>(updates.approve),
    ({ digest, by }) => {
      op.approvedDigest = digest;
      op.say(`plan approved${by ? ` by ${by}` : ''}`);
      return digest;
    },
    {
      description: 'Approve the present plan: {"digest": "sha256:…"}.',
      validator: (input) => {
        requireInput(ApproveInput, input);
        requirePhase(op, ['awaiting-approval'], 'approve');
        const digest = op.status.plan?.digest;
        if (input.digest === digest) return;
        const message = `the plan is ${digest}, the approval names ${input.digest}`;
        throw fail('DigestMismatch', message);
      },
    },
  );
}

function handlePauseResume(op: Operation): void {
  setHandler(
    defineUpdate<void, []>(updates.pause),
    () => {
      op.paused = true;
      op.say('pause asked for: running steps finish first');
    },
    {
      description: 'Start no further step until resume.',
      validator: () => requirePhase(op, pausable, 'pause'),
    },
  );
  setHandler(
    defineUpdate<void, []>(updates.resume),
    () => {
      op.paused = false;
      op.say('resume asked for');
    },
    {
      description: 'Go on after a pause.',
      validator: () => {
        if (!op.paused) throw fail('NotAwaiting', 'resume: the operation is not paused');
      },
    },
  );
}

function handleAbort(op: Operation): void {
  setHandler(defineUpdate<void, []>(updates.abort), () => abort(op, 'abort asked for'), {
    description: 'Stop and undo what this operation did.',
    validator: () => {
      if (op.status.abortRequested) throw fail('NotAwaiting', 'abort was asked for already');
      requirePhase(op, abortable, 'abort');
    },
  });
}

/** Stops the body at whatever it waits for; the frame and the saga do the rest. Safe to repeat. */
export function abort(op: Operation, why: string): void {
  if (op.status.abortRequested || !abortable.includes(op.status.phase)) return;
  op.status.abortRequested = true;
  op.paused = false;
  op.say(why);
  op.scope.cancel();
}

function requirePhase(op: Operation, phases: OperationPhase[], what: string): void {
  if (phases.includes(op.status.phase)) return;
  const { phase } = op.status;
  const at = phase === 'finished' ? 'has finished' : `is in phase \`${phase}\``;
  throw fail('NotAwaiting', `${what}: the operation ${at}`);
}

/**
 * What every operation workflow has: a status that people can read, and the updates approve, pause,
 * resume and abort. State lives in the object that `startOperation` returns, never in the module.
 */

import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ErrorType } from '../../contracts/errors.ts';
import { searchAttributes } from '../../contracts/names.ts';
import {
  type ApproveInput,
  type OperationKind,
  type OperationPhase,
  type OperationStatus,
  statusQuery,
  updates,
} from '../../contracts/operations.ts';
import { detailsOf } from './details.ts';

const eventsMax = 200;

export interface Operation {
  readonly status: OperationStatus;
  /** Work that an abort cancels runs in here. */
  readonly scope: CancellationScope;
  /** The digest that was approved, once it was. */
  approvedDigest?: string;
  enter(phase: OperationPhase, text?: string): void;
  /** Adds a line to the events and refreshes the details in the Web UI. */
  say(text: string): void;
  refresh(): void;
  /** Waits while paused; call between steps. */
  whilePaused(): Promise<void>;
}

export const now = (): string => new Date(Date.now()).toISOString();

/** A failure that ends or refuses something for good, of a catalogue type. */
export function refuse(type: ErrorType, message: string, details?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    ...(details === undefined ? {} : { details: [details] }),
  });
}

const key = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** Sets all handlers; must be the first thing a workflow does, since messages may already wait. */
export function startOperation(
  kind: OperationKind,
  { cluster, requester }: { cluster: string; requester: string },
): Operation {
  const op = new OperationState(initialStatus(kind, cluster, requester));
  upsertSearchAttributes([
    { key: key(searchAttributes.service), value: 'odin' },
    { key: key(searchAttributes.cluster), value: cluster },
    { key: key(searchAttributes.requester), value: requester },
  ]);
  setHandler(defineQuery<OperationStatus>(statusQuery), () => op.status, {
    description: 'Everything about this operation: phase, plan, steps, load test, events.',
  });
  handleApprove(op);
  handlePauseResume(op);
  handleAbort(op);
  return op;
}

function initialStatus(kind: OperationKind, cluster: string, requester: string): OperationStatus {
  const { workflowId, runId } = workflowInfo();
  return {
    operationId: workflowId,
    runId,
    kind,
    cluster,
    requester,
    phase: 'validating',
    startedAt: now(),
    steps: [],
    paused: false,
    abortRequested: false,
    events: [],
  };
}

class OperationState implements Operation {
  readonly status: OperationStatus;
  readonly scope = new CancellationScope();
  approvedDigest?: string;
  private seq = 0;

  constructor(status: OperationStatus) {
    this.status = status;
  }

  enter(phase: OperationPhase, text?: string): void {
    this.status.phase = phase;
    upsertSearchAttributes([
      { key: key(searchAttributes.phase), value: phase },
      ...(this.status.outcome
        ? [{ key: key(searchAttributes.outcome), value: this.status.outcome as string }]
        : []),
    ]);
    this.say(text ?? phase);
  }

  say(text: string): void {
    this.seq += 1;
    this.status.events.push({ seq: this.seq, at: now(), text });
    if (this.status.events.length > eventsMax) this.status.events.shift();
    this.refresh();
  }

  refresh(): void {
    setCurrentDetails(detailsOf(this.status));
  }

  async whilePaused(): Promise<void> {
    if (!this.status.paused) return;
    const before = this.status.phase;
    this.enter('paused', 'paused: waiting for resume or abort');
    await condition(() => !this.status.paused);
    this.enter(before, 'resumed');
  }
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
        requirePhase(op, ['awaiting-approval'], 'approve');
        if (input?.digest !== op.status.plan?.digest) {
          throw refuse(
            'DigestMismatch',
            `the plan is ${op.status.plan?.digest}, the approval names ${input?.digest}`,
          );
        }
      },
    },
  );
}

const pausable: OperationPhase[] = [
  'waiting-for-lease',
  'planning',
  'awaiting-approval',
  'applying',
];

function handlePauseResume(op: Operation): void {
  setHandler(
    defineUpdate<void, []>(updates.pause),
    () => {
      op.status.paused = true;
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
      op.status.paused = false;
      op.say('resume asked for');
    },
    {
      description: 'Go on after a pause.',
      validator: () => {
        if (!op.status.paused) throw refuse('NotAwaiting', 'resume: the operation is not paused');
      },
    },
  );
}

function handleAbort(op: Operation): void {
  setHandler(
    defineUpdate<void, []>(updates.abort),
    () => {
      op.status.abortRequested = true;
      op.status.paused = false;
      op.say('abort asked for');
      op.scope.cancel();
    },
    {
      description: 'Stop and undo what this operation did.',
      validator: () => {
        requirePhase(op, [...pausable, 'validating', 'paused', 'load-testing'], 'abort');
        if (op.status.abortRequested) throw refuse('NotAwaiting', 'abort was asked for already');
      },
    },
  );
}

function requirePhase(op: Operation, phases: OperationPhase[], what: string): void {
  if (phases.includes(op.status.phase)) return;
  throw refuse('NotAwaiting', `${what}: the operation is in phase \`${op.status.phase}\``);
}

/**
 * What every operation workflow has: a status that people can read, and what operators' messages
 * (messages.ts) turn. State lives in the object that `createOperation` returns, not in the module.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineQuery,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LeaseReleased } from '../../contracts/lease.ts';
import { searchAttributes } from '../../contracts/names.ts';
import {
  type OperationDefinition,
  type OperationPhase,
  type OperationStatus,
  statusQuery,
} from '../../contracts/operation.ts';
import { clip } from '../../contracts/text.ts';
import { detailsOf } from './details.ts';

const eventsMax = 200;
const eventTextMax = 500;

export interface Operation {
  readonly definition: OperationDefinition;
  readonly status: OperationStatus;
  /** The whole body runs in here: an abort cancels it at whatever it waits for. */
  readonly scope: CancellationScope;
  /** A pause was asked for. */
  paused: boolean;
  /** The digest that was approved, once it was. */
  approvedDigest?: string;
  /** Deeds were begun and are not all undone: an end without a word leaves the cluster held. */
  touched: boolean;
  /** What holds for the cluster from here on, told with the lease if the body throws. */
  cluster: LeaseReleased['cluster'];
  enter(phase: OperationPhase, text?: string): void;
  /** Adds a line to the events and refreshes the details in the Web UI. */
  say(text: string): void;
  refresh(): void;
  /** Waits while paused; call between steps. */
  whilePaused(): Promise<void>;
}

export const now = (): string => new Date(Date.now()).toISOString();

const key = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/**
 * Answers `status` and writes nothing to Temporal yet: the input is not validated. Must be the
 * first thing a workflow does, `listenToOperators` the second: messages may already wait.
 */
export function createOperation(definition: OperationDefinition): Operation {
  const op = new OperationState(definition);
  setHandler(defineQuery<OperationStatus>(statusQuery), () => op.status, {
    description: 'Everything about this operation: phase, plan, steps, load test, events.',
  });
  return op;
}

/** Names the operation, now that its input is known to be good. */
export function introduce(op: Operation, cluster: string, requester: string): void {
  op.status.cluster = cluster;
  op.status.requester = requester;
  upsertSearchAttributes([
    { key: key(searchAttributes.service), value: op.definition.service },
    { key: key(searchAttributes.cluster), value: cluster },
    { key: key(searchAttributes.requester), value: requester },
  ]);
}

function initialStatus(type: string): OperationStatus {
  const { workflowId, runId } = workflowInfo();
  return {
    operationId: workflowId,
    runId,
    type,
    cluster: '?',
    requester: '?',
    phase: 'validating',
    startedAt: now(),
    steps: [],
    abortRequested: false,
    events: [],
  };
}

class OperationState implements Operation {
  readonly definition: OperationDefinition;
  readonly status: OperationStatus;
  readonly scope = new CancellationScope();
  paused = false;
  touched = false;
  cluster: LeaseReleased['cluster'] = {};
  approvedDigest?: string;
  private seq = 0;

  constructor(definition: OperationDefinition) {
    this.definition = definition;
    this.status = initialStatus(definition.type);
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
    this.status.events.push({ seq: this.seq, at: now(), text: clip(text, eventTextMax) });
    if (this.status.events.length > eventsMax) this.status.events.shift();
    this.refresh();
  }

  refresh(): void {
    setCurrentDetails(detailsOf(this.status));
  }

  async whilePaused(): Promise<void> {
    if (!this.paused) return;
    const before = this.status.phase;
    this.enter('paused', 'paused: waiting for resume or abort');
    await condition(() => !this.paused);
    this.enter(before, 'resumed');
  }
}

/**
 * The frame of every operation: the input is validated before its first use, the body runs in a
 * scope that an abort cancels at any moment, and whatever it ends with, the lease is given back
 * with the cluster's new state, handlers are finished, and the run ends completed or failed.
 */
import type { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type { Static, TSchema } from 'typebox';
import type { Connection } from '../../contracts/cluster.ts';
import type { LeaseGranted, LeaseReleased, LeaseRequested } from '../../contracts/lease.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import type { OperationDefinition, OperationResult } from '../../contracts/operation.ts';
import { type OperationOutcome, outcomes } from '../../contracts/outcomes.ts';
import { leftBy } from '../../domain/cluster/left.ts';
import { causeOf, fail, messageOf, typeOf } from './failure.ts';
import { acquireLease, type LeaseBox, prepareLease, releaseLease } from './lease.ts';
import { listenToOperators } from './messages.ts';
import { createOperation, introduce, now, type Operation } from './operation.ts';
import { requireInput } from './validate.ts';

/** How a body ended. */
export interface Ending {
  outcome: OperationOutcome;
  reason?: string;
  /** How the cluster is now; sent with the release of the lease. */
  cluster?: LeaseReleased['cluster'];
  verdict?: LoadVerdict;
  connection?: Connection;
  bootMs?: number;
  loadTestMs?: number;
}

/** What a body is given beside its input. */
export interface Running extends Operation {
  /** Waits for the cluster's lease; from then on it is given back whatever happens. */
  lease(place?: Pick<LeaseRequested, 'provider' | 'kafkaVersion'>): Promise<LeaseGranted>;
}

/** Who asked, when the input does not say: whoever starts a workflow without the API. */
const unnamed = 'temporal-cli';

/**
 * A workflow from its definition and body. It rejects with a failure of the catalogue for a
 * refused, rolled back, held or aborted operation, and with InvalidInput, at once, for an input of
 * another shape than the definition's.
 */
export function defineOperation<I extends TSchema>(
  definition: OperationDefinition<I>,
  body: (op: Running, input: Static<I>) => Promise<Ending>,
): (input: Static<I>) => Promise<OperationResult> {
  return async (input) => {
    const op = createOperation(definition as unknown as OperationDefinition);
    listenToOperators(op);
    const lease = prepareLease(op);
    requireShape(op, definition.input, input);
    introduce(op, definition.clusterOf(input), requesterOf(input));
    const running = Object.assign(op, {
      lease: (place?: Pick<LeaseRequested, 'provider' | 'kafkaVersion'>) =>
        acquireLease(op, lease, place),
    });
    return runOperation(op, lease, () => op.scope.run(() => body(running, input)));
  };
}

/** Refuses at once: only the failure is written to Temporal, and the status says the same. */
function requireShape(op: Operation, schema: TSchema, input: unknown): void {
  try {
    requireInput(schema, input);
  } catch (error) {
    const refused = { outcome: 'refused', reason: messageOf(error), finishedAt: now() } as const;
    Object.assign(op.status, { phase: 'finished', ...refused });
    throw error;
  }
}

const requesterOf = (input: unknown): string =>
  (input as { requester?: string }).requester ?? unnamed;

async function runOperation(
  op: Operation,
  lease: LeaseBox,
  body: () => Promise<Ending>,
): Promise<OperationResult> {
  let refusal: unknown;
  const reached = await body().catch((error: unknown): Ending => {
    if (op.touched) return leftEnding(op, error);
    refusal = causeOf(error);
    const outcome = isCancellation(error) ? 'aborted' : 'refused';
    return { outcome, reason: reasonOf(error), cluster: op.cluster };
  });
  const ending = reached.outcome === 'held' ? withLeft(op, reached) : reached;
  await CancellationScope.nonCancellable(() => finish(op, lease, ending));
  if (refusal !== undefined) throw refusalOf(op, refusal);
  const result = resultOf(op, ending);
  const { failsAs } = { failsAs: undefined, ...outcomes[ending.outcome] };
  if (failsAs) throw fail(failsAs, ending.reason ?? ending.outcome, result);
  return result;
}

const reasonOf = (error: unknown): string =>
  isCancellation(error) ? 'aborted before anything was done' : messageOf(error);

/** Something was made and stands: it must not be lost, whatever came after it. */
function leftEnding(op: Operation, error: unknown): Ending {
  const cause = isCancellation(error) ? 'aborted' : messageOf(error);
  const reason = `${cause}. What was done stands; apply again to go on, or destroy it`;
  return { outcome: 'held', reason, cluster: { ...op.cluster, phase: 'held', reason } };
}

/** Whoever has to see to a held cluster is told what stands. */
function withLeft({ status }: Operation, ending: Ending): Ending {
  const left = leftBy(status.plan, status.steps);
  if (!left) return ending;
  const reason = `${ending.reason ?? 'held'}. Left in place: ${left}`;
  return { ...ending, reason, cluster: { ...ending.cluster, reason } };
}

/** A refusal of the catalogue passes as it is; anything else would retry the task for ever. */
function refusalOf(op: Operation, error: unknown): unknown {
  if (isCancellation(error)) {
    return op.status.abortRequested ? fail('Aborted', reasonOf(error)) : error;
  }
  return typeOf(error) ? (error as ApplicationFailure) : fail('Internal', messageOf(error));
}

async function finish(op: Operation, lease: LeaseBox, ending: Ending): Promise<void> {
  const { status } = op;
  if (op.paused) op.say('nothing was left to pause: the operation has come to its end');
  status.outcome = ending.outcome;
  status.finishedAt = now();
  if (ending.reason) status.reason = ending.reason;
  if (ending.connection) status.connection = ending.connection;
  op.enter('finished', `finished: ${ending.outcome}${ending.reason ? `: ${ending.reason}` : ''}`);
  if (lease.granted) await releaseLease(op, releaseOf(op, ending));
  await condition(allHandlersFinished);
}

function releaseOf({ status }: Operation, ending: Ending): LeaseReleased {
  const { operationId, type, requester, startedAt, finishedAt, reason, plan } = status;
  const runId = workflowInfo().originalExecutionRunId;
  return {
    operationId,
    runId,
    cluster: ending.cluster ?? {},
    summary: {
      operationId,
      runId,
      type,
      requester,
      startedAt,
      outcome: ending.outcome,
      ...(finishedAt ? { finishedAt } : {}),
      ...(reason ? { reason } : {}),
      ...(plan ? { digest: plan.digest } : {}),
    },
  };
}

function resultOf({ status }: Operation, ending: Ending): OperationResult {
  return {
    operationId: status.operationId,
    cluster: status.cluster,
    outcome: ending.outcome,
    ...(ending.reason ? { reason: ending.reason } : {}),
    ...(status.plan ? { digest: status.plan.digest } : {}),
    ...(ending.verdict ? { verdict: ending.verdict } : {}),
    ...(ending.connection ? { connection: ending.connection } : {}),
    timings: {
      totalMs: Date.now() - workflowInfo().startTime.getTime(),
      bootMs: ending.bootMs ?? 0,
      loadTestMs: ending.loadTestMs ?? 0,
    },
  };
}

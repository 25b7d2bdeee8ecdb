/**
 * Taking and giving back the cluster's lease, from the side of an operation. The entity is started
 * when it is not there, so the first operation on a name needs nothing before it.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type LeaseGranted,
  LeaseRecalled,
  type LeaseReleased,
  type LeaseRequested,
  leaseSignals,
} from '../../contracts/lease.ts';
import { clusterWorkflowId, clusterWorkflowType, taskQueues } from '../../contracts/names.ts';
import { checkInput } from '../../domain/cluster/rules.ts';
import { abort } from './messages.ts';
import type { Operation } from './operation.ts';

/** A request may be lost when the entity ends just then; asking again is harmless. */
const askAgainMs = 60_000;

export interface LeaseBox {
  granted: LeaseGranted | undefined;
}

/** Installs the lease's signal handlers; call at once after createOperation. */
export function prepareLease(op: Operation): LeaseBox {
  const box: LeaseBox = { granted: undefined };
  const runId = workflowInfo().originalExecutionRunId;
  setHandler(defineSignal<[LeaseGranted]>(leaseSignals.granted), (grant) => {
    // Whoever forges a grant gets no further than the entity's own book, which decides at release.
    if (grant?.runId === runId && typeof grant.cluster === 'object') box.granted = grant;
  });
  setHandler(defineSignal(leaseSignals.pinged), () => undefined);
  setHandler(defineSignal<[LeaseRecalled]>(leaseSignals.recalled), (recalled) => {
    if (checkInput(LeaseRecalled, recalled).length > 0 || recalled.runId !== runId) return;
    abort(op, `giving way to ${recalled.by}`);
  });
  return box;
}

/** Waits for the lease, first come first served; cancellable. */
export async function acquireLease(
  op: Operation,
  box: LeaseBox,
  place: Pick<LeaseRequested, 'provider' | 'kafkaVersion'> = {},
): Promise<LeaseGranted> {
  op.enter('waiting-for-lease', 'waiting for the cluster’s lease');
  const { operationId, type, requester, cluster } = op.status;
  const runId = workflowInfo().originalExecutionRunId;
  const request: LeaseRequested = { operationId, runId, type, requester, ...place };
  while (!box.granted) {
    if (await signalEntity(cluster, leaseSignals.requested, request)) {
      await condition(() => box.granted !== undefined, askAgainMs);
    } else await startEntity(cluster);
  }
  op.say('lease granted');
  return box.granted;
}

/** Gives the lease back with the cluster's new state. Repeats until an entity has heard it. */
export async function releaseLease(op: Operation, release: LeaseReleased): Promise<void> {
  while (!(await signalEntity(op.status.cluster, leaseSignals.released, release))) {
    await startEntity(op.status.cluster);
    await sleep('1 second');
  }
}

/** False when there is no entity to hear it. */
async function signalEntity<T>(cluster: string, name: string, message: T): Promise<boolean> {
  try {
    const entity = getExternalWorkflowHandle(clusterWorkflowId(cluster));
    await entity.signal(defineSignal<[T]>(name), message);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}

async function startEntity(cluster: string): Promise<void> {
  try {
    await startChild(clusterWorkflowType, {
      workflowId: clusterWorkflowId(cluster),
      taskQueue: taskQueues.workflows,
      args: [{ name: cluster }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Cluster ${cluster}: state, lease and history`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

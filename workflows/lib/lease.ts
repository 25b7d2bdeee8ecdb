/**
 * Taking and giving back the cluster's lease, from the side of an operation. The entity is started
 * when it is not there, so the first operation on a name needs nothing before it.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type LeaseGranted,
  type LeaseReleased,
  type LeaseRequested,
  leaseSignals,
} from '../../contracts/lease.ts';
import { clusterWorkflowId, taskQueues, workflowTypes } from '../../contracts/names.ts';
import type { Operation } from './operation.ts';

/** A request may be lost when the entity ends just then; asking again is harmless. */
const askAgainMs = 60_000;

/** Installs the lease's signal handlers; call at once after startOperation. */
export function prepareLease(): { granted: LeaseGranted | undefined } {
  const box: { granted: LeaseGranted | undefined } = { granted: undefined };
  const { runId } = workflowInfo();
  setHandler(defineSignal<[LeaseGranted]>(leaseSignals.granted), (grant) => {
    if (grant.runId === runId) box.granted = grant;
  });
  setHandler(defineSignal(leaseSignals.pinged), () => undefined);
  return box;
}

/** Waits for the lease, first come first served; cancellable. */
export async function acquireLease(
  op: Operation,
  box: { granted: LeaseGranted | undefined },
): Promise<LeaseGranted> {
  op.enter('waiting-for-lease', 'waiting for the cluster’s lease');
  const { operationId, runId, kind, requester, cluster } = op.status;
  while (!box.granted) {
    const asked = await signalEntity<LeaseRequested>(cluster, leaseSignals.requested, {
      operationId,
      runId,
      kind,
      requester,
    });
    if (!asked) await startEntity(cluster);
    else await condition(() => box.granted !== undefined, askAgainMs);
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
    if (error instanceof Error && error.name === 'CancelledFailure') throw error;
    return false;
  }
}

async function startEntity(cluster: string): Promise<void> {
  try {
    await startChild(workflowTypes.cluster, {
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

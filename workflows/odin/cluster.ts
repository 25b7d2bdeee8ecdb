/**
 * cluster: the entity of one cluster (id `cluster/<name>`). Holds its state, lends the lease that
 * every change must take, and keeps the history. It never touches the cloud or Kafka itself.
 *
 *   absent ──provision──▶ ready | quarantined | untested | held ──destroy──▶ destroyed (ends)
 *
 * A holder that ends without a word (terminated, timed out) is found by a ping that fails; the
 * lease then goes on to the next in line and the cluster is `held` until an operation ends well.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type LeaseReleased, type LeaseRequested, leaseSignals } from '../../contracts/lease.ts';
import {
  type ClusterStatus,
  type ProtectionInput,
  type SubmitInput,
  type SubmitResult,
  statusQuery,
  updates,
} from '../../contracts/operations.ts';
import { clusterDetails } from '../lib/cluster-details.ts';
import {
  type ClusterState,
  enqueue,
  grantOf,
  interrupt,
  isOver,
  newState,
  release,
  restingStatus,
  statusOf,
} from '../lib/cluster-state.ts';
import { now, refuse } from '../lib/operation.ts';
import { showPhase } from '../lib/phase.ts';
import { startSubmitted, validateSubmit } from '../lib/submit.ts';

export interface ClusterInput {
  name: string;
  /** Carried over by continue-as-new. */
  state?: ClusterState;
  /** Continue as new after this many events; default: when the server suggests it. */
  historyMax?: number;
}

/** With someone waiting the holder is asked often, else now and then. */
const pingMs = (state: ClusterState): number => (state.waiting.length > 0 ? 10_000 : 60_000);
/** A name that nobody used ends its entity after this. */
const idleMs = 60_000;

export async function cluster(input: ClusterInput): Promise<ClusterStatus> {
  const state = input.state ?? newState(input.name);
  const box = { wake: true };
  listen(state, box);
  for (;;) {
    await serve(state, box);
    showPhase(statusOf(state), clusterDetails(statusOf(state)));
    const quiet = () => !box.wake && allHandlersFinished();
    if (isFull(input) && quiet()) await continueAsNew<typeof cluster>({ ...input, state });
    const holder = state.lease?.runId;
    const woken = await condition(() => box.wake, state.lease ? pingMs(state) : idleMs);
    if (woken) continue;
    if (holder && state.lease?.runId === holder) await ping(state);
    if (isOver(state) && quiet()) return statusOf(state);
  }
}

const isFull = ({ historyMax }: ClusterInput): boolean => {
  const info = workflowInfo();
  return (
    info.continueAsNewSuggested || info.historyLength > (historyMax ?? Number.MAX_SAFE_INTEGER)
  );
};

function listen(state: ClusterState, box: { wake: boolean }): void {
  const wake = () => {
    box.wake = true;
  };
  setHandler(defineQuery<ClusterStatus>(statusQuery), () => statusOf(state), {
    description: 'State, lease, waiting operations, last verdict and history of the cluster.',
  });
  setHandler(defineSignal<[LeaseRequested]>(leaseSignals.requested), (request) => {
    enqueue(state, request, now());
    wake();
  });
  setHandler(defineSignal<[LeaseReleased]>(leaseSignals.released), (released) => {
    release(state, released);
    wake();
  });
  setHandler(
    defineUpdate<SubmitResult, [SubmitInput]>(updates.submit),
    async (submitted) => {
      const result = await startSubmitted(state, submitted);
      wake();
      return result;
    },
    {
      description: 'Start an operation as the lease holder, or be told which one is running.',
      validator: (submitted) => validateSubmit(state, submitted),
    },
  );
  listenProtection(state, wake);
}

function listenProtection(state: ClusterState, wake: () => void): void {
  setHandler(
    defineUpdate<boolean, [ProtectionInput]>(updates.setProtection),
    ({ enabled }) => {
      state.protection = enabled;
      wake();
      return enabled;
    },
    {
      description: 'Deletion protection on or off: {"enabled": false}.',
      validator: (input) => {
        if (typeof input?.enabled !== 'boolean') {
          throw refuse('InvalidInput', 'enabled: must be true or false');
        }
        if (state.lease?.kind === 'destroy') {
          throw refuse('OperationRunning', 'the cluster is being destroyed', state.lease);
        }
      },
    },
  );
}

/** Hands the lease to the first in line that is still there. */
async function serve(state: ClusterState, box: { wake: boolean }): Promise<void> {
  box.wake = false;
  for (;;) {
    const lease = grantOf(state);
    if (!lease) return;
    if (
      await tell(lease, leaseSignals.granted, {
        ...lease,
        known: state.known,
        status: restingStatus(state),
      })
    ) {
      return;
    }
    interrupt(state, lease, now());
  }
}

async function ping(state: ClusterState): Promise<void> {
  const lease = state.lease;
  if (!lease?.runId || (await tell(lease, leaseSignals.pinged))) return;
  if (state.lease?.runId === lease.runId) interrupt(state, lease, now());
}

/** False when that run has ended: the signal cannot be delivered. */
async function tell(
  { operationId, runId }: { operationId: string; runId: string },
  name: string,
  ...message: unknown[]
): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(operationId, runId).signal(
      defineSignal<unknown[]>(name),
      ...message,
    );
    return true;
  } catch {
    return false;
  }
}

/**
 * Pure: the entity's state and its transitions. Carried by continue-as-new, so plain JSON only, and
 * every list is bounded.
 */
import type { LeaseReleased, LeaseRequested } from '../../contracts/lease.ts';
import type {
  ClusterPhase,
  ClusterStatus,
  Lease,
  OperationKind,
  OperationSummary,
} from '../../contracts/operations.ts';

const historyMax = 50;
const submittedMax = 200;

export interface ClusterState {
  name: string;
  /** True once something may exist under this name. */
  known: boolean;
  protection: boolean;
  /** The resting part of the status: how the cluster is when nobody holds the lease. */
  rest: Pick<ClusterStatus, 'phase' | 'reason' | 'spec' | 'connection' | 'lastVerdict'>;
  lease?: Lease;
  /** The holder has been told. */
  told: boolean;
  waiting: Lease[];
  history: OperationSummary[];
  /** Operations started by `submit`, for repeated submissions. */
  submitted: { operationId: string; runId: string; requestDigest?: string }[];
}

export const newState = (name: string): ClusterState => ({
  name,
  known: false,
  protection: true,
  rest: { phase: 'absent' },
  told: false,
  waiting: [],
  history: [],
  submitted: [],
});

const phaseWhile: Record<OperationKind, ClusterPhase | undefined> = {
  provision: 'provisioning',
  apply: 'changing',
  'load-test': undefined,
  destroy: 'destroying',
};

/** What people see: the phase is that of the running operation while one runs. */
export function statusOf(state: ClusterState): ClusterStatus {
  const { rest, lease } = state;
  const busy =
    lease && (lease.kind === 'provision' && state.known ? 'changing' : phaseWhile[lease.kind]);
  return {
    ...restingStatus(state),
    phase: busy ?? rest.phase,
    ...(lease ? { lease } : {}),
  };
}

/** The status as it is for the holder: without the holder's own effect on the phase. */
export function restingStatus(state: ClusterState): ClusterStatus {
  return {
    name: state.name,
    ...state.rest,
    protection: state.protection,
    waiting: state.waiting.map(({ operationId, kind, since }) => ({ operationId, kind, since })),
    history: state.history,
  };
}

/** Queues a request; a repeated one, or one by the holder, only makes the grant be told again. */
export function enqueue(state: ClusterState, request: LeaseRequested, since: string): void {
  if (isSame(state.lease, request)) {
    state.lease = { ...request, since: state.lease?.since ?? since };
    state.told = false;
    return;
  }
  if (!state.waiting.some((w) => isSame(w, request))) state.waiting.push({ ...request, since });
}

/** A reservation made by `submit` has no run id until its operation has started. */
const isSame = (a: Lease | undefined, b: LeaseRequested): boolean =>
  a?.operationId === b.operationId && (a.runId === b.runId || a.runId === '');

/**
 * The lease that must be told now: the holder's, or the next in line's. Undefined: nothing to do.
 */
export function grantOf(state: ClusterState): Lease | undefined {
  if (!state.lease) {
    const next = state.waiting.shift();
    if (!next) return undefined;
    state.lease = next;
    state.told = false;
  }
  if (state.told || state.lease.runId === '') return undefined;
  state.told = true;
  return state.lease;
}

/** Reserves the lease for an operation that is about to be started. */
export function reserve(state: ClusterState, lease: Lease): void {
  state.lease = lease;
  state.told = true; // The operation asks by itself; telling it before it listens is no use.
}

/** Takes note of how the operation ended. Only the holder changes how the cluster is. */
export function release(state: ClusterState, { operationId, runId, ...end }: LeaseReleased): void {
  if (!isSame(state.lease, { operationId, runId } as LeaseRequested)) return;
  delete state.lease;
  remember(state, end.summary);
  const { protection, ...rest } = end.cluster;
  if (protection !== undefined) state.protection = protection;
  Object.assign(state.rest, rest);
  if (!state.rest.reason) delete state.rest.reason;
  state.known = state.rest.phase !== 'absent' && state.rest.phase !== 'destroyed';
}

/** The holder is gone without a word: nobody knows how far it got. */
export function interrupt(state: ClusterState, lease: Lease, at: string): void {
  delete state.lease;
  const reason = `${lease.kind} ${lease.operationId} was interrupted; apply again to go on`;
  const { since, ...who } = lease;
  remember(state, { ...who, startedAt: since, finishedAt: at, outcome: 'interrupted', reason });
  if (lease.kind === 'load-test') return;
  state.rest = { ...state.rest, phase: 'held', reason };
  state.known = true;
}

/** True when nothing exists and nobody wants anything: the entity may end. */
export const isOver = (state: ClusterState): boolean =>
  !state.known && !state.lease && state.waiting.length === 0;

export function rememberSubmitted(
  state: ClusterState,
  entry: ClusterState['submitted'][number],
): void {
  state.submitted = [...state.submitted, entry].slice(-submittedMax);
}

function remember(state: ClusterState, summary: OperationSummary): void {
  state.history = [...state.history, summary].slice(-historyMax);
}

/**
 * The lease protocol between the cluster entity and the operations that change the cluster. Plain
 * signals both ways, so that an operation started by hand with the `temporal` CLI takes the same
 * lease as one started by the API. Internal: users never send these.
 */
import type { ClusterStatus, Lease, OperationOutcome, OperationSummary } from './operations.ts';

export const leaseSignals = {
  /** Operation → entity: I want the lease. Repeating it changes nothing. */
  requested: 'leaseRequested',
  /** Entity → operation: it is yours. */
  granted: 'leaseGranted',
  /** Entity → operation: are you there? Fails when the operation has ended in any way. */
  pinged: 'leasePinged',
  /** Operation → entity: I am done, and this is how the cluster is now. */
  released: 'leaseReleased',
} as const;

export type LeaseRequested = Omit<Lease, 'since'>;

/** What the holder may rely on while it holds the lease. */
export interface LeaseGranted {
  operationId: string;
  runId: string;
  /** False before the first successful or interrupted provision. */
  known: boolean;
  status: ClusterStatus;
}

export interface LeaseReleased {
  operationId: string;
  runId: string;
  summary: OperationSummary & { outcome: OperationOutcome };
  /** How the cluster is now; absent fields stay as they were. */
  cluster: Partial<
    Pick<ClusterStatus, 'phase' | 'reason' | 'spec' | 'connection' | 'lastVerdict' | 'protection'>
  >;
}

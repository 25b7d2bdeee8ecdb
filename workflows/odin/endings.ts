/** How an operation ended → its outcome and the state in which it leaves the cluster. */
import type { Connection } from '../../contracts/cluster.ts';
import type { LeaseGranted, LeaseReleased } from '../../contracts/lease.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import type { Applied } from '../lib/apply.ts';
import type { Ending } from '../operation/frame.ts';
import { now } from '../operation/operation.ts';

export interface Asked {
  spec: NormalSpec;
  granted: LeaseGranted;
}

/** True when an empty plan leaves nothing to do: the gate was passed, or none is asked for. */
export function isAtRest({ spec, granted }: Asked): boolean {
  const { phase } = granted.cluster;
  return phase === 'ready' || (phase === 'untested' && spec.loadTest === false);
}

/**
 * What is known of the cluster once it has been looked at, before anything is done: one that Asgard
 * had forgotten, and that stands, is not absent.
 */
export function foundCluster(granted: LeaseGranted, stood: boolean): LeaseReleased['cluster'] {
  if (granted.known || !stood) return {};
  const reason = 'found standing, and nothing was known of it; apply its spec to take it over';
  return { phase: 'held', reason };
}

/** A saga that did not reach its end: gone back to how it was, or held. */
export function failedEnding(
  applied: Exclude<Applied, { how: 'applied' }>,
  found: LeaseReleased['cluster'],
): Ending {
  const { how, reason } = applied;
  if (how === 'held') return { outcome: 'held', reason, cluster: { phase: 'held', reason } };
  return { outcome: how, reason, cluster: found };
}

/** The cluster stands; the verdict says whether it may be used. */
export function endAfterGate(
  done: Asked & { verdict: LoadVerdict | undefined; connection: Connection },
): Ending {
  const { verdict, connection } = done;
  const cluster = { ...standing(done), connection };
  if (!verdict) return { outcome: 'untested', cluster: { ...cluster, phase: 'untested' } };
  const lastVerdict = { ...verdict, at: now() };
  if (verdict.verdict === 'pass') {
    return { outcome: 'ready', verdict, cluster: { ...cluster, lastVerdict, phase: 'ready' } };
  }
  const reason = `load test ${verdict.verdict}: ${verdict.reasons.join('; ')}`;
  const quarantined = { ...cluster, lastVerdict, phase: 'quarantined' as const, reason };
  return { outcome: 'quarantined', reason, verdict, cluster: quarantined };
}

/** The plan is applied, and the operation was aborted before the gate had a verdict. */
export function abortedGateEnding(stands: LeaseReleased['cluster']): Ending {
  const reason = 'aborted during the load test; run it again to lift the quarantine';
  return {
    outcome: 'aborted',
    reason,
    cluster: { ...stands, phase: 'quarantined', reason },
  };
}

/** What holds for the cluster as soon as its plan is applied. */
export function standing({ spec, granted }: Asked): LeaseReleased['cluster'] {
  const first = granted.known ? {} : { protection: spec.protection };
  return { spec, reason: '', ...first };
}

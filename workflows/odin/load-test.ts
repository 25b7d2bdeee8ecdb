/**
 * loadTest: the gate on its own, for a cluster that stands. With the cluster's own load its verdict
 * decides the phase (ready or quarantined); with another load it is only a measurement.
 */
import type { LeaseGranted, LeaseReleased } from '../../contracts/lease.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import { LoadTestInput, type OperationResult } from '../../contracts/operations.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import { targetNodes } from '../../domain/cluster/plan.ts';
import { kafka } from '../lib/activities.ts';
import { runGate } from '../lib/gate.ts';
import { acquireLease, prepareLease } from '../lib/lease.ts';
import { now, type Operation, refuse, startOperation } from '../lib/operation.ts';
import { type Ending, runOperation } from '../lib/run.ts';
import { scopeOf } from '../lib/scope.ts';
import { requireInput, requireSpec } from '../lib/validate.ts';

/** Safe to start again at any time: it adds and removes only its own topic and user. */
export async function loadTest(input: LoadTestInput): Promise<OperationResult> {
  const requester = input?.requester ?? 'temporal-cli';
  const op = startOperation('load-test', { cluster: input?.cluster ?? '?', requester });
  const lease = prepareLease();
  return runOperation(op, lease, async () => {
    requireInput(LoadTestInput, input);
    const granted = await op.scope.run(() => acquireLease(op, lease));
    return test(op, input, granted);
  });
}

async function test(op: Operation, input: LoadTestInput, granted: LeaseGranted): Promise<Ending> {
  const stored = granted.status.spec;
  if (!granted.known || !stored) {
    throw refuse('NotFound', `no cluster called \`${input.cluster}\` has been provisioned`);
  }
  const spec = withLoad(requireSpec(stored), input);
  if (spec.loadTest === false) {
    throw refuse('InvalidInput', 'load: the cluster has no gate of its own; give one');
  }
  const scope = scopeOf(op, spec);
  const { cluster, provider } = scope;
  const observed = await op.scope.run(() => kafka.observeCluster({ cluster, provider }));
  const brokers = targetNodes(spec, observed)
    .filter((n) => n.roles.includes('broker'))
    .map((n) => n.nodeId);
  const begun = Date.now();
  const verdict = await runGate(op, { scope, load: spec.loadTest, brokers });
  const reason = verdict.reasons.join('; ');
  return {
    outcome: 'tested',
    ...(reason ? { reason } : {}),
    verdict,
    loadTestMs: Date.now() - begun,
    cluster: input.load ? {} : phaseOf(verdict, reason),
  };
}

/** The stored spec with the load asked for; validated like any spec. */
function withLoad(stored: NormalSpec, { load }: LoadTestInput): NormalSpec {
  return load ? requireSpec({ ...stored, loadTest: load }) : stored;
}

function phaseOf(verdict: LoadVerdict, reason: string): LeaseReleased['cluster'] {
  const lastVerdict = { ...verdict, at: now() };
  if (verdict.verdict === 'pass') return { phase: 'ready', reason: '', lastVerdict };
  return { phase: 'quarantined', reason: `load test ${verdict.verdict}: ${reason}`, lastVerdict };
}

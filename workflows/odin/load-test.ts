/**
 * loadTest: the gate on its own, for a cluster that stands. With the cluster's own load its verdict
 * decides the phase (ready or quarantined); with another load it is only a measurement.
 */
import type { LeaseGranted, LeaseReleased } from '../../contracts/lease.ts';
import type { LoadVerdict } from '../../contracts/load.ts';
import { type LoadTestInput, odin } from '../../contracts/services/odin.ts';
import type { LoadSpec, NormalLoad, NormalSpec } from '../../contracts/spec.ts';
import { checkSpec } from '../../domain/cluster/rules.ts';
import { plannedNodes } from '../../domain/cluster/standing.ts';
import { kafka } from '../lib/activities.ts';
import { runGate } from '../lib/gate.ts';
import { fail, invalid } from '../operation/failure.ts';
import { defineOperation, type Ending, type Running } from '../operation/frame.ts';
import { now } from '../operation/operation.ts';
import { requireName } from '../operation/validate.ts';
import { scopeOfSpec } from './provision-cluster.ts';

/** Safe to start again at any time: it adds and removes only its own topic and user. */
export const loadTest = defineOperation(odin.loadTest, async (op, input) => {
  requireName(input.cluster);
  return test(op, input, await op.lease());
});

async function test(op: Running, input: LoadTestInput, granted: LeaseGranted): Promise<Ending> {
  const { spec } = granted.cluster;
  if (!granted.known || !spec) {
    throw fail('NotFound', `no cluster called \`${input.cluster}\` has been provisioned`);
  }
  const load = loadOf(spec, input);
  const scope = scopeOfSpec(spec);
  const observed = await kafka.observeCluster({ scope });
  const nodes = plannedNodes(spec, observed);
  const begun = Date.now();
  const verdict = await runGate(op, { scope, load, nodes });
  const reason = verdict.reasons.join('; ');
  return {
    outcome: 'tested',
    ...(reason ? { reason } : {}),
    verdict,
    loadTestMs: Date.now() - begun,
    cluster: input.load ? {} : phaseOf(verdict, reason),
  };
}

/** The load asked for, by the rules of today; else the cluster's own, as it was applied. */
function loadOf(spec: NormalSpec, { load }: LoadTestInput): NormalLoad {
  const chosen = load ? requireLoad(spec, load) : spec.loadTest;
  if (chosen === false) {
    throw fail('InvalidInput', 'load: the cluster has no gate of its own; give one');
  }
  return chosen;
}

/** A load is checked with the cluster it is put on: it must fit its brokers. */
function requireLoad(spec: NormalSpec, load: LoadSpec): NormalSpec['loadTest'] {
  const checked = checkSpec({ ...spec, loadTest: load });
  if ('spec' in checked) return checked.spec.loadTest;
  throw invalid(
    checked.violations.map((v) => ({ ...v, field: v.field.replace(/^loadTest/, 'load') })),
  );
}

function phaseOf(verdict: LoadVerdict, reason: string): LeaseReleased['cluster'] {
  const lastVerdict = { ...verdict, at: now() };
  if (verdict.verdict === 'pass') return { phase: 'ready', reason: '', lastVerdict };
  return { phase: 'quarantined', reason: `load test ${verdict.verdict}: ${reason}`, lastVerdict };
}

/**
 * provisionCluster: validate → plan → (approval naming the digest) → lease → apply as a saga →
 * load-test gate → ready. A failed gate leaves the cluster `quarantined`; a failed step undoes all.
 */
import { CancelledFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { Connection } from '../../contracts/cluster.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { odin, type ProvisionInput } from '../../contracts/services/odin.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import type { PlannedNode } from '../../contracts/standing.ts';
import { shownPlan } from '../../domain/cluster/plan.ts';
import { plannedNodes } from '../../domain/cluster/standing.ts';
import { cloud } from '../lib/activities.ts';
import { applySteps } from '../lib/apply.ts';
import { runGate } from '../lib/gate.ts';
import { defineOperation, type Ending, type Running } from '../operation/frame.ts';
import type { Operation } from '../operation/operation.ts';
import { scopeOf } from '../operation/scope.ts';
import { requireSpec } from '../operation/validate.ts';
import {
  type Asked,
  abortedGateEnding,
  endAfterGate,
  failedEnding,
  foundCluster,
  isAtRest,
  standing,
} from './endings.ts';
import { awaitApproval, planNow, requireDigest, stands } from './planning.ts';

/** Safe to start again at any time: an unchanged cluster gets an empty plan and is left alone. */
export const provisionCluster = defineOperation(odin.provisionCluster, async (op, input) => {
  const spec = requireSpec(input.spec);
  const scope = scopeOfSpec(spec);
  const expected = await approvedDigest(op, { spec, scope, input });
  const { provider, kafkaVersion } = scope;
  const granted = await op.lease({ provider, kafkaVersion });
  return provision(op, { spec, scope, input, granted, expected });
});

/** The scope of operations on the cluster that the spec describes. */
export const scopeOfSpec = ({ name, provider, kafka }: NormalSpec): StepScope =>
  scopeOf({ cluster: name, provider, kafkaVersion: kafka.version });

/** The digest that must be executed: given with the input, or approved now, or none. */
async function approvedDigest(
  op: Operation,
  { spec, scope, input }: { spec: NormalSpec; scope: StepScope; input: ProvisionInput },
): Promise<string | undefined> {
  if (input.approval !== 'required') return input.expectDigest;
  op.enter('planning');
  const { plan } = await planNow(scope, spec);
  requireDigest(plan, input.expectDigest);
  await awaitApproval(op, plan);
  return plan.digest;
}

interface Provision extends Asked {
  scope: StepScope;
  input: ProvisionInput;
  expected: string | undefined;
}

async function provision(op: Running, p: Provision): Promise<Ending> {
  const { scope, spec, granted } = p;
  op.enter('planning', 'planning under the lease');
  const { plan, observed } = await planNow(scope, spec);
  const found = foundCluster(granted, stands(observed));
  op.status.plan = shownPlan(plan);
  op.cluster = found;
  requireDigest(plan, p.expected);
  if (plan.steps.length === 0 && isAtRest(p)) {
    return { outcome: 'unchanged', connection: await connect(op, scope) };
  }
  const onFailure = p.input.onFailure ?? 'rollback';
  const applied = await applySteps(op, { plan, scope, onFailure });
  if (applied.how !== 'applied') return failedEnding(applied, found);
  return { ...(await gateAndEnd(op, p, plannedNodes(spec, observed))), bootMs: applied.bootMs };
}

/** From here on the cluster stands: an abort leaves it quarantined, it does not take it down. */
async function gateAndEnd(op: Operation, p: Provision, nodes: PlannedNode[]): Promise<Ending> {
  const begun = Date.now();
  const { scope } = p;
  const load = p.spec.loadTest;
  op.touched = true;
  op.cluster = standing(p);
  try {
    await op.whilePaused();
    const connection = await connect(op, scope);
    op.cluster = { ...op.cluster, connection };
    const verdict = load === false ? undefined : await runGate(op, { scope, load, nodes });
    // An abort that came while the last answer was on its way has been promised, too.
    if (op.status.abortRequested) throw new CancelledFailure('aborted');
    const loadTestMs = Date.now() - begun;
    return { ...endAfterGate({ ...p, verdict, connection }), connection, loadTestMs };
  } catch (error) {
    if (isCancellation(error)) return abortedGateEnding(op.cluster);
    throw error;
  }
}

/** Writes the client's file and shows in the status how the cluster is reached. */
async function connect(op: Operation, scope: StepScope): Promise<Connection> {
  const connection = await cloud.describeConnection({ scope });
  op.status.connection = connection;
  op.refresh();
  return connection;
}

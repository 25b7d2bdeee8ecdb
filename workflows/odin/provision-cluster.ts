/**
 * provisionCluster: validate → plan → (approval naming the digest) → lease → apply as a saga →
 * load-test gate → ready. A failed gate leaves the cluster `quarantined`; a failed step undoes all.
 */
import { isCancellation } from '@temporalio/workflow';
import type { StepScope } from '../../activities/lib/deps.ts';
import {
  type Connection,
  type OperationResult,
  ProvisionInput,
} from '../../contracts/operations.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import { targetNodes } from '../../domain/cluster/plan.ts';
import { cloud } from '../lib/activities.ts';
import { applySteps } from '../lib/apply.ts';
import {
  type Asked,
  abortedGateEnding,
  endAfterGate,
  failedEnding,
  isAtRest,
} from '../lib/endings.ts';
import { runGate } from '../lib/gate.ts';
import { acquireLease, prepareLease } from '../lib/lease.ts';
import { type Operation, startOperation } from '../lib/operation.ts';
import { awaitApproval, planNow, requireDigest } from '../lib/planning.ts';
import { type Ending, runOperation } from '../lib/run.ts';
import { scopeOf } from '../lib/scope.ts';
import { requireInput, requireSpec } from '../lib/validate.ts';

/** Safe to start again at any time: an unchanged cluster gets an empty plan and is left alone. */
export async function provisionCluster(input: ProvisionInput): Promise<OperationResult> {
  const requester = input?.requester ?? 'temporal-cli';
  const op = startOperation('provision', { cluster: input?.spec?.name ?? '?', requester });
  const lease = prepareLease();
  return runOperation(op, lease, async () => {
    requireInput(ProvisionInput, input);
    const spec = requireSpec(input.spec);
    const expected = await approvedDigest(op, spec, input);
    const granted = await op.scope.run(() => acquireLease(op, lease));
    return provision(op, { spec, input, granted, expected });
  });
}

/** The digest that must be executed: given with the input, or approved now, or none. */
async function approvedDigest(
  op: Operation,
  spec: NormalSpec,
  input: ProvisionInput,
): Promise<string | undefined> {
  if (input.approval !== 'required') return input.expectDigest;
  op.enter('planning');
  const { plan } = await planNow(scopeOf(op, spec), spec);
  requireDigest(plan, input.expectDigest);
  await awaitApproval(op, plan);
  return plan.digest;
}

interface Provision extends Asked {
  expected: string | undefined;
}

async function provision(op: Operation, p: Provision): Promise<Ending> {
  const scope = scopeOf(op, p.spec);
  op.enter('planning', 'planning under the lease');
  const { plan, observed } = await op.scope.run(() => planNow(scope, p.spec));
  op.status.plan = plan;
  requireDigest(plan, p.expected);
  const brokers = targetNodes(p.spec, observed)
    .filter((n) => n.roles.includes('broker'))
    .map((n) => n.nodeId);
  if (plan.steps.length === 0 && isAtRest(p)) {
    return { outcome: 'unchanged', connection: await connect(op, scope) };
  }
  const onFailure = p.input.onFailure ?? 'rollback';
  const applied = await applySteps(op, { plan, scope, onFailure });
  if (applied.how !== 'applied') return failedEnding(applied, p.granted);
  return { ...(await gateAndEnd(op, p, { scope, brokers })), bootMs: applied.bootMs };
}

/** From here on the cluster stands: an abort leaves it quarantined, it does not take it down. */
async function gateAndEnd(
  op: Operation,
  p: Provision,
  { scope, brokers }: { scope: StepScope; brokers: number[] },
): Promise<Ending> {
  const begun = Date.now();
  const load = p.spec.loadTest;
  try {
    const connection = await connect(op, scope);
    const verdict = load === false ? undefined : await runGate(op, { scope, load, brokers });
    const loadTestMs = Date.now() - begun;
    return { ...endAfterGate({ ...p, verdict, connection }), connection, loadTestMs };
  } catch (error) {
    if (isCancellation(error)) return abortedGateEnding(p);
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

/**
 * The load test as a saga of its own: user, rights, group and topic are removed whatever happens.
 * The plan is held against the world before, during and after; what cannot be measured, or was
 * measured while a node was missing, is `unknown`, never a pass.
 */
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { GateEvidence, LoadVerdict } from '../../contracts/load.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import type { PlannedNode, Standing } from '../../contracts/standing.ts';
import { testIdOf } from '../../domain/load/leftovers.ts';
import { judge, uncoordinated, unmeasured } from '../../domain/load/verdict.ts';
import { causeOf, messageOf } from '../operation/failure.ts';
import type { Operation } from '../operation/operation.ts';
import { load as activities, cleaning, loadWaits, measurement } from './activities.ts';
import { nodeDeadlineMs } from './steps.ts';

export interface Gate {
  scope: StepScope;
  load: NormalLoad;
  /** Every node that the plan wants: all of them must stand before, during and after. */
  nodes: PlannedNode[];
}

/** A measurement that broke on an unchanged cluster is repeated; more often would be obstinate. */
const attemptsMax = 3;
/** Metadata may lag behind a topic just made, or behind the load's last moments. */
const settleMs = 20_000;

/** Measures and judges. Throws only the cancellation; every other trouble is the verdict. */
export async function runGate(op: Operation, gate: Gate): Promise<LoadVerdict> {
  const { rate, messageBytes, acks, durationS, warmupS } = gate.load;
  const progress = `${rate}, ${messageBytes} B, acks=${acks}, ${warmupS} s warm-up + ${durationS} s`;
  op.status.load = { progress };
  op.enter('load-testing', `load test: ${progress}`);
  const verdict = await test(op, gate);
  op.status.load = { progress, verdict };
  const said = [...verdict.reasons, ...(verdict.notes ?? [])].map((text) => `; ${text}`);
  op.say(`load test: ${verdict.verdict}${said.join('')}`);
  return verdict;
}

async function test(op: Operation, gate: Gate): Promise<LoadVerdict> {
  const { startTime, runId } = workflowInfo();
  const testId = testIdOf({ startedAtMs: startTime.getTime(), runId });
  const evidence: GateEvidence = { disturbances: [], earlier: [] };
  try {
    const whole = await look(gate, evidence, 'before the test', { patienceMs: nodeDeadlineMs });
    if (evidence.disturbances.length > 0) return unmeasured(evidence);
    return await withTopic(op, { ...gate, testId, evidence, whole });
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    return unmeasured(evidence, messageOf(error));
  }
}

interface Test extends Gate {
  testId: string;
  evidence: GateEvidence;
  /** The cluster as it stood at the beginning. */
  whole: Standing;
}

async function withTopic(op: Operation, t: Test): Promise<LoadVerdict> {
  const { scope, testId, load, evidence } = t;
  try {
    const { removed } = await activities.prepareLoadTest({ scope, testId, load });
    for (const what of removed) op.say(`load test: removed what an earlier one left: ${what}`);
    const before = await look(t, evidence, 'before the test', { testId, since: t.whole });
    if (evidence.disturbances.length > 0) return unmeasured(evidence);
    return await prove(op, { ...t, before });
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    await look(t, evidence, 'after the test', { since: t.whole });
    return unmeasured(evidence, messageOf(error));
  } finally {
    await CancellationScope.nonCancellable(() => clean(op, scope, testId));
  }
}

interface Prepared extends Test {
  /** The cluster as it stood with the test's topic. */
  before: Standing;
}

/** Coordinators first: they cost a second, and without them no measurement is worth its time. */
async function prove(op: Operation, t: Prepared): Promise<LoadVerdict> {
  const { scope, testId, load, evidence, before } = t;
  const { found } = await activities.proveCoordination({ scope, testId });
  if (found) {
    await look(t, evidence, 'after the test', { testId, since: before });
    return uncoordinated(evidence, found);
  }
  op.say('load test: a consumer group and a transaction work');
  const report = await measure(op, t);
  await look(t, evidence, 'after the test', { testId, since: before });
  if (report) return judge(load, report, evidence);
  return unmeasured(evidence);
}

/** Undefined when no attempt brought a report, or the cluster changed, so that none may. */
async function measure(op: Operation, t: Prepared) {
  const { scope, testId, load, nodes, before, evidence } = t;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    try {
      const step = { scope, testId, load, nodes, before, attempt };
      const { report, disturbances } = await measurement.runLoadTest(step);
      evidence.disturbances.push(...disturbances);
      return report;
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error;
      evidence.earlier.push(messageOf(error));
      evidence.disturbances.push(...seenUntil(error));
      op.say(`load test: attempt ${attempt} brought no report: ${messageOf(error)}`);
      await look(t, evidence, `after attempt ${attempt} of the test`, { testId, since: before });
      if (evidence.disturbances.length > 0) return undefined;
    }
  }
  return undefined;
}

/** What a broken attempt had seen: told by its failure, or by the last heartbeat of a dead one. */
function seenUntil(error: unknown): string[] {
  const cause = causeOf(error);
  if (cause instanceof TimeoutFailure) {
    return (cause.lastHeartbeatDetails as { facts?: string[] } | undefined)?.facts ?? [];
  }
  if (!(cause instanceof ApplicationFailure)) return [];
  return (cause.details?.[0] as { disturbances?: string[] } | undefined)?.disturbances ?? [];
}

/** Looks at the cluster; what is missing or changed joins the evidence, with when. */
async function look(
  { scope, nodes }: Gate,
  evidence: GateEvidence,
  when: string,
  o: { testId?: string; since?: Standing; patienceMs?: number },
): Promise<Standing> {
  const step = { scope, nodes, ...o, patienceMs: o.patienceMs ?? settleMs };
  const { standing, missing } = await loadWaits.observeStanding(step);
  const at = standing.at.slice(11, 19);
  evidence.disturbances.push(...missing.map((text) => `${text} (seen at ${at}, ${when})`));
  return standing;
}

async function clean(op: Operation, scope: StepScope, testId: string): Promise<void> {
  try {
    await cleaning.cleanLoadTest({ scope, testId });
  } catch (error) {
    op.say(`load test: topic and user of test ${testId} may be left: ${messageOf(error)}`);
  }
}

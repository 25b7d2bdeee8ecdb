/**
 * The load test as a saga of its own: user, rights and topic are removed whatever happens, and what
 * cannot be measured is `unknown`, never a pass.
 */
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { LoadVerdict } from '../../contracts/load.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { judge } from '../../domain/load/verdict.ts';
import { messageOf } from '../operation/failure.ts';
import type { Operation } from '../operation/operation.ts';
import { load as activities, kafkaWaits, measurement } from './activities.ts';
import { nodeDeadlineMs } from './steps.ts';

export interface Gate {
  scope: StepScope;
  load: NormalLoad;
  brokers: number[];
}

/** Measures and judges. Throws only the cancellation; every other trouble is the verdict. */
export async function runGate(op: Operation, gate: Gate): Promise<LoadVerdict> {
  const { rate, messageBytes, acks, durationS, warmupS } = gate.load;
  const progress = `${rate}, ${messageBytes} B, acks=${acks}, ${warmupS} s warm-up + ${durationS} s`;
  op.status.load = { progress };
  op.enter('load-testing', `load test: ${progress}`);
  const verdict = await measure(op, gate);
  op.status.load = { progress, verdict };
  op.say(`load test: ${verdict.verdict}${verdict.reasons.map((r) => `; ${r}`).join('')}`);
  return verdict;
}

async function measure(op: Operation, { scope, load, brokers }: Gate): Promise<LoadVerdict> {
  const runId = workflowInfo().runId.slice(0, 8);
  try {
    await kafkaWaits.awaitSteady({ scope, brokers, deadlineMs: nodeDeadlineMs });
    await activities.prepareLoadTest({ scope, runId, load });
    return judge(load, await measurement.runLoadTest({ scope, runId, load }));
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { verdict: 'unknown', reasons: [`not measured: ${messageOf(error)}`], thresholds: [] };
  } finally {
    await CancellationScope.nonCancellable(() => clean(op, scope, runId));
  }
}

async function clean(op: Operation, scope: StepScope, runId: string): Promise<void> {
  try {
    await activities.cleanLoadTest({ scope, runId });
  } catch (error) {
    op.say(`load test: topic and user of run ${runId} may be left: ${messageOf(error)}`);
  }
}

/**
 * One trial: an operation is started, one thing is killed or lost at a chosen point, whatever died
 * is started again, and when the operation has ended the world is looked at.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationResult, OperationStatus } from '../../contracts/operation.ts';
import type { FaultKind } from '../../providers/cloud/faults.ts';
import type { Bench } from './bench.ts';
import { type Expectation, findViolations } from './invariants.ts';

export type VictimName = 'worker' | 'temporal' | 'broker' | 'provider';
export type Moment = 'before' | 'during' | 'after';

export interface Scenario {
  operation: 'provision' | 'scale-out' | 'destroy';
  victim: VictimName;
  moment: Moment;
  /** 0 to 1: where among the operation's steps. */
  where: number;
  /** For the provider: which call, which occurrence, what. */
  fault?: { call: string; nth: number; kind: FaultKind };
  /** A number in [0, 1) for further choices. */
  dice: number;
}

export interface TrialResult {
  scenario: Scenario;
  outcome: string;
  reason: string;
  /** The kill or fault really happened while the operation ran. */
  struck: boolean;
  violations: string[];
  seconds: number;
}

const patienceMs = 6 * 60_000;

export interface Trial {
  scenario: Scenario;
  workflowId: string;
  type: string;
  input: unknown;
  cluster: string;
  expect: Expectation;
}

export async function runTrial(bench: Bench, trial: Trial): Promise<TrialResult> {
  const begun = Date.now();
  const { scenario } = trial;
  bench.setFaults(scenario.fault ? [scenario.fault] : []);
  const handle = await bench.client.workflow.start(trial.type, {
    taskQueue: 'asgard',
    workflowId: trial.workflowId,
    args: [trial.input],
  });
  const ended = handle.result().then(
    (result) => result as OperationResult,
    (error: { cause?: { type?: string; message?: string } }) => ({
      outcome: error.cause?.type ?? 'failed',
      reason: error.cause?.message ?? String(error),
    }),
  );
  const state = { over: false };
  void ended.then(() => {
    state.over = true;
  });
  const striking = strike(bench, trial, state);
  const keeping = keepAlive(bench, state);
  const end = await Promise.race([ended, sleep(patienceMs, undefined, { ref: false })]);
  state.over = true;
  const struck = await striking;
  await keeping;
  bench.setFaults([]);
  const outcome = end?.outcome ?? 'stuck';
  const violations = end
    ? await findViolations(bench, trial.cluster, outcome, trial.expect)
    : [`${trial.workflowId} did not end within ${patienceMs / 60_000} minutes`];
  return {
    scenario,
    outcome,
    reason: end?.reason ?? '',
    struck,
    violations,
    seconds: (Date.now() - begun) / 1000,
  };
}

/** Starts again what died, as a supervisor would. */
async function keepAlive(bench: Bench, state: { over: boolean }): Promise<void> {
  do {
    await bench.temporal.revive();
    await bench.worker.revive();
    await sleep(100);
  } while (!state.over);
}

/** Waits for the chosen point and kills. True when something was killed while the operation ran. */
async function strike(bench: Bench, trial: Trial, state: { over: boolean }): Promise<boolean> {
  const { victim, dice } = trial.scenario;
  if (victim === 'provider') {
    while (!state.over) await sleep(50, undefined, { ref: false });
    return bench.faultFired();
  }
  await reach(bench, trial, state);
  if (state.over) return false;
  if (victim === 'worker') await bench.worker.kill();
  if (victim === 'temporal') await bench.temporal.kill();
  if (victim === 'broker') {
    while (!state.over) {
      if (await bench.killBroker(trial.cluster, (n) => Math.floor(dice * n))) return true;
      await sleep(50);
    }
    return false;
  }
  return true;
}

/** Polls the status until the chosen step is about to begin, runs, or is done. */
async function reach(bench: Bench, trial: Trial, state: { over: boolean }): Promise<void> {
  const { where, moment, dice, operation } = trial.scenario;
  if (operation === 'destroy') {
    // Over within a second: a status is asked for too slowly to hit a step, so the clock decides.
    await sleep(moment === 'before' ? 0 : dice * 600);
    return;
  }
  const handle = bench.client.workflow.getHandle(trial.workflowId);
  while (!state.over) {
    const status = await handle.query<OperationStatus>('status').catch(() => undefined);
    const steps = status?.steps ?? [];
    const index = Math.min(steps.length - 1, Math.floor(where * steps.length));
    const step = steps[index];
    if (step && isAt(step.state, moment, steps[index - 1]?.state)) {
      if (moment === 'during') await sleep(dice * 400);
      return;
    }
    await sleep(20);
  }
}

function isAt(state: string, moment: Moment, before: string | undefined): boolean {
  if (moment === 'after') return state !== 'pending' && state !== 'running';
  if (moment === 'during') return state !== 'pending';
  return before === undefined || before !== 'pending';
}

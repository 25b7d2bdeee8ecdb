/**
 * One trial: an operation is started, one thing is done to it at a chosen point, whatever died is
 * started again, and when the operation has ended the world is looked at. A trial ends in bounded
 * time: an operation that does not is told with all that says why.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { ClusterPhase } from '../../contracts/cluster.ts';
import type { TrialBench } from './bench.ts';
import { type Expectation, findViolations } from './invariants.ts';
import { byApi, byTemporal, type Start } from './start.ts';
import { type End, endOf, entityOf, hung, statusOf } from './story.ts';
import { type Scenario, type Strike, strike, whyNot } from './strike.ts';

export interface Trial {
  scenario: Scenario;
  cluster: string;
  start: Start;
  /** Starts it by HTTP, as users do, repeating the request with its key until it is answered. */
  viaApi: boolean;
  expect: Omit<Expectation, 'phaseBefore'>;
}

/** What one trial leaves to the next of the same cluster. */
export interface Before {
  phase: ClusterPhase;
  /** Brokers struck before, which nobody may have started since. */
  strikes: Strike[];
}

export interface TrialResult {
  scenario: Scenario;
  cluster: string;
  /** `skipped` when the bench cannot do it; the reason says why. */
  outcome: string;
  reason: string;
  verdict?: 'pass' | 'fail' | 'unknown';
  /** It was really done while the operation ran. */
  struck: boolean;
  strikes: Strike[];
  phase: ClusterPhase;
  violations: string[];
  seconds: number;
}

const patienceMs = 5 * 60_000;

export async function runTrial(
  bench: TrialBench,
  trial: Trial,
  before: Before,
): Promise<TrialResult> {
  const begun = Date.now();
  const result = { scenario: trial.scenario, cluster: trial.cluster };
  const impossible = whyNot(bench, trial.scenario.victim);
  if (impossible) {
    const nothing = { struck: false, strikes: before.strikes, phase: before.phase, violations: [] };
    return { ...result, ...nothing, outcome: 'skipped', reason: impossible, seconds: 0 };
  }
  const { handle, end, struck, lost } = await operate(bench, trial);
  const strikes = [...before.strikes, ...(struck ? [struck] : [])];
  const { cluster } = trial;
  const expect = { ...trial.expect, phaseBefore: before.phase };
  const violations = end
    ? await checked(() => findViolations(bench, { cluster, handle, end, expect, strikes }))
    : [await hung(bench.client, handle, cluster)];
  const entity = await entityOf(bench.client, cluster);
  const verdict = end?.verdict?.verdict;
  return {
    ...result,
    outcome: end?.outcome ?? 'stuck',
    reason: end?.reason ?? '',
    ...(verdict ? { verdict } : {}),
    struck: struck !== undefined,
    // A look that finds nothing has started again what was struck.
    strikes: violations.length === 0 && end?.outcome !== 'Held' ? [] : strikes,
    phase: entity?.phase ?? before.phase,
    violations: [...lost, ...violations],
    seconds: (Date.now() - begun) / 1000,
  };
}

/** A look that breaks is a finding of its own: nobody knows then that all is well. */
async function checked(look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    return [`the world could not be looked at: ${(error as Error).stack}`];
  }
}

interface Operated {
  handle: WorkflowHandle;
  end: End | undefined;
  struck: Strike | undefined;
  /** Findings on the way. */
  lost: string[];
}

async function operate(bench: TrialBench, trial: Trial): Promise<Operated> {
  const { scenario, cluster } = trial;
  bench.setFaults(scenario.fault ? [scenario.fault] : []);
  const state = { over: false };
  let handle: WorkflowHandle | undefined;
  const striking = strike(bench, {
    scenario,
    cluster,
    status: async () => handle && statusOf(handle),
    over: () => state.over,
    terminate: async () => void (await handle?.terminate('struck by a crash trial')),
  });
  const keeping = keepAlive(bench, state);
  const started = await (trial.viaApi ? byApi(bench, trial.start) : byTemporal(bench, trial.start));
  handle = started.handle;
  const end = await endOf(handle, patienceMs);
  state.over = true;
  const struck = await striking;
  await keeping;
  bench.setFaults([]);
  await bench.revive();
  return { handle, end, struck, lost: started.lost };
}

/** Starts again what died, as a supervisor would. */
async function keepAlive(bench: TrialBench, state: { over: boolean }): Promise<void> {
  while (!state.over) {
    // What is started may fall victim too, or wait for what is stopped: it is tried again.
    await bench.revive().catch(() => undefined);
    await sleep(100);
  }
}

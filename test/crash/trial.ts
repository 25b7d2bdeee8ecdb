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
import { byApi, byTemporal, liftProtection, type Start } from './start.ts';
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
  const operated = await operate(bench, trial);
  const { end, struck } = operated;
  const strikes = [...before.strikes, ...(struck ? [struck] : [])];
  const violations = [
    ...operated.lost,
    ...(await look(bench, trial, { operated, before, strikes })),
  ];
  const entity = await entityOf(bench.client, trial.cluster);
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
    violations,
    seconds: (Date.now() - begun) / 1000,
  };
}

interface Looked {
  operated: Operated;
  before: Before;
  strikes: Strike[];
}

/** What the world says; a look that breaks is a finding of its own, since nobody knows then. */
async function look(bench: TrialBench, trial: Trial, l: Looked): Promise<string[]> {
  const { handle, end } = l.operated;
  const { cluster } = trial;
  const expect = { ...trial.expect, phaseBefore: l.before.phase };
  try {
    if (!handle) return [];
    if (!end) return [await hung(bench.client, handle, cluster)];
    return await findViolations(bench, { cluster, handle, end, expect, strikes: l.strikes });
  } catch (error) {
    return [`the world could not be looked at: ${(error as Error).stack}`];
  }
}

interface Operated {
  /** Undefined: it could not be started. */
  handle?: WorkflowHandle;
  end: End | undefined;
  struck: Strike | undefined;
  /** Findings on the way. */
  lost: string[];
}

async function operate(bench: TrialBench, trial: Trial): Promise<Operated> {
  const { scenario, cluster, start, viaApi } = trial;
  bench.setFaults(scenario.fault ? [scenario.fault] : []);
  const state = { over: false };
  let handle: WorkflowHandle | undefined;
  const lost: string[] = [];
  const failed = (what: string) => (error: unknown) => {
    lost.push(`${what}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  };
  if (start.type === 'destroyCluster') {
    await liftProtection(bench, cluster).catch(failed('the protection could not be lifted'));
  }
  const striking = strike(bench, {
    scenario,
    cluster,
    status: async () => handle && statusOf(handle),
    over: () => state.over,
    terminate: async () => void (await handle?.terminate('struck by a crash trial')),
  }).catch(failed('the strike failed'));
  const keeping = keepAlive(bench, state);
  const started = await (viaApi ? byApi(bench, start) : byTemporal(bench, start)).catch(
    failed('it could not be started'),
  );
  handle = started?.handle;
  const end = handle && (await endOf(handle, patienceMs));
  state.over = true;
  const struck = await striking;
  await keeping;
  bench.setFaults([]);
  await bench.revive().catch(failed('what died does not come up again'));
  lost.push(...(started?.lost ?? []));
  return { ...(handle ? { handle } : {}), end, struck, lost };
}

/** Starts again what died, as a supervisor would. */
async function keepAlive(bench: TrialBench, state: { over: boolean }): Promise<void> {
  while (!state.over) {
    // What is started may fall victim too, or wait for what is stopped: it is tried again.
    await bench.revive().catch(() => undefined);
    await sleep(100);
  }
}

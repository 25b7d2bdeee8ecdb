/**
 * The measurement of a load test, and the proof that coordinators work before it. The cluster is
 * watched meanwhile; nothing here makes, mends or removes anything but records of the test's topic.
 */
import type { LoadReport } from '../../contracts/load.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { PlannedNode, Standing } from '../../contracts/standing.ts';
import { testName } from '../../domain/load/leftovers.ts';
import { goalOf } from '../../domain/load/rate.ts';
import type { CoordinationProblem } from '../../providers/load/load.ts';
import { withAdmin } from '../kafka/access.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { beating } from '../lib/heartbeat.ts';
import { type LoadStep, loadAccess } from './set-up.ts';
import { openObserver } from './standing.ts';
import { watchStanding } from './watching.ts';

export interface MeasureStep extends LoadStep {
  /** Counted by the workflow: the records of each attempt are told apart. */
  attempt: number;
  nodes: PlannedNode[];
  /** The cluster as it stood whole, before the first attempt. */
  before: Standing;
}

export interface Measurement {
  report: LoadReport;
  /** What was missing or changed meanwhile, each naming node and time. */
  disturbances: string[];
}

/** Coordinators load their logs first, and their topics are made at the first request. */
const coordinationDeadlineMs = 45_000;
/**
 * What Kafka's own topics say to a coordinator that is not available: Kafka makes them when they
 * are first needed, and a client is not told why it could not. Empty when that is not the cause.
 */
async function hintOf(
  deps: ActivityDeps,
  scope: StepScope,
  { problem }: CoordinationProblem,
): Promise<string> {
  if (!problem.includes('COORDINATOR_NOT_AVAILABLE')) return '';
  const name = problem.includes('transaction') ? '__transaction_state' : '__consumer_offsets';
  try {
    const [topic] = await withAdmin(deps, scope, (admin) => admin.topics([name]));
    if (!topic) return `; Kafka could not make its topic ${name}: its log says why`;
    const dark = topic.partitions.filter((p) => p.leader < 0).length;
    return dark > 0 ? `; ${dark} partitions of ${name} have no leader` : '';
  } catch {
    return ''; // The problem itself is told; this was to say more.
  }
}

export function createMeasureActivities(deps: ActivityDeps) {
  return {
    /**
     * Proves a consumer group and a transaction once, as the load user. Answers with the problem,
     * if there is one. Safe to repeat. Fails with LoadTestBroken when it has no credentials.
     */
    proveCoordination: ({
      scope,
      testId,
    }: Omit<LoadStep, 'load'>): Promise<{ found?: CoordinationProblem }> =>
      beating(async ({ signal, say }) => {
        say('proving a consumer group and a transaction');
        const name = testName(testId);
        const found = await deps.load.proveCoordination({
          access: await loadAccess(deps, scope),
          topic: name,
          name,
          deadlineMs: coordinationDeadlineMs,
          signal,
        });
        if (!found) return {};
        return { found: { ...found, problem: found.problem + (await hintOf(deps, scope, found)) } };
      }),

    /**
     * Runs the load and measures, and looks at the cluster all the while. Each attempt has a record
     * mark of its own, so records of a broken one are not counted. Ends early, with LoadTestBroken,
     * when no broker runs any more. A failure carries what was seen until then; so does the last
     * heartbeat.
     */
    runLoadTest: (step: MeasureStep): Promise<Measurement> =>
      beating(async ({ signal, say, keep }) => {
        const { scope, testId, load } = step;
        const access = await loadAccess(deps, scope);
        const observer = await openObserver(deps, step);
        let doing = 'connecting';
        const watcher = watchStanding(observer, {
          ...step,
          signal,
          doing: () => doing,
          onSeen: keep,
        });
        try {
          const report = await deps.load.run({
            access,
            topic: testName(testId),
            recordMark: `${testId}-${step.attempt}`,
            recordsPerS: goalOf(load),
            load,
            onProgress: ({ text }) => {
              doing = text;
              say(text);
            },
            signal: AbortSignal.any([signal, watcher.over]),
          });
          return { report, disturbances: await watcher.stop() };
        } catch (error) {
          signal.throwIfAborted();
          const disturbances = await watcher.stop();
          const reason = error instanceof Error ? error.message : String(error);
          throw failure('LoadTestBroken', reason, { disturbances });
        } finally {
          await watcher.stop();
          await observer.close();
        }
      }),
  };
}

/**
 * Activities of the load test: a user, its rights, a topic and a group that exist only while the
 * test runs, and the measurement itself. The undo is `cleanLoadTest`, recorded before
 * `prepareLoadTest`. Nothing here starts machines: a test that mends the cluster proves nothing.
 */
import type { LoadReport } from '../../contracts/load.ts';
import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import type { PlannedNode, Standing } from '../../contracts/standing.ts';
import { olderTests, testName } from '../../domain/load/leftovers.ts';
import { goalOf } from '../../domain/load/rate.ts';
import type { AclRule, KafkaAccess, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import type { CoordinationProblem } from '../../providers/load/load.ts';
import { brokerAddresses, withAdmin } from '../kafka/access.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { beating } from '../lib/heartbeat.ts';
import { openObserver, watchStanding } from './standing.ts';

export interface LoadStep {
  scope: StepScope;
  /** Names topic, group and records of this test; unique per operation, and tells its age. */
  testId: string;
  load: NormalLoad;
}

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

const scramIterations = 4096;
const principal = `User:${principals.load}`;
/** Coordinators load their logs first, and their topics are made at the first request. */
const coordinationDeadlineMs = 45_000;
/**
 * What the cluster's defaults must not decide: nothing is deleted or compacted away before it was
 * read back, and a batch of the generator fits. Durability is the cluster's own.
 */
const ownConfig = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': '1048588',
};

/** The load user may use what is named after its test, and nothing else. */
function rightsOn(name: string): AclRule[] {
  const on = (resource: AclRule['resource'], operations: AclRule['operations']): AclRule => ({
    principal,
    resource,
    name,
    pattern: 'literal',
    operations,
  });
  return [
    on('topic', ['read', 'write', 'describe']),
    on('group', ['read', 'describe']),
    on('transactional-id', ['write', 'describe']),
  ];
}

export const createLoadActivities = (deps: ActivityDeps) => ({
  ...setUpActivities(deps),
  ...measureActivities(deps),
});

function setUpActivities(deps: ActivityDeps) {
  return {
    /**
     * Removes what earlier tests left (a terminated one cannot clean up), then makes the load user
     * with rights on its own names only, and the topic. Answers with what was removed. Safe to
     * repeat. Fails with KafkaRefused, LoadTestBroken; retried: KafkaUnavailable.
     */
    prepareLoadTest: ({ scope, testId, load }: LoadStep): Promise<{ removed: string[] }> =>
      beating(() =>
        withAdmin(deps, scope, async (admin) => {
          const password = await passwordOf(deps, scope);
          const removed = await removeOlder(admin, testId);
          const name = testName(testId);
          const { partitions, replicationFactor } = load;
          await admin.createTopics([{ name, partitions, replicationFactor, config: ownConfig }]);
          const iterations = scramIterations;
          await admin.upsertScramUser({ username: principals.load, password, iterations });
          await admin.createAcls(rightsOn(name));
          return { removed };
        }),
      ),

    /**
     * Removes topic, group, rights and user of the test. Safe to repeat; accepts that nothing is
     * there. Retried: KafkaUnavailable.
     */
    cleanLoadTest: ({ scope, testId }: Omit<LoadStep, 'load'>): Promise<void> =>
      beating(() =>
        withAdmin(deps, scope, async (admin) => {
          const name = testName(testId);
          await admin.deleteTopics([name]);
          await admin.deleteAclsOf(principal);
          await admin.deleteScramUser(principals.load);
          if ((await admin.groups()).includes(name)) await admin.deleteGroup(name);
        }),
      ),
  };
}

/** The lease lets one test at a time run, so rights and user of an older one are nobody's. */
async function removeOlder(admin: KafkaAdmin, testId: string): Promise<string[]> {
  const names = (await admin.topics()).map((topic) => topic.name);
  const topics = olderTests(names, testId);
  const groups = olderTests(await admin.groups(), testId);
  const users = (await admin.scramUsers()).filter((name) => name === principals.load);
  if (topics.length > 0) await admin.deleteTopics(topics);
  for (const name of groups) await admin.deleteGroup(name);
  await admin.deleteAclsOf(principal);
  return [
    ...topics.map((name) => `topic ${name}`),
    ...groups.map((name) => `group ${name}`),
    ...users.map((name) => `rights of user ${name}`),
  ];
}

async function passwordOf(deps: ActivityDeps, { cluster }: StepScope): Promise<string> {
  const secrets = await deps.secrets.read(cluster);
  if (!secrets) throw failure('LoadTestBroken', 'no credentials are stored');
  return secrets.passwords.load;
}

async function loadAccess(deps: ActivityDeps, scope: StepScope): Promise<KafkaAccess> {
  const brokers = await brokerAddresses(deps, scope);
  return { brokers, username: principals.load, password: await passwordOf(deps, scope) };
}

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

function measureActivities(deps: ActivityDeps) {
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
     * mark of its own, so records of a broken one are not counted. A failure carries what was seen
     * until then; so does the last heartbeat.
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
            signal,
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

/**
 * The load test's activities: what they see of a cluster that is not whole, what a broken
 * measurement still tells, what they remove of earlier tests, and that none starts a machine.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { LoadReport } from '../../contracts/load.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import type { KafkaLook, PlannedNode, Standing } from '../../contracts/standing.ts';
import { testIdOf } from '../../domain/load/leftovers.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import type { LoadRun } from '../../providers/load/load.ts';
import { until } from '../providers/cloud-contract.ts';
import { type ActivityLab, nodeOf, openActivityLab, run, scope } from '../support/activity-lab.ts';
import { goodReport } from '../support/reports.ts';

let lab: ActivityLab;
/** Each look of the test's Kafka, the last one again and again. */
let looks: KafkaLook[];
beforeEach(async () => {
  lab = openActivityLab();
  looks = [whole];
  await lab.deps.secrets.create(scope.cluster);
  lab.deps.load.watch = () => ({
    look: async () => (looks.length > 1 ? looks.shift() : looks[0]) ?? whole,
    close: async () => {},
  });
});
afterEach(() => lab.close());

const nodes: PlannedNode[] = [nodeOf(0)];
const whole: KafkaLook = {
  answered: [0],
  brokers: [0],
  silent: [],
  behind: [],
  lead: [{ leader: 0, epoch: 0 }],
};
const refused = { nodeId: 0, reason: 'connection refused', refused: true };
const down: KafkaLook = { answered: [], brokers: [], silent: [refused], behind: [] };
const testId = testIdOf({ startedAtMs: 1_800_000_000_000, runId: 'abcdefgh' });
const load: NormalLoad = {
  rate: '2MB/s',
  messageBytes: 1000,
  partitions: 1,
  replicationFactor: 1,
  acks: 'all',
  durationS: 1,
  warmupS: 0,
  thresholds: ['p(99)<1'],
};
const activities = () => createActivities(lab.deps);
const observe = (since?: Standing) =>
  run(() =>
    activities().load.observeStanding({
      ...{ scope, nodes, testId, patienceMs: 30_000 },
      ...(since ? { since } : {}),
    }),
  );

async function launch(): Promise<string> {
  const { cloud } = activities();
  const node = nodeOf(0);
  await run(() => cloud.createVolume({ scope, node }));
  await run(() => cloud.createInterface({ scope, node }));
  const launched = { scope, node, staticConfig: {}, configDigest: 'd' };
  await run(() => cloud.launchInstance(launched));
  const find = async () => (await lab.cloud.listInstances({ tags: {} }))[0];
  await until(async () => (await find())?.state === 'running');
  return (await find())?.id ?? '';
}

/** Its machine dies, and stays down. */
async function kill(id: string): Promise<void> {
  signalGroup(findProcess(id) ?? 0, 'SIGKILL');
  looks = [down];
  const state = async () => (await lab.cloud.listInstances({ tags: {} }))[0]?.state;
  await until(async () => (await state()) === 'stopped');
}

/** Resolves when it is told to, or ends with the error it is given. */
function heldRun(): { started: Promise<LoadRun>; end: (by: LoadReport | Error) => void } {
  let end: (by: LoadReport | Error) => void = () => {};
  const started = new Promise<LoadRun>((tell) => {
    lab.deps.load.run = (asked) =>
      new Promise((resolve, reject) => {
        end = (by) => (by instanceof Error ? reject(by) : resolve(by));
        tell(asked);
      });
  });
  return { started, end: (by) => end(by) };
}

describe('observeStanding', () => {
  it('answers at once when every node stands', async () => {
    await launch();
    const { missing, standing } = await observe();
    expect(missing).toEqual([]);
    expect(standing.machines?.[0]).toMatchObject({ slot: 'main-0', run: expect.any(String) });
  });

  it('waits for a broker that comes', async () => {
    await launch();
    looks = [down, whole];
    expect((await observe()).missing).toEqual([]);
  });

  it('does not wait for a machine that is down, names it, and leaves it down', async () => {
    const id = await launch();
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    looks = [down];
    const { missing } = await observe();
    expect(missing).toEqual([expect.stringMatching(/^broker 0 \(main-0\): .*is stopped/)]);
    expect(lab.calls()).not.toContain('startInstance');
  });

  it('notices a machine that died and came back', async () => {
    const id = await launch();
    const { standing } = await observe();
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
    const state = async () => (await lab.cloud.listInstances({ tags: {} }))[0]?.state;
    await until(async () => (await state()) === 'stopped');
    await lab.cloud.startInstance({ id });
    await until(async () => (await state()) === 'running');
    expect((await observe()).missing).toEqual([]);
    expect((await observe(standing)).missing).toEqual([
      'broker 0 (main-0): its machine was started again',
    ]);
  });
});

describe('runLoadTest', () => {
  const measure = (before: Standing) =>
    run(() => activities().load.runLoadTest({ scope, testId, load, nodes, before, attempt: 1 }));

  it('hands over the parsed rate and no thresholds, and reports what it measured', async () => {
    await launch();
    const { standing } = await observe();
    const held = heldRun();
    const measured = measure(standing);
    const asked = await held.started;
    expect(asked).toMatchObject({ recordsPerS: 2000, recordMark: `${testId}-1` });
    held.end(goodReport());
    expect(await measured).toEqual({ report: goodReport(), disturbances: [] });
  });

  it('tells a broker that was away for a moment, with when and what was done', async () => {
    await launch();
    const { standing } = await observe();
    const held = heldRun();
    looks = [down, whole];
    const measured = measure(standing);
    (await held.started).onProgress({ elapsedS: 1, text: 'measuring: 1/4 s' });
    await until(async () => looks.length === 1);
    held.end(goodReport());
    const { disturbances } = await measured;
    expect(disturbances).toEqual([
      expect.stringMatching(/^broker 0 \(main-0\): .* \(seen at \d\d:\d\d:\d\d, /),
    ]);
  });

  it('tells in its failure what it had seen', async () => {
    await launch();
    const { standing } = await observe();
    const held = heldRun();
    looks = [down, whole];
    const measured = measure(standing);
    await held.started;
    await until(async () => looks.length === 1);
    held.end(new Error('no broker can be reached'));
    await expect(measured).rejects.toMatchObject({
      type: 'LoadTestBroken',
      message: 'no broker can be reached',
      details: [{ disturbances: [expect.stringContaining('broker 0 (main-0)')] }],
    });
  });
});

describe('when no broker runs any more', () => {
  const gone = /broker 0 \(main-0\): .*its machine is stopped/;

  it('the measurement ends by itself, with that reason, and tells the broker', async () => {
    const id = await launch();
    const { standing: before } = await observe();
    const started = new Promise<void>((tell) => {
      lab.deps.load.run = ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          tell();
        });
    });
    const step = { scope, testId, load, nodes, before, attempt: 1 };
    const measured = run(() => activities().load.runLoadTest(step));
    const ended = expect(measured).rejects.toMatchObject({
      type: 'LoadTestBroken',
      message: expect.stringMatching(/^no broker runs any more: broker 0 \(main-0\): .*stopped/),
      // The first look may come before Kafka's silence, and then there is a second sentence.
      details: [{ disturbances: expect.arrayContaining([expect.stringMatching(gone)]) }],
    });
    await started;
    await kill(id);
    await ended;
  }, 60_000);

  it('nothing is prepared or cleaned, and that is for good', async () => {
    await kill(await launch());
    const opened: string[] = [];
    lab.deps.openKafka = async () => {
      opened.push('kafka');
      throw new KafkaError('unavailable', 'no broker answers');
    };
    const { prepareLoadTest, cleanLoadTest } = activities().load;
    for (const work of [
      () => prepareLoadTest({ scope, testId, load }),
      () => cleanLoadTest({ scope, testId }),
    ]) {
      await expect(run<unknown>(work)).rejects.toMatchObject({
        type: 'KafkaUnavailable',
        nonRetryable: true,
        message: expect.stringMatching(gone),
      });
    }
    expect(opened).toEqual([]);
  });
});

describe('proveCoordination', () => {
  const prove = () => run(() => activities().load.proveCoordination({ scope, testId }));
  const problem = 'no consumer group can work: COORDINATOR_NOT_AVAILABLE: not available';

  it('says nothing when coordinators work', async () => {
    lab.deps.load.proveCoordination = async () => undefined;
    expect(await prove()).toEqual({});
  });

  it('says that Kafka could not make its own topic, when that is why', async () => {
    lab.deps.load.proveCoordination = async () => ({ problem, answered: true });
    await launch();
    lab.kafka = { topics: async () => [] };
    expect((await prove()).found?.problem).toBe(
      `${problem}; Kafka could not make its topic __consumer_offsets: its log says why`,
    );
    lab.kafka = undefined;
    expect((await prove()).found).toEqual({ problem, answered: true });
  });
});

describe('prepareLoadTest', () => {
  it('removes what older tests left and says so; a younger one’s stays', async () => {
    const old = `asgard-load-${testIdOf({ startedAtMs: 1_700_000_000_000, runId: 'oldoldold' })}`;
    const young = `asgard-load-${testIdOf({ startedAtMs: 1_900_000_000_000, runId: 'youngyou' })}`;
    const topic = (name: string) => ({ name, internal: false, partitions: [] });
    const deleted: string[] = [];
    await launch();
    lab.kafka = {
      topics: async () => [old, young, 'orders'].map(topic),
      groups: async () => [old, young, 'billing'],
      scramUsers: async () => ['asgard-admin', 'asgard-load'],
      deleteTopics: async (names) => void deleted.push(...names.map((n) => `topic ${n}`)),
      deleteGroup: async (name) => void deleted.push(`group ${name}`),
      deleteAclsOf: async (name) => void deleted.push(`rights ${name}`),
      createTopics: async () => {},
      upsertScramUser: async () => {},
      createAcls: async () => {},
    };
    const { removed } = await run(() => activities().load.prepareLoadTest({ scope, testId, load }));
    expect(deleted).toEqual([`topic ${old}`, `group ${old}`, 'rights User:asgard-load']);
    expect(removed).toEqual([`topic ${old}`, `group ${old}`, 'rights of user asgard-load']);
  });
});

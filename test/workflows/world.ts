/**
 * A world of names in memory behind the activities' interface, for workflow tests only: it records
 * what exists, fails where it is told to, and can forget to answer. Real providers are tested
 * apart.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/index.ts';
import { onlyForSameRun } from '../../activities/lib/same-run.ts';
import type { Inspection } from '../../contracts/http.ts';
import type { LoadReport } from '../../contracts/load.ts';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import { goodReport } from '../support/reports.ts';

export interface World {
  /** What exists now, as `<kind> <name>`. */
  things: Set<string>;
  /** Every activity call in order. */
  calls: string[];
  /** The call that fails for good: `launchInstance#2` by occurrence, `launchInstance` always. */
  failing?: string;
  /** Details of that failure. */
  failingDetails?: unknown;
  /** The call whose worker dies: one heartbeat, then silence. */
  dying?: { call: string; heartbeat: unknown };
  /** Kafka does not answer this call so often. */
  away?: { call: string; times: number };
  /** Slots of machines that ended by themselves. */
  crashed: string[];
  /** Calls whose first answer is lost after the deed: they run twice. */
  losing: (call: string) => boolean;
  observed: ObservedCluster;
  /** What a look finds. */
  inspection: Inspection;
  report: LoadReport;
  /** What each look at the cluster finds missing, in order; nothing once they are used up. */
  missing: string[][];
  /** What the measurement saw meanwhile. */
  disturbances: string[];
  /** What keeps a group or a transaction from working. */
  coordination?: { problem: string; answered: boolean };
  /** What earlier load tests left. */
  leftovers: string[];
  /** Holds every call of this name until it is released. */
  gate?: { call: string; open: Promise<void> };
  activities: { cloud: Activities['cloud']; kafka: Activities['kafka']; load: Activities['load'] };
}

/** What deploy/examples/cluster.json asks for. */
const twiceAsFast = {
  ...{ durationS: 5, ratedS: 5, targetRecordsPerS: 2000 },
  ...{ recordsPerS: 2000, bytesPerS: 2_048_000 },
};

interface Topics {
  topics: string[];
}

export function createWorld(): World {
  const world = {
    things: new Set<string>(),
    calls: [] as string[],
    losing: () => false,
    crashed: [],
    observed: nothingObserved,
    inspection: { lookedAt: '2026-01-01T00:00:00.000Z', nodes: [], kafka: { answers: false } },
    report: goodReport(twiceAsFast),
    missing: [] as string[][],
    disturbances: [] as string[],
    leftovers: [] as string[],
  } as unknown as World;
  const counts = new Map<string, number>();
  const lost = new Set<string>();
  // biome-ignore lint/suspicious/noExplicitAny: one wrapper for activities of every shape.
  const act = (call: string, effect: (input: any) => unknown) => async (input: any) => {
    const nth = (counts.get(call) ?? 0) + 1;
    counts.set(call, nth);
    const id = `${call}#${nth}`;
    world.calls.push(call);
    if (world.gate?.call === call) await world.gate.open;
    if (world.away?.call === call && world.away.times > 0) {
      world.away.times -= 1;
      const type = 'KafkaUnavailable';
      throw ApplicationFailure.create({ type, message: `${id}: away`, nonRetryable: true });
    }
    if (world.dying?.call === call) {
      Context.current().heartbeat(world.dying.heartbeat);
      await Context.current().cancelled;
    }
    if (world.failing === id || world.failing === call) {
      throw ApplicationFailure.create({
        type: 'ProviderRefused',
        message: `${id} refused`,
        nonRetryable: true,
        details: [world.failingDetails],
      });
    }
    const answer = effect(input);
    // A call that the workflow itself repeats tells its attempt, and is the same call still.
    const same = JSON.stringify([call, { ...input, attempt: 0 }]);
    if (world.losing(call) && !lost.has(same)) {
      lost.add(same);
      throw new Error(`${id}: answer lost`);
    }
    return answer;
  };
  const add =
    (kind: string) =>
    ({ node }: { node: NodeTarget }) =>
      void world.things.add(`${kind} ${node.slot}`);
  const remove =
    (kind: string) =>
    ({ node }: { node: NodeTarget }) =>
      void world.things.delete(`${kind} ${node.slot}`);
  const nothing = () => undefined;
  const groups = {
    cloud: {
      createIdentity: act('createIdentity', () => void world.things.add('identity')),
      deleteIdentity: act('deleteIdentity', () => void world.things.delete('identity')),
      findCluster: act('findCluster', () => (world.things.size > 0 ? ['local'] : [])),
      describeConnection: act('describeConnection', () => ({
        bootstrap: 'b:1',
        securityProtocol: 'SASL_PLAINTEXT',
        mechanism: 'SCRAM-SHA-512',
        username: 'asgard-admin',
        clientPropertiesFile: '/c',
      })),
      createVolume: act('createVolume', add('volume')),
      // Topics are on the disks: with the last of them they are gone.
      deleteVolume: act('deleteVolume', (input) => {
        remove('volume')(input);
        const left = [...world.things].some((thing) => thing.startsWith('volume'));
        for (const thing of left ? [] : [...world.things]) {
          if (thing.startsWith('topic')) world.things.delete(thing);
        }
      }),
      growVolume: act('growVolume', nothing),
      createInterface: act('createInterface', add('interface')),
      deleteInterface: act('deleteInterface', remove('interface')),
      launchInstance: act('launchInstance', add('instance')),
      terminateInstance: act('terminateInstance', remove('instance')),
      startInstance: act('startInstance', nothing),
      stopInstance: act('stopInstance', nothing),
      modifyInstance: act('modifyInstance', nothing),
      restoreInstance: act('restoreInstance', nothing),
      reviveNodes: act('reviveNodes', () => world.crashed.splice(0)),
    },
    kafka: {
      inspectCluster: act('inspectCluster', () => world.inspection),
      observeCluster: act('observeCluster', () => ({ ...world.observed, topics: [] })),
      observeTopics: act('observeTopics', ({ names }: { names: string[] }) => {
        const topics = world.observed.topics.filter((t) => names.includes(t.name));
        return { topics, taken: names.length };
      }),
      awaitNode: act('awaitNode', nothing),
      awaitSafeToStop: act('awaitSafeToStop', nothing),
      alterClusterConfig: act('alterClusterConfig', nothing),
      alterTopicConfigs: act('alterTopicConfigs', nothing),
      topicsExisting: act('topicsExisting', ({ topics }: Topics) =>
        topics.filter((topic) => world.things.has(`topic ${topic}`)),
      ),
      createTopics: act('createTopics', ({ groups }: { groups: Topics[] }) => {
        for (const topic of groups.flatMap((g) => g.topics)) world.things.add(`topic ${topic}`);
      }),
      deleteTopics: act('deleteTopics', ({ topics }: Topics) => {
        for (const topic of topics) world.things.delete(`topic ${topic}`);
      }),
      addPartitions: act('addPartitions', nothing),
      unregisterNode: act('unregisterNode', nothing),
    },
    load: {
      observeStanding: act('observeStanding', () => ({
        standing: { at: '2026-01-01T10:00:00.000Z' },
        missing: world.missing.shift() ?? [],
      })),
      prepareLoadTest: act('prepareLoadTest', () => {
        world.things.add('load user');
        return { removed: world.leftovers };
      }),
      proveCoordination: act('proveCoordination', () =>
        world.coordination ? { found: world.coordination } : {},
      ),
      runLoadTest: act('runLoadTest', () => ({
        report: world.report,
        disturbances: world.disturbances,
      })),
      cleanLoadTest: act('cleanLoadTest', () => void world.things.delete('load user')),
    },
  };
  const guarded = Object.entries(groups).map(([name, group]) => [name, onlyForSameRun(group)]);
  world.activities = Object.fromEntries(guarded) as World['activities'];
  return world;
}

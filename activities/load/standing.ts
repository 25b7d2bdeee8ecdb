/**
 * How a cluster stands, looked at from outside: machines by the cloud, brokers each by itself.
 * Read-only: nothing here starts, stops or mends anything.
 */
import { principals } from '../../contracts/names.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { PlannedNode, Standing } from '../../contracts/standing.ts';
import { changesSince, isHopeless, missingOf } from '../../domain/cluster/standing.ts';
import { testName } from '../../domain/load/leftovers.ts';
import { tagKeys } from '../../providers/cloud/cloud.ts';
import type { ClusterWatch } from '../../providers/load/load.ts';
import { peersOf } from '../cloud/instances.ts';
import { live } from '../cloud/resources.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { beating, pause } from '../lib/heartbeat.ts';
import { cloudOf } from '../lib/slots.ts';

export interface StandingStep {
  scope: StepScope;
  /** Every node of the plan. */
  nodes: PlannedNode[];
  /** Whose topic is looked at as well. */
  testId?: string;
  /** A look that must be equal to this one but for time. */
  since?: Standing;
  /** How long something missing may still come. */
  patienceMs: number;
}

export interface Stood {
  standing: Standing;
  /** What is missing, or changed since `since`; empty when the cluster stands whole. */
  missing: string[];
}

const pollMs = 500;
/** A machine that is down for so many looks in a row does not come by waiting. */
const hopelessLooks = 3;

export const createStandingActivities = (deps: ActivityDeps) => ({
  /**
   * Answers with the first look in which nothing is missing, or with the last one when patience is
   * over or waiting is in vain. Read-only; safe to repeat. Fails with ProviderRefused when there
   * are no credentials to ask with.
   */
  observeStanding: (step: StandingStep): Promise<Stood> =>
    beating(async ({ signal, say }) => {
      const { nodes, since } = step;
      const observer = await openObserver(deps, step);
      try {
        const end = Date.now() + step.patienceMs;
        let hopeless = 0;
        for (;;) {
          const standing = await observer.look({ all: true });
          const changes = since ? changesSince(nodes, since, standing) : [];
          const missing = [...missingOf(nodes, standing), ...changes];
          hopeless = isHopeless(nodes, standing) || changes.length > 0 ? hopeless + 1 : 0;
          const over = Date.now() > end || hopeless >= hopelessLooks;
          if (missing.length === 0 || over) return { standing, missing };
          say(missing[0] ?? '');
          await pause(pollMs, signal);
        }
      } finally {
        await observer.close();
      }
    }),
});

export interface Observer {
  /** Never rejects: what cannot be asked is part of the look. */
  look(options: { all: boolean }): Promise<Standing>;
  close(): Promise<void>;
}

/** Looks as the admin, over connections that are kept until it is closed. */
export async function openObserver(
  deps: ActivityDeps,
  { scope, testId }: Pick<StandingStep, 'scope' | 'testId'>,
): Promise<Observer> {
  const { cluster, provider } = scope;
  const secrets = await deps.secrets.read(cluster);
  if (!secrets) throw failure('ProviderRefused', `no credentials of ${cluster} are stored`);
  const peers = (await peersOf(cloudOf(deps, provider), cluster)).filter((p) =>
    p.roles.includes('broker'),
  );
  const brokers = peers.map((p) => ({ nodeId: p.nodeId, address: `${p.host}:${p.clientPort}` }));
  const watch = deps.load.watch({
    access: {
      brokers: brokers.map((b) => b.address),
      username: principals.admin,
      password: secrets.passwords.admin,
    },
    brokers,
    ...(testId === undefined ? {} : { topic: testName(testId) }),
  });
  return {
    look: async (options) => {
      const at = new Date().toISOString();
      const [machines, kafka] = await Promise.all([
        machinesOf(deps, scope),
        kafkaOf(watch, options),
      ]);
      return { at, ...machines, ...kafka };
    },
    close: () => watch.close(),
  };
}

/** The cluster's machines by the cloud. Read-only; never rejects. */
export async function machinesOf(
  deps: ActivityDeps,
  { cluster, provider }: StepScope,
): Promise<Pick<Standing, 'machines' | 'machinesError'>> {
  try {
    const found = await cloudOf(deps, provider).listInstances({
      tags: { [tagKeys.cluster]: cluster },
    });
    const machines = live(found).map(({ id, state, tags, run, stateReason: reason }) => ({
      slot: tags[tagKeys.slot] ?? '',
      id,
      state,
      ...(run ? { run } : {}),
      ...(reason ? { reason } : {}),
    }));
    return { machines };
  } catch (error) {
    return { machinesError: textOf(error) };
  }
}

async function kafkaOf(
  watch: ClusterWatch,
  options: { all: boolean },
): Promise<Pick<Standing, 'kafka' | 'kafkaError'>> {
  try {
    return { kafka: await watch.look(options) };
  } catch (error) {
    return { kafkaError: textOf(error) };
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

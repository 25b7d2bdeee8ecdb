/** One cluster for people: what was last decided beside what is there now, each with its time. */
import type { ClusterStatus } from '../contracts/cluster.ts';
import type { ClusterNow, ClusterView } from '../contracts/http.ts';
import { notLooked, tellLook } from '../domain/cluster/look.ts';
import { planNeeds, readNeeds } from './input.ts';
import { Problem } from './problem.ts';
import type { Temporal } from './temporal.ts';

/** A look younger than this is shared by all who ask, and those who watch get one as often. */
const freshMs = { asked: 1_000, watched: 5_000 };

export interface Viewer {
  /** Never without what was decided: from the index when the entity cannot be asked. */
  view(name: string): Promise<ClusterView>;
  /** The same without waiting for a look: the last one, while a new one is taken now and then. */
  glance(name: string): Promise<ClusterView>;
}

interface Look {
  taking: Promise<ClusterNow>;
  /** Since when it can be shown. */
  done?: { at: number; now: ClusterNow };
  /** What the look before it found, to be shown while this one is under way. */
  before: ClusterNow | undefined;
}

/** `clock` in ms. Keeps one look per cluster that was asked for in the last seconds. */
export function createViewer(temporal: Temporal, clock: () => number = Date.now): Viewer {
  const looks = new Map<string, Look>();
  /** The look under way, or one that is young enough, or a new one. */
  const lookAt = (status: ClusterStatus, maxAgeMs: number): Look => {
    const before = looks.get(status.name);
    if (before && (!before.done || clock() - before.done.at < maxAgeMs)) return before;
    for (const [name, { done }] of looks) {
      if (done && clock() - done.at > 2 * freshMs.watched) looks.delete(name);
    }
    const look: Look = { taking: takeLook(temporal, status), before: before?.done?.now };
    looks.set(status.name, look);
    void look.taking.then((now) => {
      look.done = { at: clock(), now };
    });
    return look;
  };
  return {
    view: (name) => decided(temporal, name, (status) => lookAt(status, freshMs.asked).taking),
    glance: (name) =>
      decided(temporal, name, (status) => {
        const look = lookAt(status, freshMs.watched);
        return look.done?.now ?? look.before ?? look.taking;
      }),
  };
}

/** The entity's own answer, else what Temporal's index knows and why there is no more. */
async function decided(
  temporal: Temporal,
  name: string,
  look: (status: ClusterStatus) => ClusterNow | Promise<ClusterNow>,
): Promise<ClusterView> {
  let status: ClusterStatus;
  try {
    await temporal.requireReady(readNeeds);
    status = await temporal.clusterStatus(name);
  } catch (error) {
    return fromIndex(temporal, name, error);
  }
  if (status.phase === 'absent') throw new Problem('NotFound', `no cluster \`${name}\``);
  return { ...status, now: await look(status) };
}

async function fromIndex(temporal: Temporal, name: string, error: unknown): Promise<ClusterView> {
  if (!(error instanceof Problem) || error.status < 500) throw error;
  const summary = await temporal.clusterSummary(name).catch(() => undefined);
  // The first error says more than the one that followed from it.
  if (!summary || summary.phase === 'absent') throw error;
  const { operationId: _, problem, ...known } = summary;
  const why = problem ? `${error.message}; ${problem}` : error.message;
  return { ...known, partial: why, now: notLooked(why) };
}

/** Never rejects: not being able to look is told as such. */
async function takeLook(temporal: Temporal, status: ClusterStatus): Promise<ClusterNow> {
  const { name: cluster, provider } = status;
  if (!provider) return notLooked('it is not known where the cluster runs');
  try {
    await temporal.requireReady(planNeeds);
    return tellLook(await temporal.inspect({ cluster, provider }));
  } catch (error) {
    return notLooked(error instanceof Error ? error.message : String(error));
  }
}

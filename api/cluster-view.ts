/** One cluster for people: what was last decided beside what is there now, each with its time. */
import type { ClusterStatus } from '../contracts/cluster.ts';
import type { ClusterNow, ClusterView, Inspection } from '../contracts/http.ts';
import type { InspectInput } from '../contracts/services/odin.ts';
import { notLooked, tellLook } from '../domain/cluster/look.ts';
import { forgottenView, isNotFound, lookFor, stands } from './forgotten.ts';
import { planNeeds, readNeeds } from './input.ts';
import { Problem } from './problem.ts';
import type { Temporal } from './temporal.ts';
import { isTemporalAway } from './temporal-errors.ts';

/** A look younger than this is shared by all who ask, and those who watch get one as often. */
const freshMs = { asked: 1_000, watched: 5_000 };

export interface Viewer {
  /** Never without what was decided: from the index when the entity cannot be asked. */
  view(name: string): Promise<ClusterView>;
  /** The same without waiting for a look: the last one, while a new one is taken now and then. */
  glance(name: string): Promise<ClusterView>;
}

/** What a look found: for people, and as it was or why it was not. */
interface Seen {
  now: ClusterNow;
  found?: Inspection;
  problem?: unknown;
}

interface Look {
  taking: Promise<Seen>;
  /** Since when it can be shown. */
  done?: { at: number; seen: Seen };
  /** What the look before it found, to be shown while this one is under way. */
  before: Seen | undefined;
}

/** `clock` in ms. Keeps one look per cluster that was asked for in the last seconds. */
export function createViewer(temporal: Temporal, clock: () => number = Date.now): Viewer {
  const looks = new Map<string, Look>();
  /** The look under way, or one that is young enough, or a new one. */
  const lookAt = (target: InspectInput, maxAgeMs: number): Look => {
    const key = `${target.cluster}/${target.provider ?? ''}`;
    const before = looks.get(key);
    if (before && (!before.done || clock() - before.done.at < maxAgeMs)) return before;
    for (const [name, { done }] of looks) {
      if (done && clock() - done.at > 2 * freshMs.watched) looks.delete(name);
    }
    const look: Look = { taking: takeLook(temporal, target), before: before?.done?.seen };
    looks.set(key, look);
    void look.taking.then((seen) => {
      look.done = { at: clock(), seen };
    });
    return look;
  };
  return {
    view: (name) => decided(temporal, name, (target) => lookAt(target, freshMs.asked).taking),
    glance: (name) =>
      decided(temporal, name, (target) => {
        const look = lookAt(target, freshMs.watched);
        return look.done?.seen ?? look.before ?? look.taking;
      }),
  };
}

/**
 * The entity's own answer; of a name that has none, what stands of it; without an answer, what
 * Temporal's index knows and why there is no more.
 */
async function decided(
  temporal: Temporal,
  name: string,
  look: (target: InspectInput) => Seen | Promise<Seen>,
): Promise<ClusterView> {
  let status: ClusterStatus | undefined;
  let absent = new Problem('NotFound', `no cluster \`${name}\``);
  try {
    await temporal.requireReady(readNeeds);
    status = await temporal.clusterStatus(name);
  } catch (error) {
    if (!isNotFound(error)) return fromIndex(temporal, name, error);
    absent = error;
  }
  if (status && status.phase !== 'absent') {
    const { provider } = status;
    const { now } = await look({ cluster: name, ...(provider ? { provider } : {}) });
    return { ...status, now };
  }
  const { found, problem } = await look({ cluster: name });
  if (!found) throw problem;
  if (!stands(found)) throw absent;
  return forgottenView(name, found, status);
}

async function fromIndex(temporal: Temporal, name: string, error: unknown): Promise<ClusterView> {
  if (!(error instanceof Problem) || error.status < 500) throw error;
  // Asking once more who has just not answered only doubles the wait.
  if (isTemporalAway(error)) throw error;
  const summary = await temporal.clusterSummary(name).catch(() => undefined);
  // The first error says more than the one that followed from it.
  if (!summary || summary.phase === 'absent') throw error;
  const { operationId: _, problem, ...known } = summary;
  const why = problem ? `${error.message}; ${problem}` : error.message;
  return { ...known, partial: why, now: notLooked(why) };
}

/** Never rejects: not being able to look is told as such. */
async function takeLook(temporal: Temporal, target: InspectInput): Promise<Seen> {
  try {
    const found = await (target.provider
      ? lookAtKnown(temporal, target)
      : lookFor(temporal, target.cluster));
    return { now: tellLook(found), found };
  } catch (problem) {
    const why = problem instanceof Error ? problem.message : String(problem);
    return { now: notLooked(why), problem };
  }
}

async function lookAtKnown(temporal: Temporal, target: InspectInput): Promise<Inspection> {
  await temporal.requireReady(planNeeds);
  return temporal.inspect(target);
}

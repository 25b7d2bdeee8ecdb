/**
 * Clusters of which Temporal knows nothing (its memory is gone, or their entity was ended) though
 * something of them stands. Before a name is told as unknown, the providers are asked; nothing that
 * can be made or taken away is decided here.
 */
import type { ClusterStatus } from '../contracts/cluster.ts';
import type { ClusterView, Inspection } from '../contracts/http.ts';
import { tellLook } from '../domain/cluster/look.ts';
import { planNeeds } from './input.ts';
import { Problem } from './problem.ts';
import type { Temporal } from './temporal.ts';

export const isNotFound = (error: unknown): error is Problem =>
  error instanceof Problem && error.type === 'NotFound';

/** What stands of the name on any provider. Rejects when they cannot be asked; safe to repeat. */
export async function lookFor(temporal: Temporal, cluster: string): Promise<Inspection> {
  try {
    await temporal.requireReady(planNeeds);
    return await temporal.inspect({ cluster });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const detail = `nothing is known of \`${cluster}\`, and whether it stands cannot be told`;
    throw new Problem(error.type, `${detail}: ${error.message}`, { cause: error });
  }
}

export const stands = ({ providers = [] }: Pick<Inspection, 'providers'>): boolean =>
  providers.length > 0;

/** For people: what was found, without a word on how it came to be forgotten. */
const foundText = (cluster: string, found: Inspection): string =>
  `nothing is known of \`${cluster}\` any more, and it stands on ` +
  `${(found.providers ?? []).join(' and ')} (${tellLook(found).summary})`;

const remedyFor = (cluster: string, isProtected: boolean): string =>
  'apply its spec to take it over, or ' +
  (isProtected ? `\`asgard protect ${cluster} --off\` and destroy it` : 'destroy it');

/** The view of what stands. `status` is of an entity that knows no more than its protection. */
export function forgottenView(
  name: string,
  found: Inspection,
  status: ClusterStatus | undefined,
): ClusterView {
  const protection = status?.protection ?? true;
  const { leases, waiting, history } = status ?? {};
  return {
    name,
    phase: 'unknown',
    forgotten: true,
    reason: `${foundText(name, found)}: ${remedyFor(name, protection)}`,
    protection,
    ...(leases ? { leases } : {}),
    ...(waiting ? { waiting } : {}),
    ...(history ? { history } : {}),
    now: tellLook(found),
  };
}

/**
 * What `ask` answers. When that is NotFound and something of the cluster stands all the same, it is
 * refused as `type` with what stands and what to do; NotFound only when nothing does.
 */
export async function unlessForgotten<T>(
  temporal: Temporal,
  cluster: string,
  { type, ask }: { type: 'Protected' | 'Forgotten'; ask: () => Promise<T> },
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const found = await lookFor(temporal, cluster);
    if (!stands(found)) throw error;
    const remedy = sentence(remedyFor(cluster, true));
    throw new Problem(type, foundText(cluster, found), { remedy, cause: error });
  }
}

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}.`;

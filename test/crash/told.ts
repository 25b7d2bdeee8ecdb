/** What users are told of a cluster at this moment, against what is so. */
import type { ClusterView } from '../../contracts/http.ts';
import type { TrialBench } from './bench.ts';
import { instancesOf } from './cloud-check.ts';

/** The status by HTTP: every machine that does not run, and no other, is shown as not running. */
export async function statusViolations(bench: TrialBench, cluster: string): Promise<string[]> {
  const { api } = bench;
  if (!api) return [];
  const machines = await instancesOf(bench, cluster);
  const headers = { authorization: `Bearer ${api.token}` };
  const response = await fetch(`${api.url}/v1/clusters/${cluster}`, {
    headers,
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) return [`status: ${response.status} ${await response.text()}`];
  const { now } = (await response.json()) as ClusterView;
  if (now.problem) return [`status could not look: ${now.problem}`];
  const shown = (now.nodes ?? []).map((n) => `${n.slot} ${n.machine.state}`).sort();
  const real = machines.map((m) => `${m.tags['asgard:slot']} ${m.state}`).sort();
  const same = shown.join() === real.join();
  return same ? [] : [`status shows ${shown.join(', ')}; the cloud has ${real.join(', ')}`];
}

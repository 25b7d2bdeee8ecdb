/**
 * planCluster: what would be done, and nothing else. Read-only; takes no lease; always repeatable.
 */
import type { ClusterPlan } from '../../contracts/plan.ts';
import { PlanInput } from '../../contracts/services/odin.ts';
import { fail } from '../operation/failure.ts';
import { requireInput, requireName, requireSpec } from '../operation/validate.ts';
import { planDestroyNow, planNow, scopeOfRemoval } from './planning.ts';
import { scopeOfSpec } from './provision-cluster.ts';

/** Returns the plan; fails with InvalidInput for a spec that cannot be reached. */
export async function planCluster(input: PlanInput): Promise<{ plan: ClusterPlan }> {
  requireInput(PlanInput, input);
  const { cluster, provider, intent } = input;
  if (intent === 'destroy') {
    if (!cluster) throw fail('InvalidInput', 'cluster: required with intent `destroy`');
    requireName(cluster);
    const { plan } = await planDestroyNow(await scopeOfRemoval({ cluster, provider }));
    return { plan };
  }
  const spec = requireSpec(input.spec);
  const { plan } = await planNow(scopeOfSpec(spec), spec);
  return { plan };
}

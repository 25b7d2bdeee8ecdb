/**
 * planCluster: what would be done, and nothing else. Read-only; takes no lease; always repeatable.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { StepScope } from '../../activities/lib/deps.ts';
import { PlanInput } from '../../contracts/operations.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import { kafkaVersion } from '../../contracts/settings.ts';
import { refuse } from '../lib/operation.ts';
import { planDestroyNow, planNow } from '../lib/planning.ts';
import { requireInput, requireSpec } from '../lib/validate.ts';

/** Returns the plan; fails with InvalidInput for a spec that cannot be reached. */
export async function planCluster(input: PlanInput): Promise<{ plan: ClusterPlan }> {
  requireInput(PlanInput, input);
  if (input.intent === 'destroy') {
    if (!input.cluster) throw refuse('InvalidInput', 'cluster: required with intent `destroy`');
    const { plan } = await planDestroyNow(scope(input.cluster, 'local', kafkaVersion));
    return { plan };
  }
  const spec = requireSpec(input.spec);
  const { plan } = await planNow(scope(spec.name, spec.provider, spec.kafka.version), spec);
  return { plan };
}

const scope = (cluster: string, provider: string, version: string): StepScope => ({
  cluster,
  provider,
  kafkaVersion: version,
  operationId: workflowInfo().workflowId,
});

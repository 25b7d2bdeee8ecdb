/** Everything a worker runs; exported names are the workflow types on the wire. */

export { cluster } from './entity/cluster.ts';
export { applyPlan } from './odin/apply-plan.ts';
export { destroyCluster } from './odin/destroy-cluster.ts';
export { inspectCluster } from './odin/inspect-cluster.ts';
export { loadTest } from './odin/load-test.ts';
export { planCluster } from './odin/plan-cluster.ts';
export { provisionCluster } from './odin/provision-cluster.ts';

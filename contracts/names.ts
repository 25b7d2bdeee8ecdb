/** Names on the wire: workflow types, ids a person can type, task queues, search attributes. */

export const workflowTypes = {
  cluster: 'cluster',
  provisionCluster: 'provisionCluster',
  applyPlan: 'applyPlan',
  planCluster: 'planCluster',
  loadTest: 'loadTest',
  destroyCluster: 'destroyCluster',
} as const;

export const taskQueues = {
  workflows: 'asgard',
  cloud: 'asgard-cloud',
  kafka: 'asgard-kafka',
  load: 'asgard-load',
} as const;

/** Keyword search attributes, registered when the Temporal namespace is made. */
export const searchAttributes = {
  service: 'AsgardService',
  cluster: 'AsgardCluster',
  phase: 'AsgardPhase',
  outcome: 'AsgardOutcome',
  requester: 'AsgardRequester',
} as const;

export const clusterWorkflowId = (cluster: string): string => `cluster/${cluster}`;
export const operationWorkflowId = (cluster: string, key: string): string =>
  `odin/${cluster}/${key}`;

/** Principals that every cluster has. The load user exists only while a load test runs. */
export const principals = {
  admin: 'asgard-admin',
  broker: 'asgard-broker',
  controller: 'asgard-controller',
  load: 'asgard-load',
} as const;

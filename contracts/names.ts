/** Names on the wire: ids a person can type, task queues, search attributes, principals. */

export const taskQueues = {
  workflows: 'asgard',
  cloud: 'asgard-cloud',
  kafka: 'asgard-kafka',
  load: 'asgard-load',
} as const;
/** A queue by its short name, as ASGARD_QUEUES takes it. */
export type QueueName = keyof typeof taskQueues;

/** Keyword search attributes, registered when the Temporal namespace is made. */
export const searchAttributes = {
  service: 'AsgardService',
  cluster: 'AsgardCluster',
  phase: 'AsgardPhase',
  outcome: 'AsgardOutcome',
  requester: 'AsgardRequester',
} as const;

/** Memo of the entity: what a list tells beside the phase (ClusterMemo). */
export const clusterMemo = 'status';

/** The workflow type of the entity that each cluster has. */
export const clusterWorkflowType = 'cluster';
/** Id of a cluster's entity. */
export const clusterWorkflowId = (cluster: string): string => `cluster/${cluster}`;
/** Id of an operation, and the end of its URL: `/v1/operations/<service>/<cluster>/<key>`. */
export const operationWorkflowId = (service: string, cluster: string, key: string): string =>
  `${service}/${cluster}/${key}`;

/** Principals that every cluster has. The load user exists only while a load test runs. */
export const principals = {
  admin: 'asgard-admin',
  broker: 'asgard-broker',
  controller: 'asgard-controller',
  load: 'asgard-load',
} as const;

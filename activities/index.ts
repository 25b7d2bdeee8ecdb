/** All activities by task queue; workers register a group per queue, workflows import its type. */
import { createIdentityActivities } from './cloud/identity.ts';
import { createInstanceActivities } from './cloud/instances.ts';
import { createResourceActivities } from './cloud/resources.ts';
import { createKafkaActivities } from './kafka/changes.ts';
import { createReadinessActivities } from './kafka/readiness.ts';
import type { ActivityDeps } from './lib/deps.ts';
import { createLoadActivities } from './load/load-test.ts';
import { createObserveActivities } from './observe/observe.ts';

export function createActivities(deps: ActivityDeps) {
  return {
    cloud: {
      ...createIdentityActivities(deps),
      ...createResourceActivities(deps),
      ...createInstanceActivities(deps),
    },
    kafka: {
      ...createKafkaActivities(deps),
      ...createReadinessActivities(deps),
      ...createObserveActivities(deps),
    },
    load: createLoadActivities(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

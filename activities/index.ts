/** All activities by task queue; workers register a group per queue, workflows import its type. */
import { createFindActivities } from './cloud/find.ts';
import { createInstanceActivities } from './cloud/instances.ts';
import { createResourceActivities } from './cloud/resources.ts';
import { createReviveActivities } from './cloud/revive.ts';
import { createKafkaActivities } from './kafka/changes.ts';
import { createIdentityActivities } from './kafka/identity.ts';
import { createReadinessActivities } from './kafka/readiness.ts';
import type { ActivityDeps } from './lib/deps.ts';
import { onlyForSameRun } from './lib/same-run.ts';
import { createMeasureActivities } from './load/measure.ts';
import { createSetUpActivities } from './load/set-up.ts';
import { createStandingActivities } from './load/standing.ts';
import { createInspectActivities } from './observe/inspect.ts';
import { createObserveActivities } from './observe/observe.ts';

/** Every activity refuses a run that was made by a reset (lib/same-run.ts). */
export function createActivities(deps: ActivityDeps) {
  return {
    cloud: onlyForSameRun({
      ...createIdentityActivities(deps),
      ...createResourceActivities(deps),
      ...createInstanceActivities(deps),
      ...createReviveActivities(deps),
      ...createFindActivities(deps),
    }),
    kafka: onlyForSameRun({
      ...createKafkaActivities(deps),
      ...createReadinessActivities(deps),
      ...createObserveActivities(deps),
      ...createInspectActivities(deps),
    }),
    load: onlyForSameRun({
      ...createSetUpActivities(deps),
      ...createMeasureActivities(deps),
      ...createStandingActivities(deps),
    }),
  };
}

export type Activities = ReturnType<typeof createActivities>;

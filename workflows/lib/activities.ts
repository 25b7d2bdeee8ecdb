/**
 * Activity proxies by class. Every one heartbeats (5 s), so a killed worker is noticed quickly and
 * a cancellation is waited for; retries are bounded by time, never by a count of attempts.
 */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { taskQueues } from '../../contracts/names.ts';

const common = {
  heartbeatTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '5 seconds' },
} as const;
/** Calls that should take seconds; ten minutes of trying covers an outage of the provider. */
const brief = {
  ...common,
  startToCloseTimeout: '3 minutes',
  scheduleToCloseTimeout: '10 minutes',
} as const;
/** Waits and measurements: they watch their own deadline and say more than a timeout could. */
const long = { ...common, startToCloseTimeout: '2 hours' } as const;

export const cloud = proxyActivities<Activities['cloud']>({
  ...brief,
  taskQueue: taskQueues.cloud,
});
export const kafka = proxyActivities<Activities['kafka']>({
  ...brief,
  taskQueue: taskQueues.kafka,
});
export const kafkaWaits = proxyActivities<
  Pick<Activities['kafka'], 'awaitNode' | 'awaitSteady' | 'awaitSafeToStop'>
>({ ...long, taskQueue: taskQueues.kafka });
export const load = proxyActivities<Activities['load']>({ ...brief, taskQueue: taskQueues.load });
/** A broken measurement is tried twice, not for ever: then the verdict is `unknown`. */
export const measurement = proxyActivities<Pick<Activities['load'], 'runLoadTest'>>({
  ...long,
  taskQueue: taskQueues.load,
  retry: { ...common.retry, maximumAttempts: 3 },
});

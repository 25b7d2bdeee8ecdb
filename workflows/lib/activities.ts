/**
 * Activity proxies by class. Every one heartbeats (5 s), so a killed worker is noticed quickly and
 * a cancellation is waited for; retries are bounded by time, never by a count of attempts. Each
 * call carries a summary of what it is about, which the Web UI's timeline shows.
 */
import {
  ActivityCancellationType,
  type ActivityFunctionWithOptions,
  type ActivityInterfaceFor,
  type ActivityOptions,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { taskQueues } from '../../contracts/names.ts';
import type { ConfigPatch, NodeTarget } from '../../contracts/plan.ts';
import type { NormalLoad } from '../../contracts/spec.ts';
import { fewOf } from '../../contracts/text.ts';

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

/** What activities take that tells people what a call is about. */
interface Subject {
  node?: NodeTarget;
  topics?: string[];
  groups?: { topics: string[]; set?: ConfigPatch }[];
  set?: ConfigPatch;
  load?: NormalLoad;
}

/** One line for the timeline, such as `main-0 in rack-a` or `orders and 249 more`. */
function subjectOf({ node, topics, groups, set, load }: Subject): string | undefined {
  if (node) return `${node.slot} in ${node.rack}`;
  const batch = topics ?? groups?.flatMap((g) => g.topics);
  if (batch) return fewOf(batch, 1);
  const pairs = Object.entries(set ?? {}).map(([key, value]) => `${key}=${value ?? 'default'}`);
  return load ? `${load.rate} for ${load.durationS} s` : pairs.join(', ') || undefined;
}

type Call = ActivityFunctionWithOptions<(input: Subject) => Promise<unknown>>;

/** Proxies whose every call names its subject. */
function about<A>(options: ActivityOptions): ActivityInterfaceFor<A> {
  const get = (proxies: object, name: string | symbol) => {
    const call: Call = Reflect.get(proxies, name);
    return (input: Subject) => {
      const summary = subjectOf(input);
      return call.executeWithOptions(summary ? { summary } : {}, [input]);
    };
  };
  return new Proxy<object>(proxyActivities<A>(options), { get }) as ActivityInterfaceFor<A>;
}

export const cloud = about<Activities['cloud']>({
  ...brief,
  taskQueue: taskQueues.cloud,
});
export const kafka = about<Activities['kafka']>({
  ...brief,
  taskQueue: taskQueues.kafka,
});
export const kafkaWaits = about<Pick<Activities['kafka'], 'awaitNode' | 'awaitSafeToStop'>>({
  ...long,
  taskQueue: taskQueues.kafka,
});
/**
 * Around a load test patience is short: on a cluster that does not answer the verdict is unknown,
 * and what cannot be cleaned up is found by the next test.
 */
export const load = about<Activities['load']>({
  ...brief,
  scheduleToCloseTimeout: '2 minutes',
  taskQueue: taskQueues.load,
});
/** What cannot be removed now is told, and removed by the next load test: not worth a long wait. */
export const cleaning = about<Pick<Activities['load'], 'cleanLoadTest'>>({
  ...brief,
  scheduleToCloseTimeout: '1 minute',
  taskQueue: taskQueues.load,
});
export const loadWaits = about<Pick<Activities['load'], 'observeStanding'>>({
  ...long,
  taskQueue: taskQueues.load,
});
/**
 * One attempt only: whether it may be repeated, and what its end says, is the gate's to judge.
 */
export const measurement = about<Pick<Activities['load'], 'runLoadTest'>>({
  ...long,
  taskQueue: taskQueues.load,
  retry: { maximumAttempts: 1 },
});

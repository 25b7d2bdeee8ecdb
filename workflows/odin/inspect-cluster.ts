/**
 * inspectCluster: machines and brokers as they are at this moment. Read-only; takes no lease, shows
 * in no list of operations, and is always repeatable. A person waits for it: it fails rather than
 * wait long.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { Inspection } from '../../contracts/http.ts';
import { taskQueues } from '../../contracts/names.ts';
import { InspectInput } from '../../contracts/services/odin.ts';
import { now } from '../operation/operation.ts';
import { requireInput, requireName } from '../operation/validate.ts';

const looks = proxyActivities<Pick<Activities['kafka'], 'inspectCluster'>>({
  taskQueue: taskQueues.kafka,
  startToCloseTimeout: '7 seconds',
  scheduleToCloseTimeout: '8 seconds',
  retry: { maximumAttempts: 2 },
});

const finds = proxyActivities<Pick<Activities['cloud'], 'findCluster'>>({
  taskQueue: taskQueues.cloud,
  startToCloseTimeout: '3 seconds',
  scheduleToCloseTimeout: '4 seconds',
  retry: { maximumAttempts: 2 },
});

/**
 * Fails with the cloud's error when the cloud does not answer; Kafka's silence is an answer.
 * Without a provider every one is asked first: nothing may stand unseen for want of a record.
 */
export async function inspectCluster(input: InspectInput): Promise<Inspection> {
  requireInput(InspectInput, input);
  const { cluster, provider } = input;
  requireName(cluster);
  if (provider !== undefined) return looks.inspectCluster({ cluster, provider });
  const providers = await finds.findCluster({ cluster });
  const seen = await Promise.all(
    providers.map((found) => looks.inspectCluster({ cluster, provider: found })),
  );
  const [first] = [...seen.filter((s) => s.kafka.answers), ...seen];
  return {
    lookedAt: now(),
    providers,
    nodes: seen.flatMap((s) => s.nodes),
    kafka: first?.kafka ?? { answers: false, reason: 'no machine is running' },
  };
}

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
import { requireInput, requireName } from '../operation/validate.ts';

const looks = proxyActivities<Pick<Activities['kafka'], 'inspectCluster'>>({
  taskQueue: taskQueues.kafka,
  startToCloseTimeout: '7 seconds',
  scheduleToCloseTimeout: '8 seconds',
  retry: { maximumAttempts: 2 },
});

/** Fails with the cloud's error when the cloud does not answer; Kafka's silence is an answer. */
export async function inspectCluster(input: InspectInput): Promise<Inspection> {
  requireInput(InspectInput, input);
  requireName(input.cluster);
  return looks.inspectCluster(input);
}

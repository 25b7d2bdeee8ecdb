/**
 * Activities that change Kafka itself. Each states a target and accepts that it holds already, so
 * all are safe to repeat; the undo of a configuration change is the same call with the prior
 * values.
 */
import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import type { ConfigChange, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating } from '../lib/heartbeat.ts';
import { withRevivedAdmin } from './access.ts';

type Change = Record<string, string | null>;

export function createKafkaActivities(deps: ActivityDeps) {
  const change = (
    scope: StepScope,
    call: string,
    work: (admin: KafkaAdmin) => Promise<void>,
  ): Promise<void> =>
    beating(async () => {
      await withRevivedAdmin(deps, scope, work);
      await deps.journal({
        cluster: scope.cluster,
        operationId: scope.operationId,
        call: `kafka.${call}`,
      });
    });
  const alter = (scope: StepScope, target: string, request: ConfigChange) =>
    change(scope, `alterConfig ${target}`, (admin) => admin.alterConfigs([request]));

  return {
    /** Sets or resets cluster-wide dynamic broker configuration. */
    alterClusterConfig: ({ scope, set }: { scope: StepScope; set: Change }): Promise<void> =>
      alter(scope, 'cluster', { resource: { kind: 'cluster' }, set }),

    /** Sets or resets a topic's configuration. */
    alterTopicConfig: (r: { scope: StepScope; topic: string; set: Change }): Promise<void> =>
      alter(r.scope, r.topic, { resource: { kind: 'topic', name: r.topic }, set: r.set }),

    /** Whether the topic is there now. Read-only. */
    topicExists: ({ scope, topic }: { scope: StepScope; topic: string }): Promise<boolean> =>
      beating(() =>
        withRevivedAdmin(deps, scope, async (admin) =>
          (await admin.topics([topic])).some((view) => view.name === topic),
        ),
      ),

    /** Creates the topic; an equal one that exists is success, an unequal one is refused. */
    createTopic: (r: {
      scope: StepScope;
      topic: string;
      partitions: number;
      replicationFactor: number;
      config: Record<string, string>;
    }): Promise<void> =>
      change(r.scope, `createTopic ${r.topic}`, (admin) =>
        admin.createTopics([
          {
            name: r.topic,
            partitions: r.partitions,
            replicationFactor: r.replicationFactor,
            config: r.config,
          },
        ]),
      ),

    /** Deletes the topic with all its records; accepts that it is gone. Cannot be undone. */
    deleteTopic: ({ scope, topic }: { scope: StepScope; topic: string }): Promise<void> =>
      change(scope, `deleteTopic ${topic}`, (admin) => admin.deleteTopics([topic])),

    /** Grows the topic to `partitions`. Cannot be undone: Kafka has no way back. */
    addPartitions: (r: { scope: StepScope; topic: string; partitions: number }): Promise<void> =>
      change(r.scope, `addPartitions ${r.topic}`, (admin) =>
        admin.addPartitions([{ name: r.topic, total: r.partitions }]),
      ),

    /** Forgets a broker that is empty and stopped. */
    unregisterNode: ({ scope, node }: { scope: StepScope; node: NodeTarget }): Promise<void> =>
      change(scope, `unregisterBroker ${node.slot}`, (admin) =>
        admin.unregisterBroker(node.nodeId),
      ),
  };
}

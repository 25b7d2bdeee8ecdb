/**
 * Activities that change Kafka itself, many topics by one request. Each states a target and accepts
 * that it holds already, so all are safe to repeat; the undo of a configuration change is the same
 * call with the prior values. All fail with KafkaRefused in Kafka's own words, naming the topic,
 * and with KafkaUnavailable after ten seconds without an answer: workflows/lib/kafka-away.ts says
 * what an operation does then.
 */
import type {
  ConfigPatch,
  NodeTarget,
  TopicCreation,
  TopicGrowth,
  TopicPatch,
} from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { batchName, topicsIn } from '../../domain/cluster/topic-batches.ts';
import type { ConfigChange, KafkaAdmin } from '../../providers/kafka/kafka.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { beating } from '../lib/heartbeat.ts';
import { withPatientAdmin } from './access.ts';

interface Topics {
  scope: StepScope;
  topics: string[];
}
interface Groups<G> {
  scope: StepScope;
  groups: G[];
}

export function createKafkaActivities(deps: ActivityDeps) {
  /** `call` as the plan names it. */
  const change = (
    scope: StepScope,
    call: string,
    work: (admin: KafkaAdmin) => Promise<void>,
  ): Promise<void> =>
    beating(async (beat) => {
      await withPatientAdmin(deps, scope, { beat, work });
      const { cluster, operationId } = scope;
      await deps.journal({ cluster, operationId, call: `kafka.${call}` });
    });
  const alter = (scope: StepScope, target: string, changes: ConfigChange[]) =>
    change(scope, `alterConfigs ${target}`, (admin) => admin.alterConfigs(changes));

  return {
    /** Sets or resets cluster-wide dynamic broker configuration. */
    alterClusterConfig: ({ scope, set }: { scope: StepScope; set: ConfigPatch }): Promise<void> =>
      alter(scope, 'cluster', [{ resource: { kind: 'cluster' }, set }]),

    /** Sets or resets the configuration of topics. */
    alterTopicConfigs: ({ scope, groups }: Groups<Omit<TopicPatch, 'before'>>): Promise<void> => {
      const changes = groups.flatMap(({ topics, set }) =>
        topics.map((name) => ({ resource: { kind: 'topic' as const, name }, set })),
      );
      return alter(scope, batchName(topicsIn({ groups })), changes);
    },

    /** Those of the topics that are there now. Read-only. */
    topicsExisting: ({ scope, topics }: Topics): Promise<string[]> =>
      beating((beat) =>
        withPatientAdmin(deps, scope, {
          beat,
          work: async (admin) => (await admin.topics(topics)).map((view) => view.name),
        }),
      ),

    /** Creates the topics; an equal one that exists is success, an unequal one is refused. */
    createTopics: ({ scope, groups }: Groups<TopicCreation>): Promise<void> => {
      const wanted = groups.flatMap(({ topics, ...shape }) =>
        topics.map((name) => ({ name, ...shape })),
      );
      return change(scope, `createTopics ${batchName(topicsIn({ groups }))}`, (admin) =>
        admin.createTopics(wanted),
      );
    },

    /** Deletes the topics with all their records; accepts that they are gone. No way back. */
    deleteTopics: ({ scope, topics }: Topics): Promise<void> =>
      change(scope, `deleteTopics ${batchName(topics)}`, (admin) => admin.deleteTopics(topics)),

    /** Grows the topics to `partitions`. Cannot be undone: Kafka has no way back. */
    addPartitions: ({ scope, groups }: Groups<TopicGrowth>): Promise<void> => {
      const wanted = groups.flatMap(({ topics, partitions: total }) =>
        topics.map((name) => ({ name, total })),
      );
      return change(scope, `addPartitions ${batchName(topicsIn({ groups }))}`, (admin) =>
        admin.addPartitions(wanted),
      );
    },

    /** Forgets a broker that is empty and stopped; accepts that Kafka does not know it. */
    unregisterNode: ({ scope, node }: { scope: StepScope; node: NodeTarget }): Promise<void> =>
      change(scope, `unregisterBroker ${node.slot}`, (admin) =>
        admin.unregisterBroker(node.nodeId),
      ),
  };
}

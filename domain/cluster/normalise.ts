/**
 * Defaults: a spec as written → a spec with nothing left open. Pure; assumes the shape is right.
 */
import { type ConfigKind, normalConfig } from '../../contracts/kafka-values.ts';
import type {
  ClusterSpec,
  KafkaConfig,
  LoadSpec,
  NormalLoad,
  NormalSpec,
  NormalTopic,
  TopicSpec,
} from '../../contracts/spec.ts';

const defaultThresholds = ['lost==0', 'errors==0', 'p(99)<1000'];

/** Config values become Kafka's spelling, topics present, the gate a modest one, protection on. */
export function normalise(spec: ClusterSpec): NormalSpec {
  return {
    name: spec.name,
    provider: spec.provider ?? 'local',
    kafka: { version: spec.kafka.version, config: strings('broker', spec.kafka.config) },
    nodes: spec.nodes,
    topics: (spec.topics ?? []).map(topic),
    loadTest: spec.loadTest === false ? false : load(spec, spec.loadTest ?? {}),
    protection: spec.protection ?? true,
  };
}

/** Values as texts in Kafka's own spelling, so that ` True` and `true` are one plan. */
const strings = (kind: ConfigKind, config: KafkaConfig | undefined): Record<string, string> =>
  normalConfig(
    kind,
    Object.fromEntries(Object.entries(config ?? {}).map(([key, value]) => [key, String(value)])),
  );

const topic = (spec: TopicSpec): NormalTopic => ({
  name: spec.name,
  partitions: spec.partitions ?? 0,
  replicationFactor: spec.replicationFactor ?? 0,
  config: strings('topic', spec.config),
  state: spec.state ?? 'present',
});

/** Two partitions a broker spread the load; three replicas, or as many as there are brokers. */
function load(spec: ClusterSpec, asked: LoadSpec): NormalLoad {
  const brokers = brokerCount(spec);
  return {
    rate: asked.rate ?? '1MB/s',
    messageBytes: asked.messageBytes ?? 1024,
    partitions: asked.partitions ?? Math.max(1, brokers * 2),
    replicationFactor: asked.replicationFactor ?? Math.max(1, Math.min(3, brokers)),
    acks: asked.acks ?? 'all',
    durationS: asked.durationS ?? 15,
    warmupS: asked.warmupS ?? 5,
    thresholds: asked.thresholds ?? defaultThresholds,
  };
}

export const brokerCount = (spec: Pick<ClusterSpec, 'nodes'>): number =>
  spec.nodes.filter((n) => n.roles.includes('broker')).reduce((sum, n) => sum + n.count, 0);

/** Remarks that do not block a plan, but that its reader should know. Pure. */

import { sameValue } from '../../contracts/kafka-values.ts';
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import { fewOf } from '../../contracts/text.ts';
import { runningConfigs } from './broker-properties.ts';
import { isDynamic, isStepped } from './kafka-config.ts';
import { brokerCount } from './normalise.ts';
import { borrowedKeys } from './topic-plan.ts';
import { brokerRacks } from './topic-rules.ts';

/** One sentence each. */
export function warningsOf(spec: NormalSpec, observed: ObservedCluster): string[] {
  const found: string[] = [];
  if (brokerCount(spec) === 1) found.push('One broker: any stop of it is an outage.');
  else if (brokerRacks(spec) === 1) found.push('One rack: its loss is the loss of the cluster.');
  const single = spec.topics.filter((t) => t.state === 'present' && t.replicationFactor === 1);
  if (single.length > 0 && brokerCount(spec) > 1) {
    found.push(`Topics with one replica lose data with their broker: ${names(single)}.`);
  }
  if (spec.loadTest === false)
    found.push('No load test: the cluster will be `untested`, not ready.');
  const exists = observed.nodes.some((n) => n.instance);
  if (exists && !observed.kafkaReachable) {
    found.push('Kafka did not answer: topics and configuration are set anew, not compared.');
  }
  const leaderless = observed.topics.filter((t) => t.leaderless);
  if (leaderless.length > 0) {
    found.push(`Topics with partitions that no broker leads now: ${names(leaderless)}.`);
  }
  return [...found, ...threads(spec, observed), ...others(spec, observed)];
}

const names = (topics: { name: string }[]): string => fewOf(topics.map((t) => t.name));

/** Thread counts that differ from what nodes were started with. */
function threads(spec: NormalSpec, observed: ObservedCluster): string[] {
  const before = runningConfigs(observed).map(({ staticConfig }) => staticConfig);
  const keys = new Set([spec.kafka.config, ...before].flatMap(Object.keys).filter(isStepped));
  const changed = [...keys].filter((key) =>
    before.some((config) => !sameValue('broker', key, config[key], spec.kafka.config[key])),
  );
  if (changed.length === 0) return [];
  const rule = 'at run time Kafka lets a thread count only double or halve';
  return [`${changed.join(', ')}: changed by a rolling restart, since ${rule}.`];
}

/** What others have set and a plan leaves alone. */
function others(spec: NormalSpec, observed: ObservedCluster): string[] {
  const cluster = Object.keys(observed.dynamicConfig)
    .filter((key) => !isDynamic(key) && !Object.hasOwn(spec.kafka.config, key))
    .sort();
  const asked = new Map(spec.topics.map((t) => [t.name, t]));
  const throttled = observed.topics.filter((now) => {
    const topic = asked.get(now.name);
    if (!topic || observed.reassigning === false) return false;
    return borrowedKeys.some((key) => key in now.config && !Object.hasOwn(topic.config, key));
  });
  return [
    ...(cluster.length > 0
      ? [`Set cluster-wide by others, and left as it is: ${cluster.join(', ')}.`]
      : []),
    ...(throttled.length > 0
      ? [`Throttled by a reassignment, and left so: ${names(throttled)}.`]
      : []),
  ];
}

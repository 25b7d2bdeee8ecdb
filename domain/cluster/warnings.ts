/** Remarks that do not block a plan, but that its reader should know. Pure. */
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { NormalSpec } from '../../contracts/spec.ts';
import { fewOf } from '../../contracts/text.ts';
import { brokerCount } from './normalise.ts';
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
  return found;
}

const names = (topics: { name: string }[]): string => fewOf(topics.map((t) => t.name));

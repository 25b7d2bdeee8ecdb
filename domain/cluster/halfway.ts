/**
 * Rules on the state in the middle of a plan: run-time configuration and topics change before nodes
 * restart, so Kafka holds the new values against what nodes run with now. Pure.
 */
import type { ObservedCluster } from '../../contracts/observed.ts';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { runningConfigs } from './broker-properties.ts';
import { checkBrokerRelations, checkTopicRelations } from './config-relations.ts';
import { brokerValues } from './config-values.ts';
import { splitConfig } from './kafka-config.ts';
import { brokerCount } from './normalise.ts';
import { ownSettings } from './own-settings.ts';

/** Violations that Kafka would find only on the way; a spec whose end state is wrong has others. */
export function checkHalfway(spec: NormalSpec, observed: ObservedCluster): Violation[] {
  const { dynamic } = splitConfig(spec.kafka.config);
  const own = ownSettings(brokerCount(spec));
  const found = runningConfigs(observed).flatMap(({ staticConfig: before }) => {
    const config = { ...before, ...dynamic };
    const values = brokerValues(config, own);
    return [
      ...checkBrokerRelations('kafka.config', config, values),
      ...spec.topics.flatMap(({ config: topic, state }, i) =>
        state === 'present' ? checkTopicRelations(`topics[${i}].config`, topic, values) : [],
      ),
    ];
  });
  const first = found.filter((v, i) => found.findIndex((w) => w.field === v.field) === i);
  return first.map(({ field, message }) => ({
    field,
    rule: 'config-order',
    message: `until nodes restart with their new configuration: ${message}`,
    remedy: 'change what needs a restart in a plan of its own, before this one',
  }));
}

/**
 * Rules on what brokers give to topics: the default replication factor, and Kafka's internal topics
 * (consumer offsets, transactions, share groups). One that wants more replicas than there are
 * brokers is never made, and then no consumer group or transaction works. Pure.
 */
import type { Violation } from '../../contracts/spec.ts';
import type { Effective } from './config-values.ts';

/** Factor and least in-sync replicas of each; topics without their own use the cluster's. */
const topics = [
  { factor: 'default.replication.factor', minIsr: 'min.insync.replicas' },
  { factor: 'offsets.topic.replication.factor', minIsr: 'min.insync.replicas' },
  {
    factor: 'transaction.state.log.replication.factor',
    minIsr: 'transaction.state.log.min.isr',
  },
  {
    factor: 'share.coordinator.state.topic.replication.factor',
    minIsr: 'share.coordinator.state.topic.min.isr',
  },
];

/** Violations of `config`, of which `values` is what holds; call it with at least one broker. */
export function checkInternalTopics(
  config: Readonly<Record<string, string>>,
  values: Effective,
  brokers: number,
): Violation[] {
  const found = topics.flatMap(({ factor, minIsr }): Violation[] => {
    const [replicas, least] = [Number(values.whole(factor)), Number(values.whole(minIsr))];
    if (!Object.hasOwn(config, factor) && !Object.hasOwn(config, minIsr)) return [];
    if (replicas < 1) return [broken(factor, 'rf', `${replicas} replicas`, 'use at least 1')];
    if (replicas > brokers) {
      const message = `${replicas} replicas need ${replicas} brokers, there are ${brokers}`;
      return [broken(factor, 'rf-brokers', message, `use at most ${brokers}, or add brokers`)];
    }
    if (least <= 1 || least < replicas) return [];
    const field = Object.hasOwn(config, minIsr) ? minIsr : factor;
    const message = `${minIsr} ${least} with ${factor} ${replicas} allows no broker to stop`;
    const remedy = `use ${minIsr} of at most ${Math.max(1, replicas - 1)}`;
    return [broken(field, 'min-isr', message, remedy)];
  });
  // One wrong value may harm several topics; it is told once.
  return found.filter((v, i) => found.findIndex((other) => other.field === v.field) === i);
}

const broken = (key: string, rule: string, message: string, remedy: string): Violation => ({
  field: `kafka.config["${key}"]`,
  rule,
  message,
  remedy,
});

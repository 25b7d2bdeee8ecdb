/**
 * The broker settings that Asgard gives every node before the spec's own: sizes that suit small
 * clusters. A spec may set any of them otherwise. Pure; rules and boot documents read the same.
 */

/** By number of brokers; internal topics get three replicas where there are three brokers. */
export function ownSettings(brokers: number): Record<string, string> {
  const factor = String(Math.min(3, brokers));
  const minIsr = String(Math.max(1, Math.min(3, brokers) - 1));
  return {
    'default.replication.factor': factor,
    'offsets.topic.replication.factor': factor,
    // Few partitions suit few brokers.
    'offsets.topic.num.partitions': '10',
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': minIsr,
    'transaction.state.log.num.partitions': '10',
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': minIsr,
    'share.coordinator.state.topic.num.partitions': '10',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    // The default of 128 MiB is taken twice while a change of configuration restarts the cleaner,
    // which kills a broker with a heap of 256 MiB (seen on 4.3.1).
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
  };
}

/** Generated specs for property tests: always valid, and small enough to run for real. */
import fc from 'fast-check';
import type { ClusterSpec } from '../../../contracts/spec.ts';

/** The extra pool begins with another rack than the main one, so that racks grow with brokers. */
const racks = {
  main: ['rack-a', 'rack-b', 'rack-c'],
  extra: ['rack-b', 'rack-c', 'rack-a'],
};

const topic = (brokers: number, index: number) =>
  fc.record({
    name: fc.constant(`topic-${index}`),
    partitions: fc.integer({ min: 1, max: 6 }),
    replicationFactor: fc.integer({ min: 1, max: Math.min(3, brokers) }),
    config: fc.dictionary(
      fc.constantFrom('retention.ms', 'segment.ms', 'max.message.bytes', 'flush.messages'),
      fc.integer({ min: 1_000_000, max: 9_000_000 }),
    ),
  });

const brokerConfig = fc.dictionary(
  fc.constantFrom('message.max.bytes', 'num.io.threads', 'log.retention.ms', 'num.network.threads'),
  fc.integer({ min: 4, max: 8 }),
);

/** A spec of a cluster with `main` controllers-and-brokers and up to two brokers more. */
export function specs(controllers: 1 | 3, name = 'generated'): fc.Arbitrary<ClusterSpec> {
  return fc.integer({ min: 0, max: 2 }).chain((extra) => {
    const brokers = controllers + extra;
    return fc.record({
      name: fc.constant(name),
      kafka: fc.record({ version: fc.constant('4.3.1'), config: brokerConfig }),
      nodes: fc.constant([
        pool('main', controllers, ['broker', 'controller']),
        ...(extra > 0 ? [pool('extra', extra, ['broker'])] : []),
      ]),
      topics: fc
        .integer({ min: 0, max: 3 })
        .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => topic(brokers, i)))),
      loadTest: fc.constant(false as const),
    });
  }) as fc.Arbitrary<ClusterSpec>;
}

function pool(name: 'main' | 'extra', count: number, roles: ('broker' | 'controller')[]) {
  return { pool: name, count, roles, racks: racks[name], instanceType: 'local.small', diskGiB: 1 };
}

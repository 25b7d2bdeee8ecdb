/** The largest specs that Asgard promises to plan; for tests and for bench/scale. */
import type { ClusterSpec } from '../../contracts/spec.ts';
import { oneNodeSpec } from './specs.ts';

const racks = ['rack-a', 'rack-b', 'rack-c'];
const pool = {
  pool: 'main',
  count: 3,
  roles: ['broker' as const, 'controller' as const],
  racks,
  instanceType: 'local.small',
  diskGiB: 1,
};

/** Three brokers and this many topics. */
export const topicsSpec = (name: string, topics: number, partitions: number): ClusterSpec => ({
  ...oneNodeSpec(name),
  nodes: [pool],
  topics: Array.from({ length: topics }, (_, i) => ({
    name: `topic-${String(i).padStart(4, '0')}`,
    partitions,
    replicationFactor: 1,
  })),
});

/** Three controllers, the rest brokers. */
export const nodesSpec = (name: string, nodes: number): ClusterSpec => ({
  ...oneNodeSpec(name),
  nodes: [pool, { ...pool, pool: 'brokers', count: nodes - 3, roles: ['broker' as const] }],
});

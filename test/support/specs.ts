/** Specs for tests: a good one to start from, and small helpers around it. */
import { readFileSync } from 'node:fs';
import type { ClusterSpec, NormalSpec } from '../../contracts/spec.ts';
import { checkSpec } from '../../domain/cluster/rules.ts';

const example = new URL('../../deploy/examples/cluster.json', import.meta.url);

/** A fresh copy of deploy/examples/cluster.json. */
export const exampleSpec = (): ClusterSpec =>
  JSON.parse(readFileSync(example, 'utf8')) as ClusterSpec;

/** The normalised form of a spec that must be good. */
export function normal(spec: ClusterSpec): NormalSpec {
  const checked = checkSpec(spec);
  if ('spec' in checked) return checked.spec;
  throw new Error(JSON.stringify(checked.violations));
}

/** The smallest cluster: one node in one rack, without a gate and without protection. */
export const oneNodeSpec = (name: string): ClusterSpec => ({
  name,
  kafka: { version: '4.3.1' },
  nodes: [
    {
      pool: 'main',
      count: 1,
      roles: ['broker', 'controller'],
      racks: ['rack-a'],
      instanceType: 'local.small',
      diskGiB: 1,
    },
  ],
  topics: [],
  loadTest: false,
  protection: false,
});

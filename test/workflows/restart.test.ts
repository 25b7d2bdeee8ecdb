/**
 * Taking back a restart: the node gets exactly what it booted with before, by digest; where nobody
 * knows that, the undo refuses before it touches the node, and the operation is held.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { simulate } from '../domain/cluster-support/simulate.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { ending, type Lab, openLab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

let serial = 0;
function changed(): { spec: ClusterSpec; observed: ObservedCluster } {
  const before = { ...exampleSpec(), name: `restart${serial++}` };
  const config = { ...before.kafka.config, 'log.retention.hours': 72 };
  const observed = simulate(nothingObserved, planCluster(normal(before), nothingObserved).steps);
  return { spec: { ...before, kafka: { ...before.kafka, config } }, observed };
}

async function failAfterTheFirst(change: (observed: ObservedCluster) => ObservedCluster) {
  return lab.withWorld(async (world) => {
    const { spec, observed } = changed();
    world.observed = change(observed);
    world.failing = 'awaitNode#1';
    const end = await ending(await lab.start('provisionCluster', { spec }));
    const powered = ['stopInstance', 'modifyInstance', 'restoreInstance', 'startInstance'];
    return { ...end, calls: world.calls.filter((call) => powered.includes(call)) };
  });
}

describe('a restart whose node does not come back', () => {
  it('is taken back by digest', async () => {
    const { outcome, calls } = await failAfterTheFirst((observed) => observed);
    expect(outcome).toBe('RolledBack');
    expect(calls).toEqual([
      ...['stopInstance', 'modifyInstance', 'startInstance'],
      ...['stopInstance', 'restoreInstance', 'startInstance'],
    ]);
  });

  it('is held, and left as it is, when nobody knows what it ran before', async () => {
    const { outcome, message, calls } = await failAfterTheFirst((observed) => ({
      ...observed,
      configs: {},
    }));
    expect(outcome).toBe('Held');
    expect(message).toContain('what main-0 booted with before is not known, so it keeps');
    expect(calls).toEqual(['stopInstance', 'modifyInstance', 'startInstance']);
  });
});

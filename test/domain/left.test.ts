/**
 * Goal: an operation that is held names what it has left. Method: plans of the example cluster in
 * the states in which a failure may leave their steps.
 */
import { describe, expect, it } from 'vitest';
import { nothingObserved } from '../../contracts/observed.ts';
import type { StepState, StepStatus } from '../../contracts/operation.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import { leftBy } from '../../domain/cluster/left.ts';
import { planCluster, planDestroy, shownPlan } from '../../domain/cluster/plan.ts';
import { normal, oneNodeSpec } from '../support/specs.ts';

const topics = [{ name: 'orders', partitions: 1, replicationFactor: 1 }];
const spec = normal({ ...oneNodeSpec('left'), topics });
const making = planCluster(spec, nothingObserved);
const taking = planDestroy('left', {
  ...nothingObserved,
  identity: true,
  nodes: [
    {
      ...{ slot: 'main-0', pool: 'main', nodeId: 0, rack: 'rack-a', registration: 'unknown' },
      roles: ['broker', 'controller'],
      volume: { id: 'v', diskGiB: 1 },
      networkInterface: { id: 'e', host: 'h', clientPort: 1, controllerPort: 2 },
    },
  ],
});

/** Steps in the state that `of` gives, by kind. */
const steps = (plan: ClusterPlan, of: (kind: string) => StepState): StepStatus[] =>
  plan.steps.map(({ id, action }) => ({ id, state: of(action.kind) }));

describe('what a held operation has left', () => {
  it('is all that it made, when nothing was undone', () => {
    const left = leftBy(
      shownPlan(making),
      steps(making, () => 'done'),
    );
    expect(left).toBe('left (secrets), main-0 (interface, volume, instance), orders (topic)');
  });

  it('is what may have been made by a step that failed, or could not be undone', () => {
    const states: Record<string, StepState> = {
      createVolume: 'undo-failed',
      createTopics: 'failed',
    };
    const left = leftBy(
      shownPlan(making),
      steps(making, (kind) => states[kind] ?? 'undone'),
    );
    expect(left).toBe('main-0 (volume), orders (topic)');
  });

  it('is nothing when all was undone or never begun', () => {
    for (const state of ['undone', 'skipped', 'pending'] as const) {
      expect(
        leftBy(
          shownPlan(making),
          steps(making, () => state),
        ),
      ).toBe('');
    }
    expect(leftBy(undefined, [])).toBe('');
  });

  it('is what a destroy has not got to', () => {
    const done = (kind: string) => (kind === 'deleteInterface' ? 'done' : 'skipped');
    expect(leftBy(shownPlan(taking), steps(taking, done))).toBe('main-0 (volume), left (secrets)');
    expect(
      leftBy(
        shownPlan(taking),
        steps(taking, () => 'done'),
      ),
    ).toBe('');
  });
});

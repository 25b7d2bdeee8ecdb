/**
 * What must be known before a plan is made: credentials of what is on disks, topics of a Kafka that
 * ought to answer. And that this never stands in the way of what was interrupted.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import { planCluster, planDestroy } from '../../domain/cluster/plan.ts';
import { checkTransition } from '../../domain/cluster/transition.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { specs } from './cluster-support/generate.ts';
import { simulate } from './cluster-support/simulate.ts';

const seen = { numRuns: 300, seed: 42 };
const plannedFrom = (spec: Parameters<typeof normal>[0], world: ObservedCluster) =>
  planCluster(normal(spec), world);
const rulesOf = (spec: Parameters<typeof normal>[0], world: ObservedCluster) =>
  checkTransition(normal(spec), world).map((v) => `${v.field}: ${v.rule}`);
/** The world after the first `cut` steps of a first plan. */
const cutAfter = (spec: Parameters<typeof normal>[0], cut: number): ObservedCluster =>
  simulate(nothingObserved, plannedFrom(spec, nothingObserved).steps.slice(0, cut));
const built = () => cutAfter(exampleSpec(), Number.POSITIVE_INFINITY);

describe('credentials that are gone', () => {
  it('are refused, never made anew, as soon as any disk or machine stands', () => {
    fc.assert(
      fc.property(specs(1), fc.nat(40), (spec, cut) => {
        const world = { ...cutAfter(spec, cut), identity: false, kafkaReachable: false };
        const stands = world.nodes.some((n) => n.volume || n.instance);
        expect(rulesOf(spec, world).includes('name: credentials-lost')).toBe(stands);
      }),
      seen,
    );
  });

  it('are told with what stands and what to do', () => {
    const [violation] = checkTransition(normal(exampleSpec()), {
      ...built(),
      identity: false,
      kafkaReachable: false,
    });
    expect(violation?.message).toMatch(/^the cluster id and .*: main-0, main-1, main-2; new /);
    expect(violation?.remedy).toMatch(/^put secrets\/\w+\.json back .*, or destroy it$/);
  });

  it('are not needed to destroy what stands', () => {
    const world = { ...built(), identity: false, kafkaReachable: false };
    const left = simulate(world, planDestroy('example', world).steps);
    expect(left).toMatchObject({ identity: false, nodes: [] });
  });
});

describe('an interrupted operation', () => {
  it('of making or destroying is never taken for a loss', () => {
    fc.assert(
      fc.property(specs(1), fc.nat(40), fc.nat(40), (spec, cut, back) => {
        const half = cutAfter(spec, cut);
        const steps = planDestroy(spec.name, half).steps.slice(0, back);
        const left = { ...simulate(half, steps), kafkaReachable: false, topics: [] };
        for (const world of [half, left]) {
          expect(rulesOf(spec, world)).not.toContain('name: credentials-lost');
        }
      }),
      seen,
    );
  });

  it('waits for a Kafka that has all its machines, and goes on when it answers', () => {
    fc.assert(
      fc.property(specs(1), fc.nat(40), (spec, cut) => {
        const half = cutAfter(spec, cut);
        const all = half.nodes.length > 0 && plannedFrom(spec, half).steps.every(isKafkas);
        const silent = !half.kafkaReachable && all && normal(spec).topics.length > 0;
        expect(rulesOf(spec, half)).toEqual(silent ? ['topics: topic-unknown'] : []);
        const answered = silent ? { ...half, kafkaReachable: true } : half;
        expect(rulesOf(spec, answered)).toEqual([]);
        const whole = simulate(answered, plannedFrom(spec, answered).steps);
        expect(plannedFrom(spec, whole).steps).toEqual([]);
      }),
      seen,
    );
  });
});

/** A step that needs no machine to be made or started. */
const isKafkas = ({ action: { kind } }: { action: { kind: string } }): boolean =>
  !/^(create(Identity|Interface|Volume)|launch|start)/.test(kind);

describe('a Kafka that does not answer', () => {
  const silent = (): ObservedCluster => {
    const world = { ...built(), kafkaReachable: false, topics: [], dynamicConfig: {} };
    for (const node of world.nodes) node.registration = 'unknown';
    return world;
  };

  it('though all its machines run, leaves topics unknown: none is made, changed or deleted', () => {
    const changes = [
      exampleSpec(),
      { ...exampleSpec(), topics: [{ name: 'another', partitions: 1, replicationFactor: 3 }] },
      { ...exampleSpec(), topics: [{ name: 'orders', state: 'absent' as const }] },
    ];
    for (const spec of changes) expect(rulesOf(spec, silent())).toEqual(['topics: topic-unknown']);
  });

  it('is no obstacle to a plan that names no topic, such as one that mends its nodes', () => {
    const spec = { ...exampleSpec(), topics: [], loadTest: false as const };
    expect(rulesOf(spec, silent())).toEqual([]);
  });

  it.each(['stopped', 'stopping', 'pending', undefined] as const)(
    'is brought up first where one of its machines is %s',
    (state) => {
      const world = silent();
      const node = world.nodes[1];
      if (!node?.instance) throw new Error('no node');
      if (state) node.instance.state = state;
      else delete node.instance;
      expect(rulesOf(exampleSpec(), world)).toEqual([]);
      const ids = plannedFrom(exampleSpec(), world).steps.map((s) => s.id);
      expect(ids).toContain('awaitNode/main-1');
    },
  );
});

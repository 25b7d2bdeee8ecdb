/** Plans: pure, exact, convergent, and the same for the same input. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import { planCluster, planDestroy, planDigest } from '../../domain/cluster/plan.ts';
import { renderPlan } from '../../domain/cluster/render.ts';
import { checkTransition } from '../../domain/cluster/transition.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { specs } from './cluster-support/generate.ts';
import { simulate } from './cluster-support/simulate.ts';

const built = (): ObservedCluster =>
  simulate(nothingObserved, planCluster(normal(exampleSpec()), nothingObserved).steps);

describe('the plan of a new cluster', () => {
  it('reads like this', () => {
    const text = renderPlan(planCluster(normal(exampleSpec()), nothingObserved));
    expect(text).toMatchSnapshot();
  });

  it('is followed by an empty one', () => {
    const plan = planCluster(normal(exampleSpec()), built());
    expect(plan.steps).toEqual([]);
    expect(renderPlan(plan)).toBe('No changes. The cluster matches the spec.\n');
  });
});

describe('a plan', () => {
  const seen = { numRuns: 300, seed: 42 };

  it('leads from any generated spec to any other, and then there is nothing left to do', () => {
    fc.assert(
      fc.property(specs(3), specs(3), (first, second) => {
        const one = simulate(nothingObserved, planCluster(normal(first), nothingObserved).steps);
        if (checkTransition(normal(second), one).length > 0) return;
        const plan = planCluster(normal(second), one);
        const two = simulate(one, plan.steps);
        expect(planCluster(normal(second), two).steps).toEqual([]);
      }),
      seen,
    );
  });

  it('converges from every point at which the one before was interrupted', () => {
    fc.assert(
      fc.property(specs(1), fc.nat(40), (spec, cut) => {
        const plan = planCluster(normal(spec), nothingObserved);
        const half = simulate(nothingObserved, plan.steps.slice(0, cut));
        const rest = planCluster(normal(spec), half);
        expect(planCluster(normal(spec), simulate(half, rest.steps)).steps).toEqual([]);
      }),
      seen,
    );
  });

  it('is the same for the same spec and snapshot, in whatever order the snapshot is told', () => {
    fc.assert(
      fc.property(specs(3), specs(3), (first, second) => {
        const one = simulate(nothingObserved, planCluster(normal(first), nothingObserved).steps);
        const turned = {
          ...one,
          nodes: [...one.nodes].reverse(),
          topics: [...one.topics].reverse(),
        };
        if (checkTransition(normal(second), one).length > 0) return;
        const digest = planCluster(normal(second), one).digest;
        expect(planCluster(normal(second), structuredClone(one)).digest).toBe(digest);
        expect(planCluster(normal({ ...second }), { ...turned, nodes: one.nodes }).digest).toBe(
          digest,
        );
      }),
      seen,
    );
  });

  it('says of every step what it calls, how long it takes and how it is undone', () => {
    fc.assert(
      fc.property(specs(3), (spec) => {
        const { steps } = planCluster(normal(spec), nothingObserved);
        expect(new Set(steps.map((s) => s.id)).size).toBe(steps.length);
        for (const step of steps) {
          expect(step.undo).not.toBe('');
          expect(step.durationS).toBeGreaterThan(0);
          expect(step.calls.length > 0 || step.symbol === '<=').toBe(true);
        }
      }),
      seen,
    );
  });

  it('has another digest as soon as one step is another', () => {
    const plan = planCluster(normal(exampleSpec()), nothingObserved);
    const digests = plan.steps.map((step, i) => {
      const steps = plan.steps.map((s, j) => (i === j ? { ...step, stage: step.stage + 1 } : s));
      return planDigest({ ...plan, steps });
    });
    expect(new Set([plan.digest, ...digests]).size).toBe(plan.steps.length + 1);
  });

  it('of destruction leaves nothing, from whatever state', () => {
    fc.assert(
      fc.property(specs(3), fc.nat(40), (spec, cut) => {
        const { steps } = planCluster(normal(spec), nothingObserved);
        const half = simulate(nothingObserved, steps.slice(0, cut));
        const left = simulate(half, planDestroy(spec.name, half).steps);
        expect(left).toMatchObject({ identity: false, nodes: [] });
      }),
      seen,
    );
  });
});

describe('a change of a built cluster', () => {
  it('restarts one node at a time for a key that is read-only, voters last', () => {
    const spec = exampleSpec();
    spec.kafka.config = { ...spec.kafka.config, 'message.max.bytes': 9000, 'num.partitions': 3 };
    const plan = planCluster(normal(spec), built());
    expect(plan.steps.map((s) => s.id)).toEqual([
      'alterClusterConfig/cluster',
      'restartNode/main-0',
      'awaitNode/main-0',
      'restartNode/main-1',
      'awaitNode/main-1',
      'restartNode/main-2',
      'awaitNode/main-2',
    ]);
    expect(plan.steps.flatMap((s) => s.restarts)).toEqual(['main-0', 'main-1', 'main-2']);
    expect(new Set(plan.steps.map((s) => s.stage)).size).toBe(7);
  });

  it('resets a key that is no longer asked for', () => {
    const world = built();
    world.dynamicConfig['message.max.bytes'] = '5';
    const [step] = planCluster(normal(exampleSpec()), world).steps;
    expect(step?.action).toMatchObject({
      kind: 'alterClusterConfig',
      set: { 'message.max.bytes': null },
      before: { 'message.max.bytes': '5' },
    });
  });

  it('leaves a topic alone that the spec does not name, and deletes one that it calls absent', () => {
    const world = built();
    world.topics.push({ name: 'theirs', partitions: 1, replicationFactor: 3, config: {} });
    expect(planCluster(normal(exampleSpec()), world).steps).toEqual([]);
    const spec = exampleSpec();
    spec.topics?.push({ name: 'theirs', state: 'absent' });
    const plan = planCluster(normal(spec), world);
    expect(plan.steps.map((s) => [s.id, s.undo])).toEqual([['deleteTopics/theirs', 'impossible']]);
  });

  it('warns of topics without a leader, the first few, and plans on them as they are', () => {
    const world = built();
    for (const topic of world.topics) topic.leaderless = 1;
    const plan = planCluster(normal(exampleSpec()), world);
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toContain(
      'Topics with partitions that no broker leads now: orders, customers.',
    );
  });

  it('starts a stopped node and waits for it', () => {
    const world = built();
    const node = world.nodes[1];
    if (node?.instance) node.instance.state = 'stopped';
    expect(planCluster(normal(exampleSpec()), world).steps.map((s) => s.id)).toEqual([
      'startInstance/main-1',
      'awaitNode/main-1',
    ]);
  });
});

describe('a transition', () => {
  // biome-ignore lint/suspicious/noExplicitAny: specs are bent freely here.
  type Bend = (spec: any, world: any) => void;
  const cases: [string, Bend, { field: string; rule: string; message: string }][] = [
    [
      'fewer partitions',
      (s) => {
        s.topics[0].partitions = 3;
      },
      {
        field: 'topics[0].partitions',
        rule: 'partition-shrink',
        message: '`orders` has 6 partitions; Kafka cannot remove any',
      },
    ],
    [
      'another replication factor',
      (_, w) => {
        w.topics[0].replicationFactor = 2;
      },
      {
        field: 'topics[0].replicationFactor',
        rule: 'rf-change',
        message: '`orders` has 2 replicas',
      },
    ],
    [
      'a topic that Kafka does not describe',
      (_, w) => {
        w.topics[0] = { ...w.topics[0], partitions: 0, unknown: 'LEADER_NOT_AVAILABLE' };
      },
      {
        field: 'topics[0]',
        rule: 'topic-unknown',
        message: 'Kafka does not tell how `orders` is: LEADER_NOT_AVAILABLE',
      },
    ],
    [
      'a smaller disk',
      (s) => {
        s.nodes[0].diskGiB = 5;
      },
      {
        field: 'nodes[0].diskGiB',
        rule: 'disk-shrink',
        message: 'main-0 has 10 GiB; a disk cannot shrink',
      },
    ],
    [
      'racks in another order',
      (s) => {
        s.nodes[0].racks = ['rack-b', 'rack-a', 'rack-c'];
      },
      {
        field: 'nodes[0].racks',
        rule: 'rack-change',
        message: 'main-0 is in rack-a; its disk cannot move to rack-b',
      },
    ],
    [
      'two controllers more',
      (s) => {
        s.nodes[0].count = 5;
      },
      {
        field: 'nodes[0].count',
        rule: 'controller-change',
        message: 'main-3 would join the quorum of a running cluster',
      },
    ],
    [
      'a controller less',
      (s) => {
        s.nodes[0].count = 1;
        s.topics = [];
        s.kafka.config = {};
        s.loadTest = false;
      },
      {
        field: 'nodes',
        rule: 'controller-change',
        message: 'main-1 is a voter of the quorum and cannot be removed',
      },
    ],
    [
      'a broker gone that hosts replicas',
      (_, w) => {
        const extra = { slot: 'extra-0', pool: 'extra', nodeId: 9, rack: 'rack-a' };
        const instance = { id: 'i', state: 'running', instanceType: 't', configDigest: '' };
        w.nodes.push({
          ...extra,
          roles: ['broker'],
          registration: 'registered',
          replicas: 7,
          instance,
        });
      },
      {
        field: 'nodes',
        rule: 'scale-in-replicas',
        message: 'extra-0 (node 9) hosts 7 replicas',
      },
    ],
    [
      'other roles',
      (s) => {
        s.nodes[0].roles = ['controller'];
        s.nodes.push({ ...s.nodes[0], pool: 'new', roles: ['broker'] });
      },
      {
        field: 'nodes[0].roles',
        rule: 'roles-change',
        message: 'main-0 is broker+controller; roles cannot change in place',
      },
    ],
  ];

  it.each(cases)('to %s is refused', (_, bend, expected) => {
    const spec = exampleSpec();
    const world = built();
    bend(spec, world);
    const [violation] = checkTransition(normal(spec), world);
    expect(violation).toMatchObject(expected);
    expect(violation?.remedy).not.toBe('');
  });
});

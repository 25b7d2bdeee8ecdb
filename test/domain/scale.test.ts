/** The limits that are stated: what must plan does, what is too large is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import { checkPlanSize, planCluster, planDestroy, shownPlan } from '../../domain/cluster/plan.ts';
import { checkSpec } from '../../domain/cluster/rules.ts';
import { thingsIn } from '../../domain/cluster/step.ts';
import {
  batchName,
  type TopicChange,
  topicBatches,
  topicsIn,
} from '../../domain/cluster/topic-batches.ts';
import { slicesOf } from '../../domain/lib/slices.ts';
import { nodesSpec, topicsSpec } from '../support/big-specs.ts';
import { normal } from '../support/specs.ts';
import { simulate } from './cluster-support/simulate.ts';

const kilobytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value)) / 1000;
const payloadMax = 500;
const planOf = (spec: Parameters<typeof normal>[0], observed: ObservedCluster = nothingObserved) =>
  planCluster(normal(spec), observed);
const longest = (plan: ClusterPlan, of: 'summary' | 'id') =>
  Math.max(...plan.steps.map((s) => s[of].length));

describe('5,000 topics of 10 partitions', () => {
  const spec = topicsSpec('big', 5_000, 10);
  const plan = planOf(spec);
  const batches = plan.steps.filter((s) => s.action.kind === 'createTopics');

  it('are planned in batches that Kafka takes as one request, every topic once', () => {
    const sizes = batches.map((s) => thingsIn(s.action));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(250);
    const names = batches.flatMap((s) => ('groups' in s.action ? topicsIn(s.action) : []));
    expect(names).toEqual(spec.topics?.map((t) => t.name));
    expect(plan.counts.add).toBe(5_000 + 1 + 3 * 3);
  });

  it('fit into payloads: the spec, the plan, and every step as it is shown and run', () => {
    expect(kilobytes(spec)).toBeLessThan(400);
    expect(checkPlanSize(plan)).toEqual([]);
    expect(kilobytes(plan)).toBeLessThan(payloadMax);
    expect(Math.max(...batches.map((s) => kilobytes(s)))).toBeLessThan(100);
    expect(longest(plan, 'summary')).toBeLessThan(700);
    expect(longest(plan, 'id')).toBeLessThan(300);
  });

  it('are followed by an empty plan, and by one batch for one that is changed', () => {
    const built = simulate(nothingObserved, plan.steps);
    expect(planOf(spec, built).steps).toEqual([]);
    const other = structuredClone(spec);
    for (const topic of other.topics?.slice(77, 78) ?? []) {
      topic.config = { 'retention.ms': 1_000_000 };
    }
    expect(planOf(other, built).steps.map((s) => s.summary)).toEqual([
      'configure topic topic-0077 (retention.ms=1000000)',
    ]);
  });
});

describe('250 nodes', () => {
  const plan = planOf(nodesSpec('wide', 250));
  const built = simulate(nothingObserved, plan.steps);

  it('fit into payloads when they are made, restarted and destroyed', () => {
    const changed = nodesSpec('wide', 250);
    changed.kafka.config = { 'background.threads': 4 };
    const destroyed = planDestroy('wide', built);
    expect(planDestroy('wide', built).steps.length).toBe(750 + 1);
    for (const p of [plan, planOf(changed, built), destroyed]) {
      expect(kilobytes(p)).toBeLessThan(payloadMax);
      expect(checkPlanSize(p)).toEqual([]);
      const steps = p.steps.map(({ id }) => ({
        id,
        state: 'done',
        startedAt: '2026-11-24T10:00:00.000Z',
        endedAt: '2026-11-24T10:00:00.000Z',
      }));
      expect(kilobytes({ plan: shownPlan(p), steps })).toBeLessThan(payloadMax - 50);
    }
    expect(kilobytes(built)).toBeLessThan(payloadMax);
  });

  it('are the most that a spec may ask for', () => {
    const [violation] = checkSpec(nodesSpec('wide', 251)).violations;
    expect(violation).toMatchObject({ rule: 'node-limit' });
  });
});

describe('a plan that cannot be carried', () => {
  it('is refused with what to do about it', () => {
    const spec = topicsSpec('big', 5_000, 1);
    const built = simulate(nothingObserved, planOf(spec).steps);
    built.reassigning = false;
    built.topics.forEach((topic, i) => {
      topic.config = { 'follower.replication.throttled.replicas': `${i}:${i},`.repeat(20) };
    });
    const [violation] = checkPlanSize(planOf(spec, built));
    expect(violation).toMatchObject({ field: 'topics', rule: 'plan-size' });
    expect(violation?.remedy).toContain('fewer topics at a time');
  });
});

describe('batches', () => {
  const change = fc.record({
    kind: fc.constant('createTopics' as const),
    topic: fc.uuid(),
    partitions: fc.integer({ min: 1, max: 4_000 }),
    replicationFactor: fc.integer({ min: 1, max: 3 }),
    config: fc.dictionary(fc.constantFrom('a', 'b'), fc.string({ maxLength: 500 })),
  });

  it('hold every change once, in order within equal ones, and stay within their bounds', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 600 }), (changes) => {
        const actions = topicBatches(changes);
        const seen = actions.flatMap((a) =>
          a.kind === 'createTopics'
            ? a.groups.flatMap(({ topics, ...shape }) =>
                topics.map((topic) => ({ topic, ...shape })),
              )
            : [],
        );
        const byName = (x: { topic: string }, y: { topic: string }) => (x.topic < y.topic ? -1 : 1);
        const wanted = changes.map(({ kind: _, ...rest }) => rest);
        expect([...seen].sort(byName)).toEqual([...wanted].sort(byName));
        for (const action of actions) {
          if (action.kind !== 'createTopics') throw new Error(action.kind);
          const records = action.groups.reduce(
            (sum, g) => sum + g.topics.length * (1 + g.partitions + Object.keys(g.config).length),
            0,
          );
          expect(thingsIn(action) === 1 || records <= 2_500).toBe(true);
          expect(thingsIn(action)).toBeLessThanOrEqual(250);
        }
      }),
      { numRuns: 50, seed: 7 },
    );
  });

  it('tell equal changes once for all their topics', () => {
    const topic = (name: string, total: number): TopicChange => ({
      kind: 'addPartitions',
      topic: name,
      partitions: total,
      before: { partitions: 1 },
    });
    expect(topicBatches([topic('a', 2), topic('b', 3), topic('c', 2)])).toEqual([
      {
        kind: 'addPartitions',
        groups: [
          { topics: ['a', 'c'], partitions: 2, before: { partitions: 1 } },
          { topics: ['b'], partitions: 3, before: { partitions: 1 } },
        ],
      },
    ]);
  });

  it('have names that are short and differ with their topics', () => {
    expect(batchName(['orders'])).toBe('orders');
    const many = Array.from({ length: 250 }, (_, i) => `t-${i}`);
    expect(batchName(many)).toMatch(/^t-0\+249@[0-9a-f]{8}$/);
    expect(batchName([...many.slice(0, 249), 'other'])).not.toBe(batchName(many));
  });
});

describe('slices', () => {
  it('keep order, stay within every limit, and let what is too large stand alone', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), (items) => {
        const limits = [
          { of: (n: number) => n, most: 20 },
          { of: () => 1, most: 4 },
        ];
        const slices = slicesOf(items, limits);
        expect(slices.flat()).toEqual(items);
        for (const slice of slices) {
          expect(slice.length).toBeGreaterThan(0);
          expect(slice.length).toBeLessThanOrEqual(4);
          const sum = slice.reduce((total, n) => total + n, 0);
          expect(sum <= 20 || slice.length === 1).toBe(true);
        }
      }),
    );
  });
});

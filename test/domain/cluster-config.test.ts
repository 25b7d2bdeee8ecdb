/**
 * Kafka's configuration in specs and plans: values compared as Kafka's, thread counts by restarts,
 * what others own left alone, and hostile keys that must not mean anything.
 */
import { describe, expect, it } from 'vitest';
import { nothingObserved, type ObservedCluster } from '../../contracts/observed.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { checkSpec } from '../../domain/cluster/rules.ts';
import { checkTransition } from '../../domain/cluster/transition.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { simulate } from './cluster-support/simulate.ts';

type Config = Record<string, string | number | boolean>;

function withConfig(config: Config, topic: Config = {}): ClusterSpec {
  const spec = exampleSpec();
  spec.kafka.config = config;
  spec.topics = [{ name: 'orders', partitions: 6, replicationFactor: 3, config: topic }];
  return spec;
}

const built = (spec: ClusterSpec): ObservedCluster =>
  simulate(nothingObserved, planCluster(normal(spec), nothingObserved).steps);

const firstTopic = (world: ObservedCluster) => {
  const [topic] = world.topics;
  if (!topic) throw new Error('the world has no topic');
  return topic;
};

describe('a value in another spelling', () => {
  /** As written, and as Kafka's brokers print it. */
  const topic: [string, string | number | boolean, string][] = [
    ['cleanup.policy', 'delete, compact', 'delete,compact'],
    ['min.cleanable.dirty.ratio', 0, '0.0'],
    ['min.cleanable.dirty.ratio', '0.10', '0.1'],
    ['min.cleanable.dirty.ratio', '5E-02', '0.05'],
    ['min.cleanable.dirty.ratio', 1, '1.0'],
    ['min.cleanable.dirty.ratio', '0.00010', '1.0E-4'],
    ['preallocate', ' True', 'true'],
    ['retention.ms', '+86400000', '86400000'],
    ['segment.ms', ' 0100', '100'],
    ['compression.type', 'zstd ', 'zstd'],
  ];

  it.each(topic)('of the topic key %s, %j, is what Kafka shows as %s', (key, written, shown) => {
    const spec = withConfig({}, { [key]: written });
    const world = built(spec);
    firstTopic(world).config[key] = shown;
    expect(planCluster(normal(spec), world).steps).toEqual([]);
    expect(normal(spec).topics[0]?.config[key]).toBe(shown);
  });

  it('of a broker key changes neither run-time configuration nor restarts a node', () => {
    const world = built(
      withConfig({ 'log.cleanup.policy': 'delete,compact', 'num.partitions': 3 }),
    );
    world.dynamicConfig['log.cleanup.policy'] = 'delete , compact';
    const again = withConfig({ 'log.cleanup.policy': 'delete, compact', 'num.partitions': ' 03' });
    expect(planCluster(normal(again), world).steps).toEqual([]);
  });

  it('that means something else is a change', () => {
    const world = built(withConfig({}, { 'cleanup.policy': 'delete' }));
    const plan = planCluster(normal(withConfig({}, { 'cleanup.policy': 'compact' })), world);
    expect(plan.steps.map((s) => s.id)).toEqual(['alterTopicConfigs/orders']);
  });
});

describe('a thread count', () => {
  const keys = ['num.network.threads', 'num.io.threads', 'background.threads'];

  it.each(keys)('%s is what a new node boots with, not a change after it', (key) => {
    const { steps } = planCluster(normal(withConfig({ [key]: 90 })), nothingObserved);
    expect(steps.some((s) => s.action.kind === 'alterClusterConfig')).toBe(false);
    const launch = steps.find((s) => s.action.kind === 'launchInstance');
    expect(launch?.action).toMatchObject({ staticConfig: { [key]: '90' } });
  });

  it('changes by a rolling restart, and the plan says why', () => {
    const world = built(withConfig({ 'num.io.threads': 8 }));
    const plan = planCluster(normal(withConfig({ 'num.io.threads': 40 })), world);
    expect(plan.steps.flatMap((s) => s.restarts)).toEqual(['main-0', 'main-1', 'main-2']);
    expect(plan.warnings).toContain(
      'num.io.threads: changed by a rolling restart, since ' +
        'at run time Kafka lets a thread count only double or halve.',
    );
  });

  it('that was set at run time goes in the steps that Kafka takes', () => {
    const world = built(withConfig({ 'num.io.threads': 16 }));
    world.dynamicConfig['num.io.threads'] = '16';
    expect(checkTransition(normal(withConfig({ 'num.io.threads': 33 })), world)).toEqual([
      {
        field: 'kafka.config["num.io.threads"]',
        rule: 'thread-step',
        message: 'is 16 at run time; Kafka takes 8 to 32 from there, not 33',
        remedy: 'apply 32 first, then go on from there',
      },
    ]);
    const allowed = normal(withConfig({ 'num.io.threads': 32 }));
    expect(checkTransition(allowed, world)).toEqual([]);
    expect(planCluster(allowed, world).steps[0]?.action).toMatchObject({
      kind: 'alterClusterConfig',
      set: { 'num.io.threads': '32' },
    });
  });

  it('that others set at run time is left alone, and told', () => {
    const world = built(withConfig({}));
    world.dynamicConfig['num.io.threads'] = '16';
    const plan = planCluster(normal(withConfig({})), world);
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toContain(
      'Set cluster-wide by others, and left as it is: num.io.threads.',
    );
  });
});

describe('configuration that only fits after the restarts of its own plan', () => {
  const buffer = 'log.cleaner.dedupe.buffer.size';

  it('is refused, and accepted once nodes have restarted', () => {
    const world = built(withConfig({ 'log.cleaner.threads': 8, [buffer]: 64 * 2 ** 20 }));
    const wanted = normal(withConfig({ 'log.cleaner.threads': 1, [buffer]: 4 * 2 ** 20 }));
    expect(checkTransition(wanted, world)).toMatchObject([
      { field: `kafka.config["${buffer}"]`, rule: 'config-order' },
    ]);
    const first = normal(withConfig({ 'log.cleaner.threads': 1, [buffer]: 64 * 2 ** 20 }));
    expect(checkTransition(first, world)).toEqual([]);
    const restarted = simulate(world, planCluster(first, world).steps);
    expect(checkTransition(wanted, restarted)).toEqual([]);
  });

  it('is no matter for topics that are as they were', () => {
    const world = built(withConfig({}, { 'min.compaction.lag.ms': 5 }));
    const spec = withConfig({ 'log.retention.hours': 5 }, { 'min.compaction.lag.ms': 5 });
    expect(checkTransition(normal(spec), world)).toEqual([]);
  });
});

describe('what a running reassignment set', () => {
  const throttled = () => {
    const world = built(withConfig({}));
    firstTopic(world).config = {
      'leader.replication.throttled.replicas': '0:0,1:1',
      'follower.replication.throttled.replicas': '0:2',
    };
    world.dynamicConfig['leader.replication.throttled.rate'] = '1000000';
    return world;
  };

  it.each([true, undefined])('is left alone and told, when reassigning is %s', (reassigning) => {
    const world = throttled();
    if (reassigning !== undefined) world.reassigning = reassigning;
    const plan = planCluster(normal(withConfig({})), world);
    expect(plan.steps).toEqual([]);
    expect(plan.warnings).toEqual([
      'Set cluster-wide by others, and left as it is: leader.replication.throttled.rate.',
      'Throttled by a reassignment, and left so: orders.',
    ]);
  });

  it('is taken away when it is certain that none runs', () => {
    const plan = planCluster(normal(withConfig({})), { ...throttled(), reassigning: false });
    expect(plan.steps.map((s) => s.id)).toEqual(['alterTopicConfigs/orders']);
  });
});

describe('a topic', () => {
  it('that collides with an existing one in metric names is refused', () => {
    const world = built(exampleSpec());
    world.topics.push({ name: 'pay_ments', partitions: 1, replicationFactor: 3, config: {} });
    const spec = withConfig({});
    spec.topics?.push({ name: 'pay.ments', partitions: 1, replicationFactor: 3 });
    expect(checkTransition(normal(spec), world)).toMatchObject([
      { field: 'topics[1].name', rule: 'topic-exists' },
    ]);
    spec.topics?.splice(1, 1, { name: 'pay_ments', partitions: 1, replicationFactor: 3 });
    expect(checkTransition(normal(spec), world)).toEqual([]);
  });
});

describe('a hostile key', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a\nb', 'x'.repeat(500)];
  const holding = (name: string) => JSON.parse(`{${JSON.stringify(name)}: "1"}`) as Config;
  /** The spec with one more field somewhere. */
  const places: [string, (spec: ClusterSpec, more: object) => unknown][] = [
    ['the spec', (spec, more) => ({ ...spec, ...more })],
    ['kafka', (spec, more) => ({ ...spec, kafka: { ...spec.kafka, ...more } })],
    ['kafka.config', (spec, more) => ({ ...spec, kafka: { ...spec.kafka, config: more } })],
    ['a pool', (spec, more) => ({ ...spec, nodes: spec.nodes.map((n) => ({ ...n, ...more })) })],
    ['a topic', (spec, more) => ({ ...spec, topics: [{ ...spec.topics?.[0], ...more }] })],
    [
      'the configuration of a topic',
      (spec, more) => ({ ...spec, topics: [{ ...spec.topics?.[0], config: more }] }),
    ],
    ['the load test', (spec, more) => ({ ...spec, loadTest: more })],
  ];

  it.each(places)('in %s is unknown, whatever it is', (_, put) => {
    for (const name of names) {
      const { violations } = checkSpec(put(exampleSpec(), holding(name)));
      expect(violations.map((v) => v.rule)).toContainEqual(expect.stringMatching(/unknown/));
      for (const v of violations)
        expect(`${v.field}${v.message}${v.remedy}`.length).toBeLessThan(500);
    }
  });

  it('means nothing as a type or a provider either', () => {
    const spec = exampleSpec();
    spec.provider = 'constructor';
    for (const pool of spec.nodes) pool.instanceType = 'toString';
    const { violations } = checkSpec(spec);
    expect(violations.map((v) => v.rule)).toContain('provider');
    spec.provider = 'local';
    expect(checkSpec(spec).violations.map((v) => v.rule)).toEqual(['instance-type']);
  });
});

describe('a message', () => {
  it('shows what cannot be seen, and never more than a line of it', () => {
    const spec = exampleSpec();
    spec.name = '\ufefforders\u202e';
    spec.kafka.config = { 'num.io.threads': '5\u00a0', 'num.partitions': 'x'.repeat(500) };
    expect(checkSpec(spec).violations.map((v) => v.message)).toEqual([
      '`\\u{feff}orders\\u{202e}` is not a cluster name',
      '`5\\u{a0}` is not a whole number',
      `\`${'x'.repeat(80)}…\` is not a whole number`,
    ]);
  });
});

describe('racks', () => {
  it.each([
    ['1', '2', '3'],
    ['AZ1', 'AZ2', 'AZ3'],
    ['eu west/a', 'Zürich', '東京'],
  ])('may be %s, %s and %s', (...racks) => {
    const spec = exampleSpec();
    for (const pool of spec.nodes) pool.racks = racks;
    expect(checkSpec(spec).violations).toEqual([]);
  });
});

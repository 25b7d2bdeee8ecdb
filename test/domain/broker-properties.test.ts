/**
 * What nodes boot with, as a template: its digest moves with every setting and with nothing else,
 * it holds no secret, and a plan says which keys a restart changes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NodeConfig, nothingObserved } from '../../contracts/observed.ts';
import type { ActionOf, PlanStep } from '../../contracts/plan.ts';
import {
  changesBetween,
  fillProperties,
  nodeConfigDigest,
  nodeConfigOf,
  type Values,
} from '../../domain/cluster/broker-properties.ts';
import { ownSettings } from '../../domain/cluster/own-settings.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { digestOf } from '../../domain/lib/digest.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { simulate } from './cluster-support/simulate.ts';

const roles: ('broker' | 'controller')[] = ['broker', 'controller'];
const config = nodeConfigOf(roles, '4.3.1', { 'log.dir.x': 'spec' });
const values = (brokers: number): Values => ({
  nodeId: '7',
  rack: 'rack-a',
  brokers,
  clientAddress: 'h:1',
  controllerAddress: 'h:2',
  controllers: 'h:2,i:2',
  brokerPassword: 'secret-b',
  controllerPassword: 'secret-c',
});

describe('the properties of a node', () => {
  it.each([1, 2, 3, 4, 9])('have the sizes that suit %i brokers', (brokers) => {
    expect(fillProperties(config, values(brokers))).toMatchObject(ownSettings(brokers));
  });

  it('have every placeholder filled, and no secret before', () => {
    const text = JSON.stringify(fillProperties(config, values(3)));
    expect(text).not.toContain('{asgard:');
    expect(text).toContain('secret-b');
    expect(JSON.stringify(config)).not.toMatch(/secret-|h:1/);
  });

  it('take the values of a spec as they are, also such that look like a placeholder', () => {
    const own = { a: `$\{asgard:brokerPassword}`, b: `$\{file:/x:y}` };
    expect(fillProperties(nodeConfigOf(roles, '4.3.1', own), values(3))).toMatchObject(own);
  });

  it('refuse a placeholder that this release does not know', () => {
    const later: NodeConfig = { ...config, fixed: { x: `$\{asgard:truststore}` } };
    expect(() => fillProperties(later, values(3))).toThrow(`no value for $\{asgard:truststore}`);
  });
});

describe('the digest of a node', () => {
  it('is the same for every node of the same roles, whatever its place', () => {
    const of = (nodeId: number) => nodeConfigDigest({ roles, ...{ nodeId } }, '4.3.1', {});
    expect(of(1)).toBe(of(2));
    expect(nodeConfigDigest({ roles: [...roles].reverse() }, '4.3.1', {})).toBe(of(1));
  });

  it('moves with every key of every layer, with the version, and with the roles', () => {
    const base = digestOf(config);
    for (const layer of ['defaults', 'staticConfig', 'fixed'] as const) {
      for (const key of Object.keys(config[layer])) {
        const other = { ...config, [layer]: { ...config[layer], [key]: 'another' } };
        expect(digestOf(other), key).not.toBe(base);
        expect(changesBetween(config, other).map((c) => c.key)).toEqual([key]);
      }
    }
    expect(digestOf(nodeConfigOf(roles, '4.4.0', config.staticConfig))).not.toBe(base);
    expect(digestOf(nodeConfigOf(['broker'], '4.3.1', config.staticConfig))).not.toBe(base);
  });

  it('and the changes told agree: none exactly when the digests are equal', () => {
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'));
    fc.assert(
      fc.property(map, map, (one, two) => {
        const [a, b] = [nodeConfigOf(roles, '4.3.1', one), nodeConfigOf(roles, '4.3.1', two)];
        expect(changesBetween(a, b).length === 0).toBe(digestOf(a) === digestOf(b));
        expect(changesBetween(b, a).map((c) => [c.key, c.to, c.from])).toEqual(
          changesBetween(a, b).map((c) => [c.key, c.from, c.to]),
        );
      }),
    );
  });
});

/** A cluster that a release with another setting of its own has made. */
function madeByAnotherRelease(change: (config: NodeConfig) => NodeConfig) {
  const spec = normal(exampleSpec());
  const observed = simulate(nothingObserved, planCluster(spec, nothingObserved).steps);
  const configs: Record<string, NodeConfig> = {};
  for (const node of observed.nodes) {
    const now = observed.configs?.[node.instance?.configDigest ?? ''];
    if (!now) throw new Error('a launched node has a known configuration');
    const before = change(now);
    configs[digestOf(before)] = before;
    if (node.instance) node.instance.configDigest = digestOf(before);
  }
  return { spec, observed: { ...observed, configs } };
}
const restarts = (plan: ReturnType<typeof planCluster>) =>
  plan.steps.filter((s) => s.action.kind === 'restartNode');

function firstOf([step]: PlanStep[]): ActionOf<'restartNode'> {
  if (step?.action.kind !== 'restartNode') throw new Error('nothing is restarted');
  return step.action;
}

describe('a plan after a release that changed a setting of its own', () => {
  const older = (config: NodeConfig): NodeConfig => ({
    ...config,
    kafkaVersion: '4.3.0',
    defaults: { ...config.defaults, 'log.cleaner.dedupe.buffer.size': '1', gone: 'x' },
  });

  it('restarts every node and says which keys change', () => {
    const { spec, observed } = madeByAnotherRelease(older);
    const steps = restarts(planCluster(spec, observed));
    expect(steps.map((s) => s.summary)).toEqual(
      [0, 1, 2].map(
        (i) =>
          `restart main-${i}: Kafka 4.3.0 → 4.3.1, gone x → default,` +
          ' log.cleaner.dedupe.buffer.size 1 → 16777216',
      ),
    );
    const { before } = firstOf(steps);
    expect(before.kafkaVersion).toBe('4.3.0');
    expect(observed.configs[before.configDigest]?.kafkaVersion).toBe('4.3.0');
  });

  it('says so when nobody knows what nodes boot with now', () => {
    const { spec, observed } = madeByAnotherRelease(older);
    const steps = restarts(planCluster(spec, { ...observed, configs: {} }));
    expect(steps[0]?.summary).toBe('restart main-0: what it boots with now is not known');
    expect(steps[0]?.action).toMatchObject({ changes: [] });
    expect(firstOf(steps).before.kafkaVersion).toBeUndefined();
  });

  it('restarts nothing when nothing changed, also of a cluster that grows', () => {
    const { spec, observed } = madeByAnotherRelease((same) => same);
    expect(planCluster(spec, observed).steps).toEqual([]);
    const [pool] = spec.nodes;
    if (!pool) throw new Error('no pool');
    const wider = { ...spec, nodes: [pool, { ...pool, pool: 'more', roles: ['broker' as const] }] };
    expect(restarts(planCluster(wider, observed))).toEqual([]);
  });

  it('keeps a summary to one short line, however much changes', () => {
    const many = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`key.${i}`, 'v'.repeat(900)]),
    );
    const { spec, observed } = madeByAnotherRelease((c) => ({ ...c, defaults: many }));
    const [step] = restarts(planCluster(spec, observed));
    expect(step?.summary).toMatch(/ and \d+ more$/);
    expect(step?.summary.length).toBeLessThan(500);
  });
});

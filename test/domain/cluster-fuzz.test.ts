/** Any JSON as a spec, or anywhere in one: refused by name, or planned; never an exception. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingObserved } from '../../contracts/observed.ts';
import type { Violation } from '../../contracts/spec.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { checkSpec } from '../../domain/cluster/rules.ts';
import { checkTransition } from '../../domain/cluster/transition.ts';
import { exampleSpec } from '../support/specs.ts';

const hostile = fc.constantFrom(
  ...['', ' ', '\0', '-', '..', '__proto__', 'constructor', '9'.repeat(400), 'x'.repeat(20_000)],
  ...[-1, 0, 1.5, 1e300, 2 ** 53, -0, true, null],
);
const json = fc.oneof(
  hostile,
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
type Json = unknown;

/** The document with the subtree at one of its places replaced, or a field added there. */
function bend(document: Json, at: number, name: string | undefined, by: Json): Json {
  const places: { holder: Record<string, Json>; key: string }[] = [];
  const copy = { root: structuredClone(document) } as Record<string, Json>;
  const walk = (holder: Record<string, Json>, key: string) => {
    places.push({ holder, key });
    const value = holder[key];
    if (typeof value !== 'object' || value === null) return;
    for (const inner of Object.keys(value)) walk(value as Record<string, Json>, inner);
  };
  walk(copy, 'root');
  const place = places[at % places.length] ?? { holder: copy, key: 'root' };
  const value = place.holder[place.key];
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (name !== undefined && isRecord) {
    Object.defineProperty(value, name, { value: by, enumerable: true, configurable: true });
  } else {
    place.holder[place.key] = by;
  }
  return copy.root;
}

const names = fc.option(
  fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'config', 'replicas', 'name', 'retention.ms'),
    fc.string({ maxLength: 20 }),
  ),
  { nil: undefined },
);

const isTold = ({ field, rule, message, remedy }: Violation): boolean =>
  [field, rule, message, remedy].every((text) => text.length > 0 && text.length < 2_000);

function answer(input: Json): void {
  const checked = checkSpec(input);
  if (!('spec' in checked)) {
    expect(checked.violations.length).toBeGreaterThan(0);
    expect(checked.violations.filter((v) => !isTold(v))).toEqual([]);
    return;
  }
  expect(checkTransition(checked.spec, nothingObserved)).toEqual([]);
  expect(planCluster(checked.spec, nothingObserved).steps.length).toBeGreaterThan(0);
}

describe('a spec', () => {
  it('may be any JSON', () => {
    fc.assert(fc.property(json, answer), { numRuns: 500, seed: 7 });
  });

  it('may have any JSON anywhere in it', () => {
    const bent = fc
      .tuple(fc.nat(200), names, json)
      .map(([at, name, by]) => bend(exampleSpec(), at, name, by));
    fc.assert(fc.property(bent, answer), { numRuns: 3_000, seed: 7 });
  });

  it('may have any value under any key of Kafka', () => {
    const keys = fc.constantFrom('log.retention.ms', 'num.io.threads', 'log.cleanup.policy', 'x');
    const bent = fc.tuple(keys, json).map(([key, value]) => {
      const spec = exampleSpec();
      return { ...spec, kafka: { ...spec.kafka, config: { [key]: value } } };
    });
    fc.assert(fc.property(bent, answer), { numRuns: 1_000, seed: 7 });
  });
});

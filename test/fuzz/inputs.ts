/**
 * Inputs of every kind that a person, a program or an enemy may send: good ones with one or more
 * places made wrong, and JSON that was never meant for us.
 */
import fc from 'fast-check';
import { exampleSpec, oneNodeSpec } from '../support/specs.ts';

/** JSON is all that can be sent; keys and strings are hostile now and then. */
const hostileText = fc.constantFrom(
  '',
  ' ',
  '../../etc/passwd',
  'кластер',
  '\u0000',
  '\ud800',
  "'; DROP TABLE clusters; --",
  ['$', '{jndi:ldap://x}'].join(''),
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(300),
  'x'.repeat(5_000),
  'NaN',
  'null',
  '1e400',
  '-0',
);
const hostileNumber = fc.constantFrom(0, -1, 1.5, 1e21, 2 ** 53 + 2, -(2 ** 31), 1e308, 65_536);
const text = fc.oneof(
  hostileText,
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Any JSON value, not too deep. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.oneof(hostileNumber, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5 }).map((o) => ({ ...o })),
  ),
})).value;

const name = fc.integer({ min: 0, max: 1e6 }).map((n) => `z${n}`);

/** Good inputs by workflow type; what is wrong is done to them afterwards. */
export const goodInputs: Record<string, fc.Arbitrary<object>> = {
  provisionCluster: name.map((n) => ({ spec: oneNodeSpec(n), requester: 'fuzz' })),
  applyPlan: name.map((n) => ({ spec: oneNodeSpec(n), expectDigest: 'sha256:0' })),
  planCluster: fc.oneof(
    name.map((n) => ({ spec: { ...exampleSpec(), name: n } })),
    name.map((cluster) => ({ cluster, intent: 'destroy' })),
  ),
  loadTest: name.map((cluster) => ({ cluster, load: { rate: '1MB/s', thresholds: ['lost==0'] } })),
  destroyCluster: name.map((cluster) => ({ cluster, confirm: cluster })),
  inspectCluster: name.map((cluster) => ({ cluster, provider: 'local' })),
  cluster: name.map((n) => ({ name: n })),
};

type Path = (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [at];
  return [at, ...Object.entries(value).flatMap(([k, v]) => pathsOf(v, [...at, k]))];
}

/** A copy with what is at `path` replaced, or taken away. */
function withPlace(value: unknown, path: Path, junk: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return junk;
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...value] as unknown as Record<string, unknown>)
    : { ...(value as object) };
  if (rest.length === 0 && junk === undefined) delete copy[first];
  else copy[first] = withPlace(copy[first], rest, junk);
  return copy;
}

/** One to three places replaced by anything, taken away, or given a field that nobody knows. */
export const spoilt = (good: fc.Arbitrary<object>): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      good,
      fc.array(fc.tuple(fc.nat(), fc.option(anyJson, { nil: undefined }), text, fc.nat(5)), {
        minLength: 1,
        maxLength: 3,
      }),
    )
    .map(([value, changes]) =>
      changes.reduce<unknown>((now, [where, junk, key, how]) => {
        const paths = pathsOf(now);
        const path = paths[where % paths.length] ?? [];
        return withPlace(now, how === 0 ? [...path.slice(0, -1), key] : path, junk);
      }, value),
    );

/** Mostly near misses, since rules come one after the other; some raw JSON; some good ones. */
export const inputOf = (type: string): fc.Arbitrary<unknown> => {
  const good = goodInputs[type];
  if (!good) return anyJson;
  return fc.oneof(
    { weight: 6, arbitrary: spoilt(good) },
    { weight: 3, arbitrary: anyJson },
    { weight: 1, arbitrary: good },
  );
};

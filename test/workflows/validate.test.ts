/** How a refused spec names its fields: as places in the operation's input. */
import { expect, it } from 'vitest';
import { requireSpec } from '../../workflows/operation/validate.ts';
import { exampleSpec } from '../support/specs.ts';

const tooLarge = () => {
  const topics = Array.from({ length: 7_000 }, (_, i) => ({
    name: `topic-${100_000 + i}`,
    partitions: 10,
    replicationFactor: 3,
  }));
  return { ...exampleSpec(), topics };
};

it.each([
  ['null', null, /^spec: must be an object/],
  ['too large as a whole', tooLarge(), /^spec: the spec has 435 KB/],
  ['without a name', { ...exampleSpec(), name: undefined }, /^spec\.name: /],
  ['with a name without end', { ...exampleSpec(), name: 'a'.repeat(900_000) }, /within 40$/],
])('a spec that is %s is refused by its place', (_, spec, message) => {
  expect(() => requireSpec(spec)).toThrow(message);
});

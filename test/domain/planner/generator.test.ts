/** The benchmark's generator makes the same bytes as the original it was written from. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generate } from '../../../bench/lib/generator.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the generator', () => {
  it.each([
    [10, 5, 1000, 'a8ea36bcef3b', '17bb2890da1f', '3e0ee3b566b3'],
    [50, 5, 10000, '979c8c46d0e0', '451b503c671e', '1b4786d5bb80'],
    [100, 10, 20000, 'ae4afd703f41', '4c2871e35074', '2701ef5c6234'],
  ])(
    'makes the same bytes as the original at %d/%d/%d',
    (brokers, racks, partitions, ...hashes) => {
      const made = (['dead', 'skew', 'add'] as const).map((scenario) =>
        sha256(generate({ brokers, racks, partitions, scenario })).slice(0, 12),
      );
      expect(made).toEqual(hashes);
    },
  );
});

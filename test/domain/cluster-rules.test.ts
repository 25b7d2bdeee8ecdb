/** Every wrong spec is refused with exactly its field, rule, message and remedy. */
import type { TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import { ProtectionInput } from '../../contracts/cluster.ts';
import { ApproveInput } from '../../contracts/operation.ts';
import {
  ApplyInput,
  DestroyInput,
  InspectInput,
  LoadTestInput,
  PlanInput,
  ProvisionInput,
} from '../../contracts/services/odin.ts';
import { checkInput, checkSpec } from '../../domain/cluster/rules.ts';
import { exampleSpec } from '../support/specs.ts';
import { wrongSpecs } from './cluster-support/wrong-specs.ts';

describe('a spec', () => {
  it('is accepted as the example is', () => {
    expect(checkSpec(exampleSpec()).violations).toEqual([]);
  });

  it.each(wrongSpecs)('is refused with $name', ({ change, expected }) => {
    const spec = exampleSpec();
    change(spec);
    expect(expected.length).toBeGreaterThan(0);
    expect(checkSpec(spec).violations).toEqual(expected);
  });

  it('has all its faults named at once', () => {
    const spec = exampleSpec();
    spec.name = 'Not Good';
    spec.kafka.version = '1';
    for (const topic of spec.topics ?? []) topic.partitions = -1;
    expect(checkSpec(spec).violations.map((v) => v.field)).toEqual([
      'name',
      'kafka.version',
      'topics[0].partitions',
      'topics[1].partitions',
    ]);
  });

  it.each([undefined, null, 5, 'x', []])('is refused when it is %j', (input) => {
    const [violation] = checkSpec(input).violations;
    expect(violation).toMatchObject({ field: '(the whole input)', rule: 'type' });
  });
});

describe('an input', () => {
  it('is refused for a text that is too long, whichever it is', () => {
    const long = 'x'.repeat(2_500);
    const spec = exampleSpec();
    const texts: [TSchema, object, string][] = [
      [ProvisionInput, { spec, requester: long }, 'requester'],
      [ProvisionInput, { spec, expectDigest: long }, 'expectDigest'],
      [ApplyInput, { spec, expectDigest: long }, 'expectDigest'],
      [LoadTestInput, { cluster: 'a', requester: long }, 'requester'],
      [LoadTestInput, { cluster: long }, 'cluster'],
      [DestroyInput, { cluster: 'a', confirm: long }, 'confirm'],
      [PlanInput, { cluster: long, intent: 'destroy' }, 'cluster'],
      [ApproveInput, { digest: long }, 'digest'],
      [ApproveInput, { digest: 'sha256:1', by: long }, 'by'],
      [ProtectionInput, { enabled: true, by: long }, 'by'],
      [InspectInput, { cluster: 'a', provider: long }, 'provider'],
    ];
    for (const [schema, input, field] of texts) {
      expect(checkInput(schema, input)).toMatchObject([{ field, rule: 'limit' }]);
    }
  });

  it('names a field that does not belong', () => {
    expect(checkInput(ProvisionInput, { spec: exampleSpec(), aproval: 'auto' })).toMatchObject([
      { field: 'aproval', rule: 'unknown-field' },
    ]);
  });
});

/** The first act of every workflow: the input is checked whole, and every bad field is named. */
import type { TSchema } from 'typebox';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { checkInput, checkSpec, isClusterName, wholeInput } from '../../domain/cluster/rules.ts';
import { fail, invalid } from './failure.ts';

/** Throws InvalidInput with all violations of the schema. */
export function requireInput(schema: TSchema, input: unknown): void {
  const violations = checkInput(schema, input);
  if (violations.length > 0) throw invalid(violations);
}

/** Violations of a spec, by where they are in the input: the whole spec is its field `spec`. */
export const inSpec = (violations: readonly Violation[]): Violation[] =>
  violations.map((v) => ({ ...v, field: v.field === wholeInput ? 'spec' : `spec.${v.field}` }));

/** The spec with its defaults; throws InvalidInput with all violations of schema and rules. */
export function requireSpec(input: unknown): NormalSpec {
  const checked = checkSpec(input);
  if ('spec' in checked) return checked.spec;
  throw invalid(inSpec(checked.violations));
}

/** Throws InvalidInput unless a cluster can have this name: entities are made for it. */
export function requireName(name: string): void {
  if (!isClusterName(name))
    throw fail('InvalidInput', `cluster: \`${name}\` is not a cluster name`);
}

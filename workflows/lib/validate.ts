/** The first act of every workflow: the input is checked whole, and every bad field is named. */
import type { TSchema } from 'typebox';
import type { NormalSpec, Violation } from '../../contracts/spec.ts';
import { checkInput, checkSpec } from '../../domain/cluster/rules.ts';
import { refuse } from './operation.ts';

/** Throws InvalidInput with all violations of the schema. */
export function requireInput(schema: TSchema, input: unknown): void {
  reject(checkInput(schema, input));
}

/** The spec with its defaults; throws InvalidInput with all violations of schema and rules. */
export function requireSpec(input: unknown): NormalSpec {
  const checked = checkSpec(input);
  if ('spec' in checked) return checked.spec;
  throw invalid(checked.violations);
}

function reject(violations: Violation[]): void {
  if (violations.length > 0) throw invalid(violations);
}

function invalid(violations: Violation[]) {
  const text = violations.map((v) => `${v.field}: ${v.message}; ${v.remedy}`).join(' | ');
  return refuse('InvalidInput', text, { violations });
}

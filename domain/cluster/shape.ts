/**
 * Shape errors as violations: TypeBox's findings told as field, rule, message and remedy, in the
 * same form as the semantic rules. Pure.
 */

import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import type { Violation } from '../../contracts/spec.ts';

// TypeBox stops at eight errors by default; a user wants to mend all of them in one go.
Settings.Set({ maxErrors: 200 });

interface Finding {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
}

/** Every way in which `value` does not have the shape of `schema`; empty when it has. */
export function checkInput(schema: TSchema, value: unknown): Violation[] {
  if (Value.Check(schema, value)) return [];
  const byPath = new Map<string, Finding[]>();
  for (const error of Value.Errors(schema, value) as Iterable<Finding>) {
    byPath.set(error.instancePath, [...(byPath.get(error.instancePath) ?? []), error]);
  }
  // An alternative that does not fit is reported at its root too; the deeper finding says more.
  const paths = [...byPath.keys()];
  const isRoot = (path: string) =>
    byPath.get(path)?.some((f) => f.keyword === 'anyOf') &&
    paths.some((other) => other.startsWith(`${path}/`));
  return [...byPath]
    .filter(([path]) => !isRoot(path))
    .flatMap(([path, findings]) => describe(fieldOf(path), findings));
}

/** `/nodes/0/count` → `nodes[0].count`; keys that are no identifiers are quoted. */
export function fieldOf(path: string): string {
  const parts = path
    .split('/')
    .slice(1)
    .map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts.reduce((field, part) => join(field, part), '');
}

function join(field: string, part: string): string {
  if (/^\d+$/.test(part)) return `${field}[${part}]`;
  if (!/^[A-Za-z_]\w*$/.test(part)) return `${field}["${part}"]`;
  return field === '' ? part : `${field}.${part}`;
}

function describe(field: string, findings: Finding[]): Violation[] {
  const missing = findings
    .filter((f) => f.keyword === 'required')
    .flatMap((f) => f.params.requiredProperties as string[])
    .map((name) => required(join(field, name)));
  const unknown = findings
    .filter((f) => f.keyword === 'additionalProperties')
    .flatMap((f) => f.params.additionalProperties as string[])
    .map((name) => unknownField(join(field, name)));
  const wrong = findings.filter((f) => f.keyword === 'type' || f.keyword === 'const');
  return [...missing, ...unknown, ...(wrong.length > 0 ? [wrongValue(field, wrong)] : [])];
}

const required = (field: string): Violation => ({
  field,
  rule: 'required',
  message: 'is missing',
  remedy: 'add it',
});

const unknownField = (field: string): Violation => ({
  field,
  rule: 'unknown-field',
  message: 'is no field of this object',
  remedy: 'remove it, or look for a misspelling in docs/reference/cluster-spec.md',
});

function wrongValue(field: string, findings: Finding[]): Violation {
  const values = findings.filter((f) => f.keyword === 'const').map((f) => f.params.allowedValue);
  // For a constant TypeBox reports its type as well, which says nothing more.
  const typeNames = findings
    .filter((f) => f.keyword === 'type')
    .map((f) => String(f.params.type))
    .filter((type) => !values.some((value) => typeof value === type));
  const accepted = [...new Set([...typeNames.map(article), ...values.map((v) => `\`${v}\``)])];
  return {
    field: field === '' ? '(the whole input)' : field,
    rule: typeNames.length === 0 ? 'one-of' : 'type',
    message: `must be ${accepted.join(' or ')}`,
    remedy: `give ${accepted[0]}`,
  };
}

const article = (type: string): string => `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;

/**
 * Shape errors as violations: TypeBox's findings told as field, rule, message and remedy, in the
 * same form as the semantic rules. Pure.
 */

import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import type { Violation } from '../../contracts/spec.ts';
import { meantBy } from './field-hints.ts';
import { quoted } from './quoted.ts';

// TypeBox stops at eight errors by default; a user wants to mend all of them in one go.
Settings.Set({ maxErrors: 200 });

interface Finding {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  message: string;
}

/** Every way in which `value` does not have the shape of `schema`; empty when it has. */
export function checkInput(schema: TSchema, value: unknown): Violation[] {
  if (Value.Check(schema, value)) return [];
  const byPath = new Map<string, Finding[]>();
  for (const error of Value.Errors(schema, value) as Iterable<Finding>) {
    byPath.set(error.instancePath, [...(byPath.get(error.instancePath) ?? []), error]);
  }
  const paths = [...byPath.keys()];
  const found = [...byPath].flatMap(([path, findings]) => {
    const deeper = paths.some((other) => other.startsWith(`${path}/`));
    return describe(schema, path, deeper ? withoutAlternatives(findings) : findings);
  });
  return found.length > 0 ? found : [wrongValue('', [])];
}

/** An alternative that does not fit is reported where it begins too; what is deeper says more. */
const withoutAlternatives = (findings: Finding[]): Finding[] =>
  findings.some((f) => f.keyword === 'anyOf')
    ? findings.filter((f) => f.keyword === 'additionalProperties' || f.keyword === 'required')
    : findings;

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
  if (!/^[A-Za-z_]\w{0,79}$/.test(part)) return `${field}["${quoted(part).slice(1, -1)}"]`;
  return field === '' ? part : `${field}.${part}`;
}

function describe(schema: TSchema, path: string, findings: Finding[]): Violation[] {
  const field = fieldOf(path);
  const names = (keyword: string, param: string) =>
    findings.filter((f) => f.keyword === keyword).flatMap((f) => f.params[param] as string[]);
  const missing = names('required', 'requiredProperties');
  const unknown = names('additionalProperties', 'additionalProperties');
  const wrong = findings.filter((f) => f.keyword === 'type' || f.keyword === 'const');
  const limits = findings.filter((f) => !told.has(f.keyword));
  return [
    ...missing.map((name) => required(join(field, name))),
    ...unknown.map((name) => unknownField(join(field, name), meantBy(schema, path, name))),
    // Of alternatives, the one whose type fits is the one that was meant.
    ...limits.map((f) => limit(field, f)),
    ...(wrong.length > 0 && limits.length === 0 ? [wrongValue(field, wrong)] : []),
  ];
}

/** Keywords with words of their own here; the others are limits, which TypeBox words well. */
const told = new Set(['required', 'additionalProperties', 'type', 'const', 'anyOf', 'boolean']);

const limit = (field: string, { message, params }: Finding): Violation => ({
  field: rooted(field),
  rule: 'limit',
  message,
  remedy: 'limit' in params ? `keep within ${params.limit}` : 'keep within what is named',
});

/** Where a violation is when it is in no field but in the input itself. */
export const wholeInput = '(the whole input)';
const rooted = (field: string): string => (field === '' ? wholeInput : field);

const required = (field: string): Violation => ({
  field,
  rule: 'required',
  message: 'is missing',
  remedy: 'add it',
});

const unknownField = (field: string, meant: string | undefined): Violation => ({
  field,
  rule: 'unknown-field',
  message: 'is no field of this object',
  remedy: meant
    ? `did you mean \`${meant}\`?`
    : 'remove it; docs/reference/cluster-spec.md lists the fields of a spec',
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
    field: rooted(field),
    rule: typeNames.length === 0 ? 'one-of' : 'type',
    message: accepted.length > 0 ? `must be ${accepted.join(' or ')}` : 'has the wrong shape',
    remedy: accepted.length > 0 ? `give ${accepted[0]}` : 'see docs/reference/cluster-spec.md',
  };
}

const article = (type: string): string => `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;

/**
 * JSON and YAML text to one kind of value. Nothing is lost on the way: a key given twice and a
 * number that JavaScript cannot hold are refused, since both would silently become something else.
 */
import { type Document, parseDocument as parseYaml, type YAMLError } from 'yaml';
import { fieldOf } from '../domain/cluster/shape.ts';
import { CommandError } from './client.ts';

/** YAML 1.2 core schema whatever the document claims, so that `no` and `on` stay strings. */
const yamlOptions = { schema: 'core', intAsBigInt: true, stringKeys: true } as const;

/** Values after aliases are followed: a few kilobytes of anchors can stand for gigabytes. */
const valuesMax = 1_000_000;
const depthMax = 100;

/**
 * The value of a JSON or YAML text. Files called `.json`, and others that begin as JSON does, are
 * JSON. `name` is what messages call the document. Fails with CommandError, with line and column.
 */
export function parseDocument(text: string, name: string): unknown {
  if (text.trim() === '') throw new CommandError(`${name} is empty`);
  const value = isJson(text, name) ? fromJson(text, name) : fromYaml(text, name);
  if (value === null) throw new CommandError(`${name} has comments or \`null\` only`);
  const lost: string[] = [];
  const plain = exact(value, '', { lost, left: valuesMax, name });
  if (lost.length > 0) throw new CommandError([`${name} has wrong numbers:`, ...lost].join('\n'));
  return plain;
}

function isJson(text: string, name: string): boolean {
  if (/\.ya?ml$/i.test(name)) return false;
  return /\.json$/i.test(name) || /^\s*[[{]/.test(text);
}

function fromJson(text: string, name: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text, asWritten as (key: string, value: unknown) => unknown);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof RangeError) throw new CommandError(`${name} is nested too deeply`);
    throw new CommandError(`${name} is not JSON: ${message}`);
  }
  const twice = documentOf(text, name).errors.find((e) => e.code === 'DUPLICATE_KEY');
  if (twice) throw new CommandError(`${name}: ${told(twice)}`);
  return value;
}

/** Keeps an integer's digits; `context` is newer than TypeScript's own declaration. */
function asWritten(_key: string, value: unknown, context: { source: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

function fromYaml(text: string, name: string): unknown {
  const document = documentOf(text, name);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new CommandError(`${name} is not YAML as Asgard reads it: ${told(problem)}`);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new CommandError(`${name}: ${(error as Error).message}`);
  }
}

function documentOf(text: string, name: string): Document.Parsed {
  const document = parseYaml(text, yamlOptions);
  // The parser calls itself for every level, and tells the end of the stack among its errors.
  const tooDeep = document.errors.some((e) => /call stack/.test(e.message));
  if (tooDeep) throw new CommandError(`${name} is nested too deeply`);
  return document;
}

const remedies: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'a key stands twice in one mapping; remove one',
  TAB_AS_INDENT: 'a tab as indentation; use blanks',
  MULTIPLE_DOCS: 'more than one document (`---`); keep one in a file',
  TAG_RESOLVE_FAILED: 'a tag (`!…`) that is not known; leave it out',
  NON_STRING_KEY: 'a key that is a mapping or a list; keys are text',
};

/** The library's own place and excerpt, under a plain word where there is one. */
function told({ code, message, linePos }: YAMLError): string {
  const [start] = linePos ?? [];
  const place = start ? `line ${start.line}, column ${start.col}: ` : '';
  const [first = '', ...excerpt] = message.split('\n');
  const said = remedies[code] ?? first.replace(/ at line \d+, column \d+:?$/, '');
  return [`${place}${said}`, ...excerpt].join('\n').trimEnd();
}

interface Walk {
  lost: string[];
  left: number;
  name: string;
}

/** Plain JSON values; notes every number that would not arrive as it was written. */
function exact(value: unknown, path: string, walk: Walk): unknown {
  if (--walk.left < 0) throw new CommandError(`${walk.name} stands for too many values`);
  if (path.split('/').length > depthMax) {
    throw new CommandError(`${walk.name} is nested too deeply`);
  }
  if (typeof value === 'bigint' || typeof value === 'number') return exactNumber(value, path, walk);
  if (Array.isArray(value)) return value.map((v, i) => exact(v, `${path}/${i}`, walk));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, v]) => {
    const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
    return [key, exact(v, `${path}/${step}`, walk)] as const;
  });
  return Object.fromEntries(entries);
}

function exactNumber(value: bigint | number, path: string, { lost }: Walk): number {
  const number = Number(value);
  const written = clip(String(value));
  if (typeof value === 'number' && !Number.isFinite(value)) {
    lost.push(`  ${fieldOf(path)}: ${written} is no number of JSON`);
  } else if (Number.isInteger(number) ? !Number.isSafeInteger(number) : !Number.isFinite(number)) {
    lost.push(`  ${fieldOf(path)}: ${written} cannot be kept exactly; write it as a string`);
  }
  return number;
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

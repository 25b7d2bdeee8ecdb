/**
 * JSON and YAML text to one kind of value. Nothing is lost on the way: a key given twice and a
 * number that JavaScript cannot hold are refused, since both would silently become something else.
 */
import {
  type Document,
  Lexer,
  Parser,
  parseDocument as parseYaml,
  visit,
  type YAMLError,
} from 'yaml';
import { fieldOf } from '../domain/cluster/shape.ts';
import { CommandError } from './client.ts';

/** YAML 1.2 core schema whatever the document claims, so that `no` and `on` stay strings. */
const yamlOptions = { schema: 'core', intAsBigInt: true, stringKeys: true } as const;

/** Values after aliases are followed: a few kilobytes of anchors can stand for gigabytes. */
const valuesMax = 1_000_000;
const depthMax = 100;
/** What the YAML library has open at once: one for each level, and the document's own few. */
const openMax = depthMax + 10;

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

/** A number that JavaScript cannot hold, as the user wrote it. */
class Written {
  readonly text: string;
  readonly finite: boolean;
  constructor(text: string, value: number | bigint) {
    this.text = clip(text);
    // An infinite value of digits is only too large; `.inf` has none.
    this.finite = /\d/.test(text) || Number.isFinite(Number(value));
  }
}

/** The number itself, if it is held as it was written. */
function heldOr(value: number | bigint, text: string): number | Written {
  const number = Number(value);
  const held = Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);
  return held ? number : new Written(text, value);
}

/** For JSON.parse; `context` is newer than TypeScript's own declaration. */
const asWritten = (_key: string, value: unknown, { source }: { source: string }): unknown =>
  typeof value === 'number' ? heldOr(value, source) : value;

function fromYaml(text: string, name: string): unknown {
  const document = documentOf(text, name);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new CommandError(`${name} is not YAML as Asgard reads it: ${told(problem)}`);
  visit(document, {
    Scalar: (_key, node) => {
      const { value, source = String(value) } = node;
      if (typeof value === 'number' || typeof value === 'bigint')
        node.value = heldOr(value, source);
    },
  });
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new CommandError(`${name}: ${(error as Error).message}`);
  }
}

function documentOf(text: string, name: string): Document.Parsed {
  refuseDepth(text, name);
  return parseYaml(text, yamlOptions);
}

/** The library calls itself for every level, so depth is measured before it has too much of it. */
function refuseDepth(text: string, name: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) void _;
    if (parser.stack.length > openMax) throw new CommandError(`${name} is nested too deeply`);
  }
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
  if (value instanceof Written) {
    walk.lost.push(`  ${fieldOf(path)}: ${value.text} ${lossOf(value)}`);
    return undefined;
  }
  if (Array.isArray(value)) return value.map((v, i) => exact(v, `${path}/${i}`, walk));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, v]) => {
    const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
    return [key, exact(v, `${path}/${step}`, walk)] as const;
  });
  return Object.fromEntries(entries);
}

const lossOf = ({ finite }: Written): string =>
  finite ? 'cannot be kept exactly; write it as a string' : 'is no number of JSON';

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/**
 * What the syntax tree of a source file says: its functions, imports and exports. Of one file, told
 * as text: nothing is resolved, run or looked up here, so that planted sources can be read as well.
 */
import { type Node, parseSync, visitorKeys } from 'oxc-parser';

/** Data printed by a program, and a table of cases: their length says nothing. */
export const tables = ['contracts/kafka-keys.ts', 'test/domain/cluster-support/wrong-specs.ts'];

export interface Source {
  /** Relative to the root, with `/`. */
  file: string;
  text: string;
}

export interface CodeFunction {
  name: string;
  /** Where it begins, from 1. */
  line: number;
  /** From its first word or parameter to its closing brace, both counted. */
  lines: number;
  isAsync: boolean;
  /** The call that it is an argument of, such as `describe`; empty when there is none. */
  givenTo: string;
}

export interface CodeImport {
  /** As written: `./x.ts` or the name of a package. */
  what: string;
  /** Names as the other file exports them; `*` stands for all of them. */
  names: string[];
  typeOnly: boolean;
  dynamic: boolean;
  /** True for `export … from`. */
  again: boolean;
}

export interface CodeExport {
  name: string;
  isType: boolean;
  line: number;
}

export interface Code {
  functions: CodeFunction[];
  imports: CodeImport[];
  exports: CodeExport[];
  /** Every name as it is written, with what it belongs to: `Date`, `Date.now`, `new Date()`. */
  words: { text: string; line: number }[];
}

/** Fails with the parser's message when the text is no TypeScript. Safe to repeat. */
export function codeOf({ file, text }: Source): Code {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const lineOf = linesOf(text);
  const code: Code = { functions: [], imports: [], exports: [], words: [] };
  walk(program, [], (node, parents) => {
    readFunction(node, parents, lineOf, code.functions);
    code.imports.push(...importsIn(node));
    const line = lineOf(node.start);
    code.exports.push(...exportsIn(node).map((e) => ({ ...e, line })));
    const word = chainOf(node);
    if (word) code.words.push({ text: word, line });
  });
  return code;
}

/** From an offset to its line, from 1. */
function linesOf(text: string): (offset: number) => number {
  const ends = [...text.matchAll(/\n/g)].map((m) => m.index);
  return (offset) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

type Visit = (node: Node, parents: Node[]) => void;

function walk(node: Node, parents: Node[], visit: Visit): void {
  visit(node, parents);
  const inside = [node, ...parents];
  for (const key of visitorKeys[node.type] ?? []) {
    const value = (node as unknown as Record<string, unknown>)[key];
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child) walk(child as Node, inside, visit);
    }
  }
}

function readFunction(
  node: Node,
  [parent, above]: Node[],
  lineOf: (offset: number) => number,
  found: CodeFunction[],
): void {
  const isFunction =
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression';
  if (!isFunction) return;
  const whole = isMethod(parent) ? parent : node;
  const line = lineOf(whole.start);
  found.push({
    name: nameOf(node.id) || nameOf(parent) || nameOf(above) || 'arrow',
    line,
    lines: lineOf(node.end) - line + 1,
    isAsync: node.async,
    givenTo: parent?.type === 'CallExpression' ? (chainOf(parent.callee) ?? '') : '',
  });
}

/** `name(…) {…}` in a class or an object, where the name is a part of the function. */
const isMethod = (node: Node | undefined): node is Node =>
  node?.type === 'MethodDefinition' || (node?.type === 'Property' && node.method);

function nameOf(node: Node | null | undefined): string {
  if (!node) return '';
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'VariableDeclarator') return nameOf(node.id);
  if (node.type === 'MethodDefinition' || node.type === 'Property') return nameOf(node.key);
  return '';
}

/** `a`, `a.b`, `a.b.c` and `new A`; undefined for everything else. */
function chainOf(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'NewExpression') {
    return `new ${chainOf(node.callee) ?? ''}${node.arguments.length === 0 ? '()' : ''}`;
  }
  if (node.type === 'CallExpression') {
    const callee = chainOf(node.callee);
    return callee && node.arguments.length === 0 ? `${callee}()` : undefined;
  }
  if (node.type !== 'MemberExpression' || node.computed) return undefined;
  const object = chainOf(node.object);
  return object && node.property.type === 'Identifier'
    ? `${object}.${node.property.name}`
    : undefined;
}

function importsIn(node: Node): CodeImport[] {
  const plain = { typeOnly: false, dynamic: false, again: false };
  if (node.type === 'ImportDeclaration') {
    const typeOnly = node.importKind === 'type';
    const names = node.specifiers.map((s) =>
      s.type === 'ImportSpecifier' ? exportedName(s.imported) : wholeName(s.type),
    );
    return [{ ...plain, what: node.source.value, names, typeOnly }];
  }
  if (node.type === 'ExportAllDeclaration') {
    const typeOnly = node.exportKind === 'type';
    return [{ ...plain, what: node.source.value, names: ['*'], typeOnly, again: true }];
  }
  if (node.type === 'ExportNamedDeclaration' && node.source) {
    const names = node.specifiers.map((s) => exportedName(s.local));
    const typeOnly = node.exportKind === 'type';
    return [{ ...plain, what: node.source.value, names, typeOnly, again: true }];
  }
  if (node.type === 'ImportExpression') return named(node.source, { ...plain, dynamic: true });
  if (node.type === 'TSImportType') return named(node.source, { ...plain, typeOnly: true });
  if (node.type === 'CallExpression' && /^require(\.resolve)?$/.test(chainOf(node.callee) ?? '')) {
    return node.arguments.slice(0, 1).flatMap((a) => named(a, { ...plain, dynamic: true }));
  }
  return [];
}

/** The file or package that an expression names; one that is computed is told as `?`. */
function named(source: Node, rest: Omit<CodeImport, 'what' | 'names'>): CodeImport[] {
  const literal = source.type === 'Literal' && typeof source.value === 'string';
  return [{ ...rest, what: literal ? String(source.value) : '?', names: ['*'] }];
}

const wholeName = (type: string) => (type === 'ImportDefaultSpecifier' ? 'default' : '*');

const exportedName = (node: Node): string =>
  node.type === 'Identifier' ? node.name : node.type === 'Literal' ? String(node.value) : '';

function exportsIn(node: Node): Omit<CodeExport, 'line'>[] {
  if (node.type === 'ExportDefaultDeclaration') return [{ name: 'default', isType: false }];
  if (node.type !== 'ExportNamedDeclaration') return [];
  const { declaration } = node;
  const isType = node.exportKind === 'type';
  const declared =
    declaration?.type === 'VariableDeclaration'
      ? declaration.declarations.map((d) => nameOf(d.id))
      : declaration && 'id' in declaration
        ? [nameOf(declaration.id as Node)]
        : [];
  const names = [...declared, ...node.specifiers.map((s) => exportedName(s.exported))];
  return names.map((name) => ({ name, isType }));
}

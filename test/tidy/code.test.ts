/**
 * Rules of the code by its syntax: who may import whom, how long a function may be, what is pure,
 * and what a workflow may not have. They read; they run nothing.
 */
import { describe, expect, it } from 'vitest';
import { codeOf, type Source } from '../support/code.ts';
import { cyclesIn, fileGraph, folderGraph, targetOf } from '../support/code-graph.ts';
import { allSyntax, holds, type Rule, sources, syntaxOf } from './house.ts';

const topOf = (path: string): string => path.split('/')[0] ?? '';

const interfaces = [
  'providers/cloud/cloud.ts',
  'providers/kafka/kafka.ts',
  'providers/load/load.ts',
  'providers/node-configs/node-configs.ts',
  'providers/secrets/secrets.ts',
];

/** What a folder may import: folders of the house, single files, and packages by pattern. */
interface Allowed {
  folders: string[];
  packages: RegExp;
  /** Beside the folders; whole paths, or their beginnings. */
  files?: string[];
}

const table: Record<string, Allowed> = {
  contracts: { folders: ['contracts'], packages: /^typebox/ },
  domain: {
    folders: ['contracts', 'domain'],
    packages: /^(typebox|@noble\/hashes|fastest-levenshtein)/,
  },
  workflows: {
    folders: ['contracts', 'domain', 'workflows'],
    packages: /^(@temporalio\/(workflow|common)|typebox)$/,
  },
  activities: {
    folders: ['contracts', 'domain', 'activities'],
    files: interfaces,
    packages: /^(@temporalio\/(activity|common)|node:)/,
  },
  providers: { folders: ['contracts', 'providers'], packages: /^(?!@temporalio|fastify)/ },
  workers: {
    folders: ['contracts', 'domain', 'workflows', 'activities', 'providers', 'workers'],
    packages: /./,
  },
  api: {
    folders: ['contracts', 'domain', 'api'],
    packages: /^(?!@temporalio\/(workflow|activity|worker))/,
  },
  cli: {
    folders: ['contracts', 'domain', 'cli'],
    files: ['package.json'],
    packages: /^(?!@temporalio\/(workflow|activity|worker))/,
  },
  // Processes are started, not imported; clean.ts takes machines away when nothing else runs.
  deploy: {
    folders: ['contracts', 'cli', 'deploy'],
    files: ['providers/cloud/', 'providers/files/'],
    packages: /^(node:|@temporalio\/(client|envconfig)$)/,
  },
  bench: {
    folders: ['contracts', 'domain', 'api', 'providers', 'bench', 'test'],
    files: ['cli/own-node.cjs'],
    packages: /^(node:|@temporalio\/client$)/,
  },
};
const everywhere = ['test', 'vitest.config.ts'];
const folders = [...Object.keys(table), 'test'];

const importRule: Rule = (source) => {
  const folder = topOf(source.file);
  const allowed = table[folder];
  if (!allowed) return everywhere.includes(folder) ? [] : [`${folder} is in no table of imports`];
  return syntaxOf(source).imports.flatMap(({ what, typeOnly }) => {
    const to = targetOf(source.file, what);
    const activityTypes = folder === 'workflows' && topOf(to) === 'activities' && typeOnly;
    if (activityTypes || allowed.files?.some((file) => to.startsWith(file))) return [];
    const inside = what.startsWith('.') || folders.includes(topOf(to));
    const fine = inside ? allowed.folders.includes(topOf(to)) : allowed.packages.test(to);
    return fine ? [] : [`imports ${to}`];
  });
};

/** Those given to `describe` hold tests that are functions themselves, and are bounded by files. */
const linesMax = 70;
/** A group of tests by another name, and a world made in one go: they may only shrink. */
const longTests: Record<string, number> = { cloudContract: 140, createWorld: 135 };

const functionRule: Rule = (source) =>
  syntaxOf(source)
    .functions.filter(({ name, lines, givenTo }) => {
      const inTests = source.file.startsWith('test/');
      if (inTests && /^describe\b/.test(givenTo)) return false;
      return lines > (inTests ? (longTests[name] ?? linesMax) : linesMax);
    })
    .map(({ name, line, lines }) => `${name} at line ${line} has ${lines} lines`);

/** Time and chance are arguments there; a given time may be read. */
const impure = new RegExp(
  [
    '^(Date\\.now|new Date\\(\\)|Date\\(\\)|Math\\.random',
    '(performance|process|crypto)\\.\\w+',
    'set(Timeout|Interval|Immediate))$',
  ].join('|'),
);
const pureRule: Rule = (source) =>
  ['contracts', 'domain'].includes(topOf(source.file))
    ? syntaxOf(source)
        .words.filter(({ text }) => impure.test(text))
        .map(({ text, line }) => `line ${line} has ${text}`)
    : [];

const workflowRule: Rule = ({ file, text }) => {
  if (!file.startsWith('workflows/')) return [];
  const found: string[] = [];
  if (/^(export )?let /m.test(text)) found.push('a module-level let: it would leak between runs');
  if (/\b(setInterval|process\.|Buffer\.|crypto\.)/.test(text)) found.push('not in the sandbox');
  return found;
};

/** Written where it is used, or above and named there. */
const validatorRule: Rule = (source) => {
  const named = [...source.text.matchAll(/\bvalidator: (\w+)\b/g)].map((m) => m[1]);
  return syntaxOf(source)
    .functions.filter(({ name, isAsync }) => isAsync && ['validator', ...named].includes(name))
    .map(({ line }) => `line ${line}: an async validator hangs its caller`);
};

/** Imported by their name on the wire or by a tool, and not by code. */
const entries = ['workflows/index.ts', 'vitest.config.ts'];
/** A table that tests go through row by row; and what Thor will hand to Kafka's own tool. */
const forTests = [
  'domain/cluster/config-relations.ts#relations',
  'domain/planner/reassignment-json.ts#toReassignmentJson',
  'domain/planner/reassignment-json.ts#fromReassignmentJson',
];

interface Uses {
  bySource: Set<string>;
  byTests: Set<string>;
}

/** Every export that is imported, as `file#name`; `file#*` when all of them are. */
function usesIn(all: Iterable<Source>): Uses {
  const uses: Uses = { bySource: new Set(), byTests: new Set() };
  for (const source of all) {
    const known = topOf(source.file) === 'test' ? uses.byTests : uses.bySource;
    for (const { what, names } of syntaxOf(source).imports) {
      for (const name of names) known.add(`${targetOf(source.file, what)}#${name}`);
    }
  }
  return uses;
}

/**
 * An export is for other files. Two are fine although no source imports them: a type that tells the
 * shape of another export of its file, and what tests call one by one while its own file uses it.
 */
const exportRule =
  ({ bySource, byTests }: Uses): Rule =>
  (source) => {
    const { file } = source;
    if (entries.includes(file)) return [];
    const { exports, words } = syntaxOf(source);
    const isUsed = (uses: Set<string>, name: string) =>
      uses.has(`${file}#${name}`) || uses.has(`${file}#*`);
    return exports
      .filter(({ name, isType }) => {
        if (isUsed(bySource, name) || forTests.includes(`${file}#${name}`)) return false;
        const inside = words.filter(({ text }) => text.split('.')[0] === name).length > 1;
        return !(inside && (isType || isUsed(byTests, name)));
      })
      .map(({ name, line }) =>
        isUsed(byTests, name)
          ? `line ${line}: only tests use ${name}`
          : `line ${line}: nobody imports ${name}`,
      );
  };

const plant = (file: string, ...planted: string[]): Source[] =>
  planted.map((text) => ({ file, text }));
const long = (head: string, tail: string): string => `${head}\n${'  x();\n'.repeat(69)}${tail}\n`;

describe('the code', () => {
  holds('imports only what the table of the design allows', importRule, [
    ...plant(
      'domain/x.ts',
      "import { readFileSync } from 'node:fs';",
      "export * from '../api/app.ts';",
      "export type { A } from '../api/app.ts';",
      "const a = async () => (await import('node:fs')).readFileSync;",
      "let a: import('../api/app.ts').AppOptions;",
      'const a = async (name: string) => import(name);',
      "const a = require('kafkajs');",
    ),
    ...plant('workflows/lib/x.ts', "import { createActivities } from '../../activities/index.ts';"),
    ...plant('activities/x.ts', "import { a } from '../providers/cloud/local/cloud.ts';"),
    ...plant('deploy/dev/x.ts', "import { a } from '../../domain/cluster/plan.ts';"),
    ...plant('bench/lib/x.ts', "import { a } from '../../workflows/index.ts';"),
    ...plant('web/x.ts', 'export const x = 1;'),
  ]);

  holds(`has no function above ${linesMax} lines`, functionRule, [
    ...plant(
      'api/x.ts',
      long('function f() {', '}'),
      long('export default async function () {', '}'),
      long('export function f(a: {\n  b: string;\n}): void {', '}'),
      long('const f = async (\n  a: string,\n): Promise<void> => {', '};'),
      long('const o = { f: () => {', '} };'),
      long('const o = { async f(a: string) {', '} };'),
      long('class A { f() {', '} }'),
      long('export const f = g(async (a) => {', '});'),
    ),
    ...plant('test/x.test.ts', long("it('does', () => {", '});')),
  ]);

  it('counts a function from its name or first parameter to its end', () => {
    const text = 'const a = (\n  b: string,\n) =>\n  b;\nclass C {\n  async d() {\n  }\n}\n';
    expect(codeOf({ file: 'x.ts', text }).functions).toEqual([
      { name: 'a', line: 1, lines: 4, isAsync: false, givenTo: '' },
      { name: 'd', line: 6, lines: 2, isAsync: true, givenTo: '' },
    ]);
  });

  holds(
    'has no clock, chance or process where decisions are pure',
    pureRule,
    plant(
      'domain/x.ts',
      'const a = Date.now();',
      'const a = { now: Date.now };',
      'const a = () => new Date();',
      'const a = Math.random();',
      'const a = performance.now();',
      'const a = crypto.randomUUID();',
      'const a = process.env.HOME;',
      'setTimeout(() => undefined, 5);',
    ),
  );
  it('may read a time that is given', () => {
    const [given] = plant('domain/x.ts', 'const a = (at: string) => new Date(at).getTime();');
    expect(given && pureRule(given)).toEqual([]);
  });

  holds(
    'keeps workflows free of module state and of what the sandbox lacks',
    workflowRule,
    plant('workflows/x.ts', 'let count = 0;', 'const a = process.env.A;'),
  );

  holds(
    'has no async validator',
    validatorRule,
    plant(
      'workflows/x.ts',
      'setHandler(u, f, { validator: async () => {} });',
      'setHandler(u, f, { async validator() {} });',
      'setHandler(u, f, { validator: async function () {} });',
      'async function check() {}\nsetHandler(u, f, { validator: check });',
      'const check = async () => {};\nsetHandler(u, f, { validator: check });',
    ),
  );

  it('exports only what other files need', () => {
    const rule = exportRule(usesIn(sources));
    const code = sources.filter(({ file }) => topOf(file) !== 'test');
    expect(code.flatMap((s) => rule(s).map((what) => `${s.file}: ${what}`))).toEqual([]);
  });
  it.each([
    ['is imported by nobody', 'export const a = 1;', "import { b } from './x.ts';", false],
    ['is used in its own file alone', 'export const a = 1; f(a);', '', false],
    ['is imported', 'export const a = 1;', "import { a } from './x.ts';", true],
    ['is imported as a type', 'export class a {}', "import type { a } from './x.ts';", true],
    ['is exported again', 'export const a = 1;', "export { a } from './x.ts';", true],
    ['is one of all', 'export const a = 1;', "import * as x from './x.ts';", true],
    ['is loaded when needed', 'export const a = 1;', "await import('./x.ts');", true],
    ['tells the shape of another', 'export interface A {}\nconst b: A = {};', '', true],
    ['is a type that nothing names', 'export interface A {}', '', false],
  ])('an export that %s', (_, text, other, isFine) => {
    const [own, next] = [...plant('api/x.ts', text), ...plant('api/y.ts', other)];
    const found = own && next ? exportRule(usesIn([own, next]))(own) : ['none'];
    expect(found.length === 0).toBe(isFine);
  });

  it('has no cycle of imports, of files or of folders', () => {
    expect(cyclesIn(fileGraph(allSyntax()))).toEqual([]);
    expect(cyclesIn(folderGraph(allSyntax()))).toEqual([]);
    const circle = ['a/x.ts', 'b/y.ts', 'c/z.ts'].map((file, i, all) => {
      const next = all[(i + 1) % 3];
      return { file, text: `import type { A } from '../${next}';` };
    });
    const planted = new Map(circle.map((s) => [s.file, syntaxOf(s)]));
    expect(cyclesIn(fileGraph(planted))).toEqual([['a/x.ts', 'b/y.ts', 'c/z.ts']]);
    expect(cyclesIn(folderGraph(planted))).toEqual([['a', 'b', 'c']]);
  });
});

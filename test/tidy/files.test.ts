/** Rules of every file as text: sizes, heads, banned words, links. Code is code.test.ts's. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';
import { tables } from '../support/code.ts';
import { holds, type Rule, root, texts } from './house.ts';

const sizeRule: Rule = ({ file, text }) => {
  if (tables.includes(file)) return [];
  const lines = text.split('\n');
  const most = file.startsWith('test/') ? 600 : 400;
  return [
    ...(lines.length > most ? [`${lines.length} lines, at most ${most}`] : []),
    ...lines.flatMap((l, i) =>
      l.length > 100 && !/https?:|\$\{|'[^']{60}/.test(l)
        ? [`line ${i + 1} has ${l.length} columns`]
        : [],
    ),
  ];
};

const headRule: Rule = ({ file, text }) =>
  /^(#!.*\n)?(\/\*\*|\/\/)/.test(text) || file === 'vitest.config.ts' ? [] : ['no head comment'];

const forbidden = [/\bTO[D]O\b/, /\.only\(/, /\bit\.skip\(/, /console\.log\((?!.*\bindex\b)/];
const wordRule: Rule = ({ file, text }) => {
  const said = forbidden.filter((p) => p.test(text)).map((p) => `has ${p.source}`);
  return file.startsWith('test/crash/run') || file.startsWith('bench/') ? [] : said;
};

const registryHosts = [
  'registry.npmjs' + '.org',
  'repo1.maven' + '.org',
  'proxy.golang' + '.org',
  'pypi' + '.org',
];
const machineRule: Rule = ({ text }) => [
  ...[...text.matchAll(/(^|[\s'"`(=])\/(root|work|home)\/\w/g)].map(
    (m) => `an absolute path ${m[0].trim()}`,
  ),
  ...registryHosts.filter((host) => text.includes(host)).map((host) => `names ${host}`),
];

const linkRule: Rule = ({ file, text }) => {
  if (!file.endsWith('.md')) return [];
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map((m) => m[1] ?? '')
    .filter((to) => !/^[a-z]+:/.test(to))
    .filter((to) => !existsSync(join(root, dirname(file), to)))
    .map((to) => `links to ${to}, which is not there`);
};

describe('every file', () => {
  holds('is within its bound, and so is every line', sizeRule, [
    { file: 'api/x.ts', text: 'x\n'.repeat(401) },
    { file: 'api/x.ts', text: 'x'.repeat(101) },
  ]);
  holds('tells at its head what it is for', headRule, {
    file: 'api/x.ts',
    text: 'export const x = 1;\n',
  });
  holds('leaves no reminders, focused tests or prints behind', wordRule, {
    file: 'api/x.ts',
    text: `// ${'TO'}DO later`,
  });
  holds(
    'names no machine and no registry',
    machineRule,
    { file: 'x.md', text: `see ${'/ro'}ot/x` },
    texts,
  );
  holds(
    'links only to pages that are there',
    linkRule,
    { file: 'docs/x.md', text: '[a](b.md)' },
    texts,
  );
});

/**
 * The house's rules as a test: who may import whom, sizes, banned words, and documents that must
 * agree with the code. Each rule is also shown a planted violation, which it must find.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../contracts/errors.ts';
import { kafkaVersion, temporalCliVersion } from '../contracts/settings.ts';
import { wrongSpecs } from './domain/cluster-support/wrong-specs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

interface Source {
  file: string;
  text: string;
}
const read = (file: string): Source => ({ file, text: readFileSync(join(root, file), 'utf8') });
const sources = tracked.filter((f) => /\.(ts|mjs)$/.test(f)).map(read);
const texts = tracked.filter((f) => !/\.(png|json)$/.test(f) || f === 'package.json').map(read);

type Rule = (source: Source) => string[];
const broken = (rule: Rule, all: Source[]): string[] =>
  all.flatMap((s) => rule(s).map((what) => `${s.file}: ${what}`));

/** A rule holds for the whole house, and finds what is planted. */
function holds(name: string, rule: Rule, planted: Source, all: Source[] = sources): void {
  it(name, () => {
    expect(broken(rule, all)).toEqual([]);
    expect(rule(planted)).not.toEqual([]);
  });
}

interface Import {
  what: string;
  typeOnly: boolean;
}

function importsOf({ text }: Source): Import[] {
  const pattern = /^(?:import|export)\s+(type\s+)?[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;
  return [...text.matchAll(pattern)].map((m) => ({
    what: m[2] ?? m[3] ?? '',
    typeOnly: Boolean(m[1]),
  }));
}

/** A relative import as a path from the root; a package by its name. */
function target(file: string, what: string): string {
  return what.startsWith('.') ? normalize(join(dirname(file), what)) : what;
}

const interfaces = [
  'providers/cloud/cloud.ts',
  'providers/kafka/kafka.ts',
  'providers/load/load.ts',
  'providers/node-configs/node-configs.ts',
  'providers/secrets/secrets.ts',
];
const folders = [
  'contracts',
  'domain',
  'workflows',
  'activities',
  'providers',
  'workers',
  'api',
  'cli',
  'deploy',
  'bench',
  'test',
];

/** What a folder may import: folders of the house, and packages by pattern. */
const table: Record<string, { folders: string[]; packages: RegExp }> = {
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
    packages: /^(?!@temporalio\/(workflow|activity|worker))/,
  },
};

const importRule: Rule = (source) => {
  const folder = source.file.split('/')[0] ?? '';
  const allowed = table[folder];
  if (!allowed) return [];
  return importsOf(source).flatMap(({ what, typeOnly }) => {
    const to = target(source.file, what);
    const top = to.split('/')[0] ?? '';
    if (!folders.includes(top)) return allowed.packages.test(to) ? [] : [`imports ${to}`];
    if (allowed.folders.includes(top)) return [];
    const activityTypes = folder === 'workflows' && top === 'activities' && typeOnly;
    const providerInterface = folder === 'activities' && interfaces.includes(to);
    return activityTypes || providerInterface ? [] : [`imports ${to}`];
  });
};

/** Data printed by a program, and a table of cases: their length says nothing. */
const listed = ['contracts/kafka-keys.ts', 'test/domain/cluster-support/wrong-specs.ts'];

const sizeRule: Rule = ({ file, text }) => {
  if (listed.includes(file)) return [];
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

const headers = new RegExp(
  [
    '^(\\s*)(?:export )?(?:async )?function\\*? ',
    '^(\\s*)(?:(?:static|private|readonly|async) )*\\w+\\(.*\\).*\\{$',
    '^(\\s*)(?:export )?const \\w+ = (?:async )?\\(.*=> \\{$',
  ].join('|'),
);

/** Functions by indentation, which the formatter guarantees: from a header to its closing brace. */
const functionRule: Rule = ({ file, text }) => {
  if (listed.includes(file) || file.startsWith('test/')) return [];
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    const header = headers.exec(line);
    if (!header) return [];
    const end = lines.findIndex(
      (l, j) => j > i && l.startsWith(`${header[1] ?? header[2] ?? header[3] ?? ''}}`),
    );
    return end - i > 70 ? [`a function of ${end - i} lines at line ${i + 1}`] : [];
  });
};

const headRule: Rule = ({ file, text }) =>
  /^(#!.*\n)?(\/\*\*|\/\/)/.test(text) || file === 'vitest.config.ts' ? [] : ['no head comment'];

const workflowRule: Rule = ({ file, text }) => {
  if (!file.startsWith('workflows/')) return [];
  const found: string[] = [];
  if (/^(export )?let /m.test(text)) found.push('a module-level let: it would leak between runs');
  if (/\b(setInterval|process\.|Buffer\.|crypto\.)/.test(text)) found.push('not in the sandbox');
  return found;
};

const validatorRule: Rule = ({ file, text }) =>
  !file.startsWith('test/tidy') && /validator: async/.test(text)
    ? ['an async validator hangs its caller']
    : [];

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

describe('the house', () => {
  holds('imports only what the table of the design allows', importRule, {
    file: 'domain/x.ts',
    text: "import { readFileSync } from 'node:fs';",
  });
  holds('has no file and no line above its bound', sizeRule, {
    file: 'api/x.ts',
    text: 'x\n'.repeat(401),
  });
  holds('has no function above 70 lines', functionRule, {
    file: 'api/x.ts',
    text: `function long() {\n${'  x();\n'.repeat(71)}}\n`,
  });
  holds('tells at the head of every file what it is for', headRule, {
    file: 'api/x.ts',
    text: 'export const x = 1;\n',
  });
  holds('keeps workflows free of module state and of what the sandbox lacks', workflowRule, {
    file: 'workflows/x.ts',
    text: 'let count = 0;',
  });
  holds('has no async validator', validatorRule, {
    file: 'workflows/x.ts',
    text: `{ validator: ${'as'}ync () => {} }`,
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

/** First cells of the rows of a Markdown table, back-ticked. */
const rowsOf = (file: string): string[] =>
  [...read(file).text.matchAll(/^\| `([^`]+)`\s*\|/gm)].map((m) => m[1] ?? '').sort();

describe('the documents', () => {
  it('list exactly the error catalogue', () => {
    expect(rowsOf('docs/reference/errors.md')).toEqual(Object.keys(errorCatalogue).sort());
  });

  it('list exactly the rules that the code names', () => {
    const rules = sources
      .filter((s) => s.file.startsWith('domain/cluster/'))
      .flatMap((s) => [
        ...[...s.text.matchAll(/rule: '([\w-]+)'/g)].map((m) => m[1] ?? ''),
        ...[...s.text.matchAll(/(?:violation|add|syntax)\([^;]*?,\s+'([a-z][a-z-]+)',\s/g)].map(
          (m) => m[1] ?? '',
        ),
      ]);
    const told = [...new Set([...rules, 'one-of', 'type'])].sort();
    expect(rowsOf('docs/reference/rules.md')).toEqual(told);
    const seen = new Set(wrongSpecs.flatMap((w) => w.expected.map((v) => v.rule)));
    for (const rule of seen) expect(told).toContain(rule);
  });

  it('and scripts agree on versions', () => {
    const installer = read('deploy/dev/install.mjs').text;
    expect(installer).toContain(`kafkaVersion = '${kafkaVersion}'`);
    expect(installer).toContain(`temporalCliVersion = '${temporalCliVersion}'`);
    expect(read('deploy/kafka/pom.xml').text).toContain(`<kafka.version>${kafkaVersion}<`);
  });

  it('name only scripts whose files are there', () => {
    const { scripts } = JSON.parse(read('package.json').text) as {
      scripts: Record<string, string>;
    };
    const files = Object.values(scripts).flatMap((s) => s.match(/[\w/.-]+\.(ts|mjs)/g) ?? []);
    expect(files.filter((f) => !existsSync(join(root, f)))).toEqual([]);
  });
});

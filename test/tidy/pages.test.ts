/** Pages, scripts and programs that must agree with the code. They are compared, never made. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import type { Temporal } from '../../api/temporal.ts';
import { addCluster } from '../../cli/commands/cluster.ts';
import { addOperations } from '../../cli/commands/operations.ts';
import { addPlanAndApply } from '../../cli/commands/plan-apply.ts';
import { errorCatalogue } from '../../contracts/errors.ts';
import { leaseSignals } from '../../contracts/lease.ts';
import { statusQuery, updates } from '../../contracts/operation.ts';
import { operationTypes } from '../../contracts/services/index.ts';
import { kafkaVersion, temporalCliVersion } from '../../contracts/settings.ts';
import { wrongSpecs } from '../domain/cluster-support/wrong-specs.ts';
import { read, root, sources, texts } from './house.ts';

/** First cells of the rows of a Markdown table, back-ticked. */
const rowsOf = (file: string): string[] =>
  [...read(file).text.matchAll(/^\| `([^`]+)`\s*\|/gm)].map((m) => m[1] ?? '').sort();

const declared = ': (?:Readonly<Record<string|NodeJS\\.ProcessEnv)';
const variables = [
  /\benv\.([A-Z][A-Z0-9_]*)\b/g,
  /\b(ASGARD_[A-Z_]*[A-Z])/g,
  new RegExp(`\\{ ([A-Z][A-Z0-9_, ]*) \\}(?:${declared}| = (?:process\\.)?env)`, 'g'),
];

/** Environment variables that a program reads, or sets for another one of ours. */
const variablesOf = (text: string): string[] =>
  variables
    .flatMap((pattern) => [...text.matchAll(pattern)].map((m) => m[1] ?? ''))
    .flatMap((names) => names.split(', '));

/** Options of every command of the CLI, but for those that all of them have. */
function commandLine(): Record<string, string[]> {
  const program = new Command();
  for (const add of [addPlanAndApply, addCluster, addOperations]) add(program);
  const entries = program.commands.map((command): [string, string[]] => [
    command.name(),
    command.options.map((o) => o.long ?? '').filter((name) => name !== '--json'),
  ]);
  return Object.fromEntries(entries.map(([name, options]) => [name, options.sort()]));
}

/** The same, as the table of a page tells it: a row may be of several commands. */
function toldCommands(file: string): Record<string, string[]> {
  const rows = read(file).text.matchAll(/^\| (`[a-z][^|]*(?:\\\|[^|]*)*)\|(.*)$/gm);
  return Object.fromEntries(
    [...rows].flatMap(([row, first = '']) => {
      const options = [...new Set(row.match(/--[a-z][a-z-]*/g) ?? [])].sort();
      return [...first.matchAll(/`([a-z][a-z-]*)/g)].map((m) => [m[1] ?? '', options]);
    }),
  );
}

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

  const scripts = (JSON.parse(read('package.json').text) as { scripts: Record<string, string> })
    .scripts;
  it('name only scripts whose files are there', () => {
    const files = Object.values(scripts).flatMap((s) => s.match(/[\w/.-]+\.(ts|mjs)/g) ?? []);
    expect(files.filter((f) => !existsSync(join(root, f)))).toEqual([]);
  });

  it('tell every script, and no other', () => {
    const pages = texts.filter(({ file }) => file.endsWith('.md') && file !== 'CHANGELOG.md');
    const all = pages.map(({ text }) => text).join('\n');
    const told = [...all.matchAll(/npm (?:run )?(?:-s )?([a-z][\w:-]*)|`((?:bench|test):[\w:-]+)/g)]
      .map((m) => m[1] ?? m[2] ?? '')
      .filter((name) => !['run', 'ci', 'install', 'packages', 'package', 'scripts'].includes(name));
    const known = Object.keys(scripts).filter((name) => !name.startsWith('pre'));
    expect([...new Set(told)].sort()).toEqual(known.sort());
  });

  it('list exactly the routes of the OpenAPI document', async () => {
    const app = await buildApp({ temporal: {} as Temporal, token: 'a-token-for-tests-only' });
    const { paths } = (await app.inject('/openapi.json')).json<{
      paths: Record<string, Record<string, unknown>>;
    }>();
    await app.close();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
      ),
    );
    const told = rowsOf('docs/reference/api.md').map((row) => row.replace(/\?.*/, ''));
    expect(told.sort()).toEqual(routes.sort());
  });

  it('list exactly the commands and their options', () => {
    expect(toldCommands('docs/reference/cli.md')).toEqual(commandLine());
  });

  it('list exactly the messages that workflows take', () => {
    const messages = [...Object.values(updates), statusQuery, ...Object.values(leaseSignals)];
    const rows = rowsOf('docs/guides/temporal-cli.md').filter((row) => !row.includes(' '));
    expect(rows).toEqual(messages.sort());
    const { text } = read('docs/guides/temporal-cli.md');
    const shown = [...text.matchAll(/--(?:name|type) ([a-z]\w+)/g)].map((m) => m[1] ?? '');
    const known = [...messages, ...operationTypes];
    expect(shown.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('list exactly the environment variables that programs read', () => {
    const programs = sources.filter(({ file }) => !file.startsWith('test/'));
    const known = new Set(programs.flatMap(({ text }) => variablesOf(text)));
    const told = rowsOf('docs/reference/environment.md').map((row) =>
      row.replace('_<CLUSTER>', ''),
    );
    expect(told).toEqual([...known].sort());
    expect(
      variablesOf('a(process.env.A_B); const { C, D } = process.env; f({ ASGARD_E: 1 })'),
    ).toEqual(['A_B', 'ASGARD_E', 'C', 'D']);
  });

  it('are all found from their first page', () => {
    const pages = texts
      .map(({ file }) => file)
      .filter((f) => /^docs\/(guides|reference)\/.*md$/.test(f));
    const { text } = read('docs/README.md');
    expect(pages.filter((page) => !text.includes(`](${page.slice('docs/'.length)})`))).toEqual([]);
  });
});

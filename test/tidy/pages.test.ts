/** Pages, scripts and programs that must agree with the code. They are compared, never made. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../../contracts/errors.ts';
import { kafkaVersion, temporalCliVersion } from '../../contracts/settings.ts';
import { wrongSpecs } from '../domain/cluster-support/wrong-specs.ts';
import { read, root, sources } from './house.ts';

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

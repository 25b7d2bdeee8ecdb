/** Documents as people's editors and shells write them: encodings, standard input, JSON and YAML. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decode, readDocument } from '../../cli/document.ts';
import { parseDocument } from '../../cli/parse.ts';
import { root } from '../support/processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'asgard-document-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const spec = { name: 'drift', note: 'größe 修', topics: [{ name: 'a' }] };
const json = JSON.stringify(spec, null, 2);
const swap = (bytes: Buffer) => Buffer.from(bytes).swap16();
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

describe('a document', () => {
  it.each([
    ['UTF-8', Buffer.from(json)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${json}`)],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${json}`, 'utf16le')],
    ['UTF-16 BE with a mark', swap(Buffer.from(`\ufeff${json}`, 'utf16le'))],
    ['UTF-16 LE without a mark', Buffer.from(json, 'utf16le')],
    ['UTF-16 BE without a mark', swap(Buffer.from(json, 'utf16le'))],
  ])('is read as %s', (_, bytes) => {
    expect(readDocument(file('spec.json', bytes))).toEqual(spec);
  });

  it.each([
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), 'it is UTF-32'],
    ['Latin-1', Buffer.from('{"name":"größe"}', 'latin1'), 'not valid UTF-8'],
    ['half of UTF-16', Buffer.from([0xff, 0xfe, 0x7b, 0, 0x7d]), 'not valid UTF-16LE'],
  ])('that is %s is refused with that reason', (_, bytes, reason) => {
    expect(() => decode(bytes, 'x.json')).toThrow(`x.json cannot be read as text: `);
    expect(() => decode(bytes, 'x.json')).toThrow(reason);
  });

  it.each([
    [join(dir, 'none.json'), 'there is no such file'],
    [dir, 'it is a directory'],
    ['/dev/zero', 'larger than 16 MiB'],
    [file('empty.json', ' \n'), 'is empty'],
  ])('at %s is refused with the reason', (path, reason) => {
    expect(() => readDocument(path)).toThrow(reason);
  });

  it('comes from standard input when it is called -', () => {
    const script = `import { readDocument } from '${join(root, 'cli/document.ts')}';
      process.stdout.write(JSON.stringify(readDocument('-')));`;
    const args = ['--input-type=module', '-e', script];
    for (const input of [json, 'name: drift\nnote: größe 修\ntopics: [{ name: a }]\n']) {
      const { stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' });
      expect(JSON.parse(stdout || '0'), stderr).toEqual(spec);
    }
  });
});

describe('JSON', () => {
  it.each([200, 3_000, 50_000])('of depth %i is refused in a sentence', (depth) => {
    const text = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(() => parseDocument(text, 'x.json')).toThrow(/^x\.json is nested too deeply$/);
  });

  it('may use tabs, and is told with line and column when it is wrong', () => {
    expect(parseDocument('{\n\t"a":\t[1,\n\t\t2]\n}', 'x.json')).toEqual({ a: [1, 2] });
    expect(() => parseDocument('{\n  "a": 1,\n}', 'x.json')).toThrow(
      /^x\.json is not JSON: .*line 3 column 1/,
    );
  });
});

const indented = (depth: number): string =>
  Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');

describe('YAML', () => {
  it.each([`${'- '.repeat(99)}x`, `${'['.repeat(99)}x${']'.repeat(99)}`, indented(99)])(
    'may be nested to a hundred levels (%#)',
    (text) => {
      expect(() => parseDocument(text, 'x.yaml')).not.toThrow();
    },
  );

  it('says the same as JSON, of the example too', () => {
    const at = (name: string) => join(root, 'deploy/examples', name);
    expect(readDocument(at('cluster.yaml'))).toEqual(readDocument(at('cluster.json')));
  });

  it('is of version 1.2, whatever it claims: no, on and 08 are what they look like', () => {
    const text = '%YAML 1.1\n---\na: no\nb: on\nc: 4.3.1\nd: 08\ne: 0x10\nf: true\ng: ~\n';
    const value = { a: 'no', b: 'on', c: '4.3.1', d: 8, e: 16, f: true, g: null };
    expect(parseDocument(text, 'x.yaml')).toEqual(value);
  });

  it('may use anchors', () => {
    expect(parseDocument('a: &x { b: 1 }\nc: *x\n', 'x.yml')).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  const bomb = [
    'a0: &a0 [x, x, x, x, x, x, x, x, x]',
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `a${i}: &a${i} [${Array(9).fill(`*a${i - 1}`)}]`),
  ].join('\n');
  const chain = [
    'a0: &a0 [x]',
    ...Array.from({ length: 5_000 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`),
  ].join('\n');
  const wide = `a: &a [${Array(60_000).fill('x')}]\nb: [${Array(60).fill('*a')}]`;
  it.each([
    ['a tab as indentation', 'a:\n\tb: 1', /line 2, column 1: a tab as indentation/],
    ['a key given twice', 'a: 1\nb: 2\na: 3', /line 3, column 1: a key stands twice/],
    ['two documents', 'a: 1\n---\nb: 2', /line 2, column 1: more than one document/],
    ['an unknown tag', 'a: !vault x', /line 1, column 4: a tag/],
    ['a list as key', '? [a]\n: b', /line 1, column 3: a key that is a mapping or a list/],
    ['an unknown alias', 'a: *nope', /nope/],
    ['a broken line', 'a: b: c', /line 1, column 4: Nested mappings/],
    ['aliases that grow without bound', bomb, /Excessive alias count/],
    ['aliases of much', wide, /stands for too many values/],
    ['depth without bound', '['.repeat(50_000), /nested too deeply/],
    ['lists in lists, line by line', `${'- '.repeat(3_000)}x\n`.repeat(3), /nested too deeply/],
    ['keys of keys', `${'? '.repeat(3_000)}x`, /nested too deeply/],
    ['mappings in mappings', `${'{a: '.repeat(3_000)}1`, /nested too deeply/],
    ['an indentation that grows', indented(1_500), /nested too deeply/],
    ['aliases of aliases', chain, /nested too deeply|Excessive alias count|too many values/],
    ['much depth', `a: ${'['.repeat(200)}${']'.repeat(200)}`, /nested too deeply/],
    ['comments only', '# name: x\n', /comments or `null` only/],
  ])('with %s is refused, with the place', (_, text, message) => {
    expect(() => parseDocument(text, 'x.yaml')).toThrow(message);
  });
});

describe.each(['x.json', 'x.yaml'])('in %s', (name) => {
  it('a key given twice is refused, not overwritten', () => {
    const text = '{"kafka": {"config": {"a": 1,\n "a": 2}}}';
    expect(() => parseDocument(text, name)).toThrow(/line 2, column 2: a key stands twice/);
  });

  it.each(['9007199254740993', '9223372036854775807', '-9007199254740993', '1e300'])(
    '%s is refused by its field, not rounded',
    (number) => {
      const text = `{"topics": [{"config": {"retention.ms": ${number}}}]}`;
      expect(() => parseDocument(text, name)).toThrow(
        /topics\[0\]\.config\["retention\.ms"\]: .* cannot be kept exactly; write it as a string/,
      );
    },
  );

  it.each(['9007199254740993.0', '-9007199254740993e0', '12345678901234567890', '1e999'])(
    '%s is told as it was written',
    (number) => {
      expect(() => parseDocument(`{"a": ${number}}`, name)).toThrow(
        `  a: ${number} cannot be kept exactly`,
      );
    },
  );

  it.each(['9007199254740991', '-1', '0.01', '1e3', '2147483648'])('%s is kept', (number) => {
    expect(parseDocument(`{"a": ${number}}`, name)).toEqual({ a: Number(number) });
  });
});

it('a number that is infinite is no number of JSON', () => {
  const told = /a: \.inf is no number of JSON\n.*b: -\.Inf is no.*\n.*c: \.nan is no/;
  expect(() => parseDocument('a: .inf\nb: -.Inf\nc: .nan', 'x.yaml')).toThrow(told);
});

it('the file that was tried by hand is read', () => {
  const before = readFileSync(join(root, 'deploy/examples/cluster.json'), 'utf8');
  expect(readDocument(file('bom.json', `\ufeff${before}`))).toEqual(JSON.parse(before));
});

/**
 * What the house's rules look at, and how a rule is held: over everything that git knows or would
 * add, and over a planted violation, which it must find. No rules here.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Code, codeOf, type Source } from '../support/code.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

export const read = (file: string): Source => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
});
export const sources = tracked.filter((f) => /\.(ts|mjs|cjs)$/.test(f)).map(read);
export const texts = tracked
  .filter((f) => !/\.(png|json)$/.test(f) || f === 'package.json')
  .map(read);

const parsed = new Map<Source, Code>();
/** The syntax of a source, read once. */
export function syntaxOf(source: Source): Code {
  const code = parsed.get(source) ?? codeOf(source);
  parsed.set(source, code);
  return code;
}

/** Of all sources of the house, by file. */
export const allSyntax = (): Map<string, Code> =>
  new Map(sources.map((s) => [s.file, syntaxOf(s)]));

/** A rule tells what is wrong with a file. */
export type Rule = (source: Source) => string[];

/** A rule holds for the whole house, and finds each of what is planted. */
export function holds(
  name: string,
  rule: Rule,
  planted: Source | Source[],
  all: Source[] = sources,
): void {
  it(name, () => {
    expect(all.flatMap((s) => rule(s).map((what) => `${s.file}: ${what}`))).toEqual([]);
    for (const source of [planted].flat()) {
      expect(rule(source), `planted: ${source.text.slice(0, 80)}`).not.toEqual([]);
    }
  });
}

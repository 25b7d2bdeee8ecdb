/**
 * `npm run stats`: the house in figures, from git's files and their syntax. It prints and judges
 * nothing (test/tidy does). "Source" is all but test; "tables" are data whose length says nothing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Code, codeOf, tables } from '../../test/support/code.ts';
import { cyclesIn, fileGraph, folderGraph } from '../../test/support/code-graph.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pairLines = 10;

interface Measured {
  file: string;
  lines: number;
  code: Code;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function measure(): Measured[] {
  const listed = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((file) => /\.(ts|mjs|cjs)$/.test(file) && existsSync(join(root, file)))
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return { file, lines: text.trimEnd().split('\n').length, code: codeOf({ file, text }) };
    });
}

/** `p50 / p90 / max`, by nearest rank; `-` of nothing. */
function spread(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? '-';
  return [rank(0.5), rank(0.9), rank(1)].join(' / ');
}

const linesOf = (all: Measured[]): number => all.reduce((sum, { lines }) => sum + lines, 0);

/** Tables count as files of their folder, and not by their lines. */
function row(name: string, all: Measured[]): string {
  const counted = all.filter(({ file }) => !tables.includes(file));
  const functions = counted.flatMap(({ code }) => code.functions);
  // Of tests, what `describe` is given holds functions and is none itself.
  const own = functions.filter((f) => !/^describe\b/.test(f.givenTo));
  const cells = [
    name.padEnd(11),
    String(all.length).padStart(5),
    String(linesOf(counted)).padStart(7),
    spread(counted.map(({ lines }) => lines)).padStart(16),
    String(own.length).padStart(10),
    spread(own.map(({ lines }) => lines)).padStart(14),
    spread(own.filter((f) => f.name !== 'arrow').map(({ lines }) => lines)).padStart(14),
  ];
  return cells.join('  ');
}

function cycleText(groups: string[][]): string {
  return groups.length === 0 ? '0' : groups.map((g) => `\n  ${g.join(' ↔ ')}`).join('');
}

/** Where that command is on the machine; it compares lines as text. */
function copies(): string {
  const args = [
    '--repo',
    root,
    '--min-lines',
    String(pairLines),
    '--seconds',
    '60',
    '--most',
    '20',
  ];
  try {
    return execFileSync('duplicates', args, { encoding: 'utf8' }).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'no `duplicates` on PATH';
    throw error;
  }
}

function main(): void {
  const all = measure();
  const topOf = ({ file }: Measured): string =>
    (file.includes('/') ? file.split('/')[0] : '.') ?? '';
  const source = all.filter((m) => topOf(m) !== 'test');
  const tests = all.filter((m) => topOf(m) === 'test');
  const codes = new Map(all.map(({ file, code }) => [file, code]));
  print(
    'folder       files    lines  files p50/90/max   functions    p50/p90/max  named p50/…/max',
  );
  for (const [top, files] of Object.entries(Object.groupBy(source, topOf))) {
    print(row(top, files ?? []));
  }
  print(row('source', source));
  print(row('test', tests));
  const withoutTables = (some: Measured[]) => some.filter(({ file }) => !tables.includes(file));
  const ratio = linesOf(withoutTables(tests)) / linesOf(withoutTables(source));
  print(`tests ÷ source, by lines without tables: ${ratio.toFixed(2)}`);
  print(`cycles of imports, files: ${cycleText(cyclesIn(fileGraph(codes)))}`);
  print(`cycles of imports, folders: ${cycleText(cyclesIn(folderGraph(codes)))}`);
  print(`copies of ${pairLines} lines and more: ${copies()}`);
}

main();

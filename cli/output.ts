/**
 * What every command shares: one JSON document on stdout with --json, messages for people on
 * stderr, and the exit code. 0: done (or: no changes); 1: an error, or the operation did not end
 * well; 2: the plan has changes.
 */
import type { OperationStatus } from '../contracts/operations.ts';
import { CommandError } from './client.ts';

export interface Io {
  out(text: string): void;
  note(text: string): void;
  json: boolean;
}

export function createIo(json: boolean): Io {
  return {
    json,
    out: (text) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => void process.stderr.write(text.endsWith('\n') ? text : `${text}\n`),
  };
}

/** The document with --json, the text otherwise. */
export function show(io: Io, document: unknown, text: string): void {
  io.out(io.json ? JSON.stringify(document, null, 2) : text);
}

const good = ['ready', 'unchanged', 'applied', 'untested', 'destroyed'];

/** 0 only when the operation reached what was asked; a load test must also have passed. */
export function exitCodeOf({ outcome, load }: OperationStatus): number {
  if (outcome === 'tested') return load?.verdict?.verdict === 'pass' ? 0 : 1;
  return outcome && good.includes(outcome) ? 0 : 1;
}

/** Runs a command; errors are shown as text, or as the API's problem with --json. */
export async function run(io: Io, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    process.exitCode = 1;
    const problem = error instanceof CommandError ? error.problem : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (io.json) io.out(JSON.stringify(problem ?? { title: 'Error', detail: message }, null, 2));
    else io.note(`Error: ${message}`);
  }
}

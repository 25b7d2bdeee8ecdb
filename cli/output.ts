/**
 * What every command shares: one JSON document on stdout with --json, messages for people on
 * stderr, and the exit status.
 */
import { endedWell, type OperationStatus } from '../contracts/operation.ts';
import { outcomes } from '../contracts/outcomes.ts';
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

/** What the exit status says; docs/reference/cli.md lists the same. */
export const exitStatuses = {
  done: 0,
  failed: 1,
  /** Of `plan` only. */
  changes: 2,
  interrupted: 130,
} as const;

/** Outcomes with exit status 0, for help and documents. */
export const goodOutcomes = Object.entries(outcomes).flatMap(([name, { good }]) =>
  good ? name : [],
);

/** 0 only when the operation reached what was asked; a load test must also have passed. */
export const exitCodeOf = (status: OperationStatus): number =>
  endedWell(status) ? exitStatuses.done : exitStatuses.failed;

/** Runs a command; errors are shown as text, or as the API's problem with --json. */
export async function run(io: Io, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    process.exitCode = exitStatuses.failed;
    const problem = error instanceof CommandError ? error.problem : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (io.json) io.out(JSON.stringify(problem ?? { title: 'Error', detail: message }, null, 2));
    else io.note(`Error: ${message}`);
  }
}

/**
 * A reader that has seen enough (`| head -1`) ends the program quietly, with the status it has
 * reached. Nobody reading the notes is no reason to stop.
 */
export function endQuietlyWithReaders(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/**
 * Reading a document that a user names: a file, or standard input as `-`. Bytes become text by
 * their byte order mark; what is no text is refused with the reason, never guessed at.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { CommandError } from './client.ts';
import { parseDocument } from './parse.ts';

/** Far above any spec (5,000 topics are about 1 MB); /dev/zero and the like end here. */
const bytesMax = 16 * 1024 * 1024;

/**
 * The JSON or YAML document in `file`; `-` reads standard input to its end. Fails with
 * CommandError naming the file and, where there is one, line and column.
 */
export function readDocument(file: string): unknown {
  const name = file === '-' ? 'standard input' : file;
  return parseDocument(decode(readBytes(file, name), name), name);
}

function readBytes(file: string, name: string): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = file === '-' ? 0 : openSync(file, 'r');
    return readAll(descriptor, name);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot read ${name}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  } finally {
    if (descriptor) closeSync(descriptor);
  }
}

function readAll(descriptor: number, name: string): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; ; ) {
    const chunk = Buffer.alloc(64 * 1024);
    const count = readSome(descriptor, chunk);
    if (count === 0) return Buffer.concat(chunks);
    total += count;
    if (total > bytesMax) throw new CommandError(`${name} is larger than ${bytesMax >> 20} MiB`);
    chunks.push(chunk.subarray(0, count));
  }
}

/** Standard input may be a terminal or pipe that does not block: wait for it, do not fail. */
function readSome(descriptor: number, chunk: Buffer): number {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  reasons[code ?? ''] ?? message;

const marks: [number[], string][] = [
  [[0xff, 0xfe, 0, 0], 'UTF-32'],
  [[0, 0, 0xfe, 0xff], 'UTF-32'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** UTF-8, or UTF-16 when its byte order mark or its zero bytes say so; the mark is dropped. */
export function decode(bytes: Uint8Array, name: string): string {
  const [, marked] = marks.find(([mark]) => mark.every((byte, i) => bytes[i] === byte)) ?? [];
  const encoding = marked ?? unmarked(bytes);
  if (encoding === 'UTF-32') throw notText(name, 'it is UTF-32');
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw notText(name, `it is not valid ${encoding.toUpperCase()}`);
  }
}

/** Documents begin with an ASCII character, so a zero beside it tells UTF-16 and its order. */
function unmarked([first, second]: Uint8Array): string {
  if (second === 0 && first) return 'utf-16le';
  return first === 0 && second ? 'utf-16be' : 'utf-8';
}

const notText = (name: string, why: string): CommandError =>
  new CommandError(`${name} cannot be read as text: ${why}; save it as UTF-8`);

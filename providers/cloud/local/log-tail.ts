/**
 * The end of a log, in few lines that say something: what went wrong, without the stack below it.
 * Reads the end of a file only; never throws, since it explains another failure.
 */
import { closeSync, fstatSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';

const readBytes = 64 * 1024;
const linesMax = 8;
const columnsMax = 400;

/** Lines that tell a reason; Java's `at …` lines and plain information do not. */
const telling = /\b(ERROR|FATAL|Exception|Error|Caused by|cannot|failed|refused|denied|emptied)\b/;
const stack = /^\s+(at |\.\.\. \d+ more)/;

/** The last telling lines, else the last lines at all; '' when there is nothing to read. */
export function tailOf(file: string): string {
  const lines = endOf(file, readBytes)
    .split('\n')
    .filter((line) => line.trim() !== '' && !stack.test(line))
    .map((line) => line.slice(0, columnsMax));
  const reasons = lines.filter((line) => telling.test(line));
  return (reasons.length > 0 ? reasons : lines).slice(-linesMax).join('\n');
}

/** Cuts the file to its last `bytes`. Nothing may write it any more. */
export function keepTail(file: string, bytes: number): void {
  const text = endOf(file, bytes + 1);
  if (text.length <= bytes) return;
  writeFileSync(`${file}.cut`, text.slice(-bytes), { mode: 0o600 });
  renameSync(`${file}.cut`, file);
}

function endOf(file: string, bytes: number): string {
  try {
    const handle = openSync(file, 'r');
    try {
      const { size } = fstatSync(handle);
      const buffer = Buffer.alloc(Math.min(bytes, size));
      const read = readSync(handle, buffer, 0, buffer.length, size - buffer.length);
      return buffer.subarray(0, read).toString();
    } finally {
      closeSync(handle);
    }
  } catch {
    return '';
  }
}

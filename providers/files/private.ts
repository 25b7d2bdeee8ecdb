/**
 * Files that only their owner may read, also where they were made before Asgard came, or by a
 * process with another umask. Never follows a link: it may lead out of what is ours.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes `dir` if it is not there, and sets it to 0700 and the files directly in it to 0600. What is
 * deeper is shut off by that. Safe to repeat, also while others write there.
 */
export function keepPrivate(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  narrow(dir, 0o700);
  for (const name of readdirSync(dir)) keepFilePrivate(join(dir, name));
}

/** Sets a file to 0600; accepts that it is gone, and leaves alone what is no plain file. */
export function keepFilePrivate(path: string): void {
  try {
    if (lstatSync(path).isFile()) narrow(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Only when it must: another's file (a mounted directory) cannot be changed, nor need it be. */
function narrow(path: string, mode: number): void {
  if ((lstatSync(path).mode & 0o777 & ~mode) !== 0) chmodSync(path, mode);
}

/**
 * A small disk of its own for a test, so that it can really be full (ENOSPC) without harm to the
 * machine: a tmpfs, which only root can mount. Never anything but a new directory is mounted on.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whenThisProcessEnds } from './processes.ts';

export interface SmallDisk {
  /** Fills it to its last byte. */
  fill(): void;
  /** Gives the space back. Safe to repeat. */
  free(): void;
  unmount(): void;
}

/** The disk at `dir`, which is made; or why there can be none. Unmounted also after a crash. */
export function mountSmallDisk(dir: string, sizeMiB: number): SmallDisk | string {
  if (process.getuid?.() !== 0) return 'only root can mount a small disk';
  mkdirSync(dir, { recursive: true });
  const options = ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=700`, 'tmpfs', dir];
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' });
  if (status !== 0) return `no small disk: ${error?.message ?? stderr.trim()}`;
  whenThisProcessEnds('cat > /dev/null; umount -l "$1"', dir);
  const ballast = join(dir, 'ballast');
  return {
    fill: () => fill(ballast),
    free: () => rmSync(ballast, { force: true }),
    unmount: () => void spawnSync('umount', ['-l', dir]),
  };
}

function fill(ballast: string): void {
  writeFileSync(ballast, '');
  for (let size = 8 * 1024 * 1024; size >= 1; size = Math.floor(size / 8)) {
    const block = Buffer.alloc(size);
    try {
      for (;;) appendFileSync(ballast, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** Lines appended whole or not at all: whoever reads the file never meets half of one. */
import { open } from 'node:fs/promises';

/**
 * Appends one line by one write (0600 when it makes the file). A disk that is full takes a part of
 * it: that part is taken back, unless another writer has come after it, and the call rejects.
 */
export async function appendLine(file: string, line: string): Promise<void> {
  const bytes = Buffer.from(`${line}\n`);
  const handle = await open(file, 'a', 0o600);
  try {
    const { size } = await handle.stat();
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten === bytes.length) return;
    if ((await handle.stat()).size === size + bytesWritten) await handle.truncate(size);
    throw new Error(`${file}: only ${bytesWritten} of ${bytes.length} bytes could be written`);
  } finally {
    await handle.close();
  }
}

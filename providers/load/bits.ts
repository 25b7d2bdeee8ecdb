/**
 * One bit a record, by sequence: what was acknowledged, what was found. In shared memory, so that
 * two threads and their director see the same; each map has one writer.
 */

/** Most records of one run, search and warm-up included; the generator refuses to send more. */
export const recordsMax = 1 << 29;

/** Memory is touched, and so used, only where bits are set. */
export const newBitmap = (): SharedArrayBuffer => new SharedArrayBuffer(recordsMax >> 3);

/** Sets the bit; false when it was set before. `index` must be below `recordsMax`. */
export function setBit(bits: Uint8Array, index: number): boolean {
  const byte = index >> 3;
  const mask = 1 << (index & 7);
  const before = bits[byte] ?? 0;
  bits[byte] = before | mask;
  return (before & mask) === 0;
}

const ones = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** Bits of a byte that lie in `from` (inclusive) to `to` (exclusive). */
function maskOf(byte: number, from: number, to: number): number {
  const low = Math.max(0, from - byte * 8);
  const high = Math.min(8, to - byte * 8);
  return high <= low ? 0 : ((1 << high) - 1) & ~((1 << low) - 1);
}

/** How many bits of a range are set in `a` and, if `b` is given, also in `b`. */
export function countBits(range: { from: number; to: number }, a: Uint8Array, b?: Uint8Array) {
  const { from, to } = range;
  let count = 0;
  for (let byte = from >> 3; byte << 3 < to; byte++) {
    const both = (a[byte] ?? 0) & (b ? (b[byte] ?? 0) : 255) & maskOf(byte, from, to);
    count += ones[both] ?? 0;
  }
  return count;
}

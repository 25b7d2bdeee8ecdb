/**
 * What a load test's record says of itself: which run, which number, and when it was meant to
 * leave. Layout: 8 bytes run, 8 bytes sequence, 8 bytes intended time (µs, double), then filler.
 */
import { createHash } from 'node:crypto';

const headerBytes = 24;

/** 8 bytes that tell runs apart. */
export const runMark = (runId: string): bigint =>
  createHash('sha256').update(runId).digest().readBigUInt64BE();

/**
 * Microseconds of the machine's monotonic clock. All threads and processes of one machine share it,
 * so that publish and consume times can be subtracted.
 */
export const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

/** A record of `template`'s size; the template carries the run's mark and filler. */
export function encodeRecord(template: Buffer, sequence: number, intendedUs: number): Buffer {
  const record = Buffer.from(template);
  record.writeDoubleBE(sequence, 8);
  record.writeDoubleBE(intendedUs, 16);
  return record;
}

/** A record without number and time, with filler that does not compress to nothing. */
export function recordTemplate(r: { mark: bigint; messageBytes: number }): Buffer {
  const template = Buffer.alloc(Math.max(r.messageBytes, headerBytes));
  for (let i = headerBytes; i < template.length; i++)
    template[i] = (i * 131 + (i >> 3) * 17) & 0xff;
  template.writeBigUInt64BE(r.mark, 0);
  return template;
}

/** Undefined for a record of another run. */
export function decodeRecord(
  value: Buffer,
  mark: bigint,
): { sequence: number; intendedUs: number } | undefined {
  if (value.length < headerBytes || value.readBigUInt64BE(0) !== mark) return undefined;
  return { sequence: value.readDoubleBE(8), intendedUs: value.readDoubleBE(16) };
}

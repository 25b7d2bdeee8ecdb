/**
 * Publish rates as people write them: `5MB/s`, `500KB/s`, `2000msg/s`, `max`. Pure. Byte rates
 * count the values only, in decimal units, and never round: 1 MB/s of 1024 B is 976.5625 records/s.
 */

export type Rate = { kind: 'fixed'; recordsPerS: number } | { kind: 'max' };
export interface BadSyntax {
  error: string;
  remedy: string;
}

/** Decimal units, as network rates are written: 1 MB = 10^6 bytes. */
export const byteUnits: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

const pattern = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|msg)\/s$/;

/** A rate in records per second for messages of `messageBytes`; or what is wrong with the text. */
export function parseRate(text: string, messageBytes: number): Rate | BadSyntax {
  if (text === 'max') return { kind: 'max' };
  const match = pattern.exec(text);
  const amount = Number(match?.[1]);
  const unit = match?.[2];
  if (!unit || !(amount > 0)) {
    return {
      error: `\`${text}\` is not a rate`,
      remedy: 'write for example `5MB/s`, `2000msg/s` or `max`',
    };
  }
  const recordsPerS = unit === 'msg' ? amount : (amount * (byteUnits[unit] ?? 1)) / messageBytes;
  return { kind: 'fixed', recordsPerS };
}

/** What a generator is told to send: records a second, or `max`. Throws when it is no rate. */
export function goalOf(load: { rate: string; messageBytes: number }): number | 'max' {
  const rate = parseRate(load.rate, load.messageBytes);
  if ('error' in rate) throw new Error(rate.error);
  return rate.kind === 'max' ? 'max' : rate.recordsPerS;
}

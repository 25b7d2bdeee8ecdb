/** Calls to Temporal that end in time: gRPC's own retries overrun a deadline by a second. */
import type { Client } from '@temporalio/client';

/** The call was still being tried when its time was up. */
export class LateError extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
    this.name = 'LateError';
  }
}

/** What `work` answers; rejects with `LateError` at the latest after `ms`. */
export async function inTime<T>(client: Client, ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // A little later than gRPC's, whose own error says more.
    timer = setTimeout(() => reject(new LateError(ms)), ms + 50);
  });
  try {
    return await Promise.race([client.withDeadline(Date.now() + ms, work), late]);
  } finally {
    clearTimeout(timer);
  }
}

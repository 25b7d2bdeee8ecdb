/** How the API connects to Temporal: lazily, and with retries that end before a caller gives up. */
import {
  Connection,
  type ConnectionOptions,
  isRetryableError,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

const triesMax = 4;

/**
 * A connection that is made at the first call. A failed call is tried again for about 0.6 s, enough
 * for a connection that broke; the SDK's own retries go on for many seconds, also past a deadline.
 */
export const connectLazily = (options: ConnectionOptions): Connection =>
  Connection.lazy({
    ...options,
    interceptors: [
      makeGrpcRetryInterceptor({
        retryableDecider: (attempt, status) => attempt < triesMax && isRetryableError(status),
        delayFunction: (attempt) => attempt * 100,
      }),
    ],
  });

/**
 * What becomes of errors and of time inside an activity: types of the catalogue, tried again
 * exactly where that can help, heartbeats with what is being done, and an early end when cancelled.
 */
import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import { failure, finalFailure, translate } from '../../activities/lib/failure.ts';
import { beating, pause } from '../../activities/lib/heartbeat.ts';
import { errorCatalogue } from '../../contracts/errors.ts';
import { CloudError, type CloudErrorCode } from '../../providers/cloud/cloud.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import { SecretStoreError } from '../../providers/secrets/secrets.ts';
import { environment, run } from '../support/activity-lab.ts';

const cloudErrors: [CloudErrorCode, string, boolean][] = [
  ['IdempotentParameterMismatch', 'ProviderRefused', true],
  ['IdempotentResourceGone', 'ProviderRefused', true],
  ['NotFound', 'ProviderUnavailable', false],
  ['InvalidState', 'ProviderUnavailable', false],
  ['InvalidParameter', 'ProviderRefused', true],
  ['CapacityExceeded', 'ProviderRefused', true],
  ['Throttled', 'Throttled', false],
  ['Unavailable', 'ProviderUnavailable', false],
];
const kafkaErrors: [KafkaError['code'], string, boolean][] = [
  ['unavailable', 'KafkaUnavailable', false],
  ['unauthorized', 'KafkaUnavailable', false],
  ['refused', 'KafkaRefused', true],
];

describe('an error', () => {
  it.each(cloudErrors)('of the cloud, %s, is %s (final: %s)', async (code, type, final) => {
    const failed = run(() => beating(() => Promise.reject(new CloudError(code, 'said'))));
    await expect(failed).rejects.toMatchObject({ type, nonRetryable: final, message: 'said' });
  });

  it.each(kafkaErrors)('of Kafka, %s, is %s (final: %s)', async (code, type, final) => {
    const failed = run(() => beating(() => Promise.reject(new KafkaError(code, 'said'))));
    await expect(failed).rejects.toMatchObject({ type, nonRetryable: final, message: 'said' });
  });

  it('of the secret store that does not mend itself is ProviderRefused, in its own words', async () => {
    const failed = run(() => beating(() => Promise.reject(new SecretStoreError('said'))));
    const refused = { type: 'ProviderRefused', nonRetryable: true, message: 'said' };
    await expect(failed).rejects.toMatchObject(refused);
  });

  it('of any other kind passes as it is', () => {
    const error = new TypeError('a fault of ours');
    expect(translate(error)).toBe(error);
  });

  it('made by type is final exactly when the catalogue says so', () => {
    for (const [type, { retryable }] of Object.entries(errorCatalogue)) {
      expect(failure(type as keyof typeof errorCatalogue, 'm').nonRetryable).toBe(!retryable);
    }
    expect(finalFailure('KafkaUnavailable', 'm').nonRetryable).toBe(true);
  });
});

describe('an activity', () => {
  it('heartbeats at once and every second, with the last text said', async () => {
    vi.useFakeTimers();
    try {
      const beats: unknown[] = [];
      const work = ({ signal, say }: Parameters<Parameters<typeof beating>[0]>[0]) => {
        say('waiting for main-0');
        return pause(2_500, signal);
      };
      const done = run(() => beating(work), { beats });
      await vi.advanceTimersByTimeAsync(2_600);
      await done;
      expect(beats).toEqual([undefined, 'waiting for main-0', 'waiting for main-0']);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(beats).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends at once when it is cancelled, as cancelled and not as failed', async () => {
    const env = environment();
    const ended = run(() => beating(({ signal }) => pause(60_000, signal)), { env });
    env.cancel();
    await expect(ended).rejects.toBeInstanceOf(CancelledFailure);
  });

  it('that fails because it was cancelled is cancelled too', async () => {
    const env = environment();
    const ended = run(
      () =>
        beating(async ({ signal }) => {
          await pause(60_000, signal).catch(() => undefined);
          throw new CloudError('Unavailable', 'the connection was closed');
        }),
      { env },
    );
    env.cancel();
    await expect(ended).rejects.toBeInstanceOf(CancelledFailure);
  });
});

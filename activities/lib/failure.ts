/**
 * The one place where provider errors become Temporal failures. Types come from the error
 * catalogue; what may succeed later stays retryable, what cannot is final at once.
 */
import { ApplicationFailure } from '@temporalio/common';
import { type ErrorType, errorCatalogue } from '../../contracts/errors.ts';
import { CloudError, type CloudErrorCode } from '../../providers/cloud/cloud.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import { SecretStoreError } from '../../providers/secrets/secrets.ts';

const cloudTypes: Record<CloudErrorCode, ErrorType> = {
  IdempotentParameterMismatch: 'ProviderRefused',
  IdempotentResourceGone: 'ProviderRefused',
  NotFound: 'ProviderUnavailable', // Eventual visibility: just made things may not show yet.
  InvalidState: 'ProviderUnavailable', // States change on their own; a later try may find the right one.
  InvalidParameter: 'ProviderRefused',
  CapacityExceeded: 'ProviderRefused',
  Throttled: 'Throttled',
  Unavailable: 'ProviderUnavailable',
};

const kafkaTypes: Record<KafkaError['code'], ErrorType> = {
  unavailable: 'KafkaUnavailable',
  unauthorized: 'KafkaUnavailable', // SCRAM credentials replicate; a node may lag for a moment.
  refused: 'KafkaRefused',
};

/** A failure of a catalogue type. Retryable or not by the catalogue. */
export function failure(type: ErrorType, message: string, details?: unknown): ApplicationFailure {
  return make(type, message, { final: !errorCatalogue[type].retryable, details });
}

/**
 * A failure that the activity does not repeat, though it may pass: the operation decides what must
 * happen first.
 */
export const finalFailure = (type: ErrorType, message: string): ApplicationFailure =>
  make(type, message, { final: true });

function make(
  type: ErrorType,
  message: string,
  { final, details }: { final: boolean; details?: unknown },
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: final,
    ...(details === undefined ? {} : { details: [details] }),
  });
}

/** Maps what a provider threw; anything unknown passes through and is retried as it is. */
export function translate(error: unknown): unknown {
  if (error instanceof CloudError) return failure(cloudTypes[error.code], error.message);
  if (error instanceof KafkaError) return failure(kafkaTypes[error.code], error.message);
  if (error instanceof SecretStoreError) return failure('ProviderRefused', error.message);
  return error;
}

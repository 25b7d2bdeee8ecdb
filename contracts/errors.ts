/**
 * The error catalogue: every error type a user can meet, in a workflow failure, an HTTP problem or
 * on the command line. docs/reference/errors.md lists exactly these (test/tidy.test.ts checks).
 */

export interface ErrorEntry {
  /** HTTP status of the API's problem+json. */
  status: number;
  title: string;
  /** What the user can do about it. */
  remedy: string;
  /** True when the same call may succeed later without a change. */
  retryable: boolean;
}

const entry = (status: number, title: string, remedy: string, retryable = false): ErrorEntry => ({
  status,
  title,
  remedy,
  retryable,
});

export const errorCatalogue = {
  InvalidInput: entry(400, 'The input breaks a rule', 'Mend the fields named in `violations`.'),
  Unauthorized: entry(401, 'No valid token', 'Send `Authorization: Bearer <token>`.'),
  NotFound: entry(404, 'No such thing', 'Check the name; `asgard status` lists the clusters.'),
  Forgotten: entry(
    409,
    'The cluster stands, and nothing is known of it any more',
    'Apply its spec to take it over, or lift its protection and destroy it.',
  ),
  OperationRunning: entry(
    409,
    'Another operation holds the cluster',
    'Wait for the operation named in `operationId`, or abort it.',
    true,
  ),
  IdempotencyKeyReused: entry(
    422,
    'This Idempotency-Key came with another body before',
    'Use a new key for a new request.',
  ),
  PlanStale: entry(
    409,
    'The cluster is no longer as it was when the plan was made',
    'Make a new plan, read it and approve its digest.',
  ),
  DigestMismatch: entry(
    409,
    'The approval names another plan',
    'Read the present plan and approve its digest.',
  ),
  NotAwaiting: entry(
    409,
    'The operation is not at a point where this can be done',
    'Look at `asgard status <cluster>` for its phase.',
  ),
  Protected: entry(
    409,
    'The cluster is protected from deletion',
    'Lift the protection first: `asgard protect <cluster> --off`.',
  ),
  ConfirmationMismatch: entry(
    400,
    'The confirmation does not repeat the cluster name',
    'Give the exact name of the cluster in `confirm`.',
  ),
  RolledBack: entry(
    500,
    'A step failed and everything was undone',
    'Mend the cause and run again.',
  ),
  Held: entry(
    500,
    'The operation stopped and left something in place',
    'Read the reason, mend it, and apply again: the next plan starts from what is there.',
  ),
  Aborted: entry(409, 'The operation was aborted and undone', 'Start it again when wanted.'),
  Throttled: entry(429, 'The provider asks to slow down', 'None: it is retried.', true),
  ProviderUnavailable: entry(503, 'The provider did not answer', 'None: it is retried.', true),
  ProviderRefused: entry(
    502,
    'The provider refused the call',
    'Read the message; it names the parameter.',
  ),
  KafkaUnavailable: entry(503, 'Kafka did not answer', 'None: it is retried.', true),
  KafkaRefused: entry(502, 'Kafka refused the request', 'Read the message; it is Kafka’s own.'),
  NodeNotReady: entry(
    504,
    'A node did not become ready in time',
    'Read the instance log named in the message.',
  ),
  LoadTestBroken: entry(
    500,
    'The load test could not be run',
    'Read the message and run it again.',
    true,
  ),
  Unavailable: entry(
    503,
    'Temporal or its workers are away',
    'Start them with `npm start` and try again.',
    true,
  ),
  NoAnswer: entry(
    504,
    'Temporal is there, and did not answer in time',
    'Repeat the request; if it stays so, look at the load and the logs of the workers.',
    true,
  ),
  TemporalBusy: entry(503, 'Temporal asks to slow down', 'Repeat the request in a while.', true),
  TemporalRefused: entry(
    502,
    'Temporal refused the call',
    'Read the message; it is Temporal’s own. Check the namespace and the credentials of the API.',
  ),
  SearchAttributesMissing: entry(
    503,
    'The Temporal namespace lacks search attributes',
    'Add those named: `temporal operator search-attribute create --name NAME --type Keyword`.',
  ),
  TooLarge: entry(
    422,
    'A message is larger than Temporal carries',
    'Ask for less at once, for example fewer topics in one spec.',
  ),
  WorkflowStuck: entry(
    500,
    'A workflow cannot go on',
    'Read its failure; it goes on by itself once workers with a mended version run.',
  ),
  Terminated: entry(
    409,
    'The operation was terminated',
    'Nothing was undone: look at `asgard status <cluster>`, and apply again to go on.',
  ),
  Internal: entry(500, 'An error inside Asgard', 'Report it with the operation id.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorType = keyof typeof errorCatalogue;

/**
 * RFC 9457 problem+json from the error catalogue. Every error that leaves the API goes through
 * here, so that no stack and no secret does.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorType, errorCatalogue } from '../contracts/errors.ts';
import type { Problem as ProblemDocument } from '../contracts/http.ts';
import type { Violation } from '../contracts/spec.ts';
import { clip } from '../contracts/text.ts';

export interface ProblemDetails {
  violations?: Violation[];
  operationId?: string;
  /** In place of the catalogue's, where the case itself has a better one. */
  remedy?: string;
}

/** An error of the catalogue on its way to a client. */
export class Problem extends Error {
  readonly type: ErrorType;
  readonly details: ProblemDetails;
  /** Set for the HTTP errors of the framework, whose status is more exact than the catalogue's. */
  readonly status: number;

  /** `cause` is for the log only: it never leaves the API. */
  constructor(
    type: ErrorType,
    detail: string,
    details: ProblemDetails & { status?: number; cause?: unknown } = {},
  ) {
    const { status, cause, ...rest } = details;
    super(detail, cause === undefined ? undefined : { cause });
    this.type = type;
    this.details = rest;
    this.status = status ?? errorCatalogue[type].status;
  }
}

/** The body of the answer. `instance` is the request's path. */
function problemBody(problem: Problem, instance: string): ProblemDocument {
  const { title, remedy } = errorCatalogue[problem.type];
  // The catalogue's remedy of an invalid input speaks of its violations.
  const untold = problem.type === 'InvalidInput' && !problem.details.violations;
  return {
    type: `urn:asgard:error:${problem.type}`,
    title,
    status: problem.status,
    detail: problem.message,
    instance,
    remedy: untold ? 'Mend what `detail` names.' : remedy,
    ...problem.details,
  };
}

/** Fastify's error handler: its own errors (bad JSON, size, media type) become problems too. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error);
  if (problem.status >= 500) request.log.error({ err: problem }, 'request failed');
  // RFC 9110: a 401 says how to authenticate.
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="asgard"');
  void reply
    .status(problem.status)
    .type('application/problem+json')
    .send(problemBody(problem, clip(request.url.split('?')[0] ?? '', echoMax)));
}

/** Of what a client sent no more than this comes back. */
const echoMax = 300;

interface FrameworkError {
  code?: string;
  statusCode?: number;
  message?: string;
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code = '', statusCode: status, message } = error as FrameworkError;
  if (!status || status < 400 || status >= 500) {
    const detail = 'an unexpected error; the log has the details';
    return new Problem('Internal', detail, { cause: error });
  }
  const detail = clip(message ?? 'bad request', echoMax);
  const known = error instanceof SyntaxError ? frameworkErrors.badJson : frameworkErrors[code];
  return new Problem('InvalidInput', known?.detail ?? detail, {
    status,
    ...(known ? { remedy: known.remedy } : {}),
  });
}

interface Told {
  remedy: string;
  /** In place of the framework's own words, where those leave out what counts. */
  detail?: string;
}

const badJson: Told = { remedy: 'Send one JSON document (RFC 8259), whole and in UTF-8.' };
const tooLong: Told = { remedy: 'Shorten the path: names and keys are far shorter.' };
/** What can be done about what Fastify refuses, by its code. */
const frameworkErrors: Record<string, Told> & { badJson: Told } = {
  badJson,
  FST_ERR_CTP_INVALID_JSON_BODY: badJson,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    remedy: 'Send JSON, with the header `content-type: application/json`.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    detail: 'the body is larger than 1 MiB (1,048,576 bytes)',
    remedy: 'Send at most 1 MiB, for example fewer topics in one spec.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    remedy: 'Send as many bytes as the header `content-length` says.',
  },
  FST_ERR_BAD_URL: {
    remedy: 'Encode the path: after each `%` two hexadecimal digits, together UTF-8.',
  },
  FST_ERR_MAX_PARAM_LENGTH: tooLong,
};

/** What Node's HTTP parser refuses before there is a request, by its code. */
const clientErrors: Record<string, [number, string, string]> = {
  HPE_HEADER_OVERFLOW: [431, 'the headers are larger than 16 KiB', 'Send shorter headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    'the request did not arrive in time',
    'Send the whole request without a pause.',
  ],
};

/** Answers what never became a request, and closes the connection. */
export function sendClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, detail, remedy] = clientErrors[error.code ?? ''] ?? [
    400,
    'this is no HTTP request',
    'Send an HTTP/1.1 request.',
  ];
  const body = JSON.stringify(
    problemBody(new Problem('InvalidInput', detail, { status, remedy }), ''),
  );
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

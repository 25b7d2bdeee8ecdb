/**
 * RFC 9457 problem+json from the error catalogue. Every error that leaves the API goes through
 * here, so that no stack and no secret does.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorType, errorCatalogue } from '../contracts/errors.ts';
import type { Problem as ProblemDocument } from '../contracts/http.ts';
import type { Violation } from '../contracts/spec.ts';

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
  return {
    type: `urn:asgard:error:${problem.type}`,
    title,
    status: problem.status,
    detail: problem.message,
    instance,
    remedy,
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
    .send(problemBody(problem, request.url.split('?')[0] ?? request.url));
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode && statusCode >= 400 && statusCode < 500) {
    return new Problem('InvalidInput', message ?? 'bad request', { status: statusCode });
  }
  return new Problem('Internal', 'an unexpected error; the log has the details', { cause: error });
}

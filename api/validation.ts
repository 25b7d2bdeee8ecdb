/**
 * Fastify's validation by the contracts' own schemas: bodies and queries are checked by the route's
 * schema, typed by it, and refused with field, rule, message and remedy.
 */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  FastifySchemaCompiler,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { QueueName } from '../contracts/names.ts';
import type { Violation } from '../contracts/spec.ts';
import { checkInput } from '../domain/cluster/rules.ts';
import { Problem } from './problem.ts';

interface ByTypeBox extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

/** The API with routes typed by their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ByTypeBox
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Queues that must be polled before the handler runs; else 503. */
    needs?: readonly QueueName[];
    /** Rules that a schema cannot say; run before any worker is asked. Throws the refusal. */
    rules?: (request: FastifyRequest) => void;
  }
}

/** No body counts as an empty one, so that routes whose fields are optional need none. */
export const compileSchema: FastifySchemaCompiler<TSchema> =
  ({ schema }) =>
  (given: unknown) => {
    const value = given ?? {};
    const violations = checkInput(schema, value);
    return violations.length > 0 ? { error: refusal(violations) } : { value };
  };

/** Throws 400 with all of them, unless there are none. */
export function refuse(violations: Violation[]): void {
  if (violations.length > 0) throw refusal(violations);
}

function refusal(violations: Violation[]): Problem {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return new Problem('InvalidInput', `${first?.field}: ${first?.message}${more}`, { violations });
}

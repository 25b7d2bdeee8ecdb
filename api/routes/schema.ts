/** What every route tells the OpenAPI document: its body, its answer, and its problems. */
import { type TSchema, Type } from 'typebox';
import { Problem } from '../../contracts/http.ts';

interface Parts<B extends TSchema, Q extends TSchema> {
  body?: B;
  querystring?: Q;
  /** The body of the good answer. */
  answer: TSchema;
  /** Its status; default 200. */
  status?: number;
}

/** A route's entry in the OpenAPI document, and the schemas that its requests are held against. */
export function doc<B extends TSchema = TSchema, Q extends TSchema = TSchema>(
  tag: string,
  summary: string,
  { body, querystring, answer, status = 200 }: Parts<B, Q>,
): { body: B; querystring: Q } {
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: Problem } },
  });
  const schema = {
    tags: [tag],
    summary,
    ...(body ? { body } : {}),
    ...(querystring ? { querystring } : {}),
    response: {
      [status]: { description: 'Done', content: { 'application/json': { schema: answer } } },
      400: problem('A field breaks a rule'),
      401: problem('No valid token'),
      404: problem('No such thing'),
      409: problem('Not now: running, stale, protected, terminated or not awaited'),
      503: problem('Temporal or workers are away'),
      504: problem('Temporal is there, and did not answer in time'),
    },
  };
  // Absent parts are absent; the type only names those that the caller gave.
  return schema as unknown as { body: B; querystring: Q };
}

/** For routes without fields: no body, or an empty object. */
export const NoBody = Type.Object({}, { additionalProperties: false });

/** A stream of server-sent events has no schema. */
export const Stream = Type.Unknown({ description: 'text/event-stream' });

/** OpenAPI parts shared by the routes. */
import { type TSchema, Type } from 'typebox';

const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    remedy: Type.String(),
    violations: Type.Optional(
      Type.Array(
        Type.Object({
          field: Type.String(),
          rule: Type.String(),
          message: Type.String(),
          remedy: Type.String(),
        }),
      ),
    ),
    operationId: Type.Optional(Type.String()),
  },
  { description: 'RFC 9457 problem details' },
);

/** A route's entry in the OpenAPI document. */
export function doc(
  tag: string,
  summary: string,
  { body, status = 200 }: { body?: TSchema; status?: number } = {},
) {
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: Problem } },
  });
  return {
    tags: [tag],
    summary,
    ...(body ? { body } : {}),
    response: {
      [status]: { description: 'Done', content: { 'application/json': { schema: {} } } },
      400: problem('A field breaks a rule'),
      401: problem('No valid token'),
      404: problem('No such thing'),
      409: problem('Not now: running, stale, protected or not awaited'),
      503: problem('Temporal or workers are away'),
    },
  };
}

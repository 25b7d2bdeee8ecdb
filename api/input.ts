/**
 * Reading requests: bodies against contracts, names, and the key that makes a request repeatable.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { SubmitInput } from '../contracts/cluster.ts';
import { operationWorkflowId } from '../contracts/names.ts';
import type { OperationDefinition } from '../contracts/operation.ts';
import type { ProvisionInput } from '../contracts/services/odin.ts';
import type { Violation } from '../contracts/spec.ts';
import { checkInput, checkSpec } from '../domain/cluster/rules.ts';
import { digestOf } from '../domain/lib/digest.ts';
import { operationKey } from '../domain/lib/operation-key.ts';
import { Problem } from './problem.ts';

/** The body, when it has the shape of `schema`; else 400 naming every bad field. */
export function bodyOf<T>(schema: TSchema, body: unknown): T {
  refuse(checkInput(schema, body ?? {}));
  return body as T;
}

/** Throws 400 unless the spec keeps every rule. `prefix` is where the spec is in the body. */
export function requireSpec(spec: unknown, prefix: string): void {
  const { violations } = checkSpec(spec);
  refuse(violations.map((v) => ({ ...v, field: `${prefix}.${v.field}` })));
}

function refuse(violations: Violation[]): void {
  const [first] = violations;
  if (!first) return;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  throw new Problem('InvalidInput', `${first.field}: ${first.message}${more}`, { violations });
}

const namePattern = /^[a-z][a-z0-9-]{0,39}$/;

/** The cluster's name from the path; a name that no cluster can have is 404. */
export function nameOf(request: FastifyRequest): string {
  const { name } = request.params as { name: string };
  if (!namePattern.test(name))
    throw new Problem('NotFound', `no cluster can be called \`${name}\``);
  return name;
}

/** The operation's workflow id from the path. */
export function operationIdOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  if (!/^[\w.-]{1,200}$/.test(id)) throw new Problem('NotFound', `no operation \`${id}\``);
  return operationWorkflowId('odin', nameOf(request), id);
}

const keyPattern = /^[\x21-\x7e]{1,255}$/;

interface Asked {
  cluster: string;
  definition: Pick<OperationDefinition, 'service' | 'type'>;
  input: { requester?: string };
}

/** What the entity is told; the same Idempotency-Key makes the same operation id. */
export function submission(
  request: FastifyRequest,
  { cluster, definition, input }: Asked,
): SubmitInput {
  const { service, type } = definition;
  const given = request.headers['idempotency-key'];
  if (given !== undefined && (typeof given !== 'string' || !keyPattern.test(given))) {
    throw new Problem('InvalidInput', 'Idempotency-Key: 1 to 255 visible ASCII characters');
  }
  const key = given ? operationKey(type, given) : `${type}-${randomBytes(5).toString('hex')}`;
  // A guard, not part of what is asked for: whoever asks again has made a plan of a changed world.
  const { expectDigest: _, ...asked } = input as ProvisionInput;
  return {
    operationId: operationWorkflowId(service, cluster, key),
    type,
    input,
    requester: input.requester ?? 'api',
    requestDigest: digestOf({ type, input: asked }),
  };
}

/**
 * Reading requests: names and ids in paths, load tests, and the key that makes a request
 * repeatable. Shapes are checked before, by the routes' schemas (validation.ts).
 */
import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { SubmitInput } from '../contracts/cluster.ts';
import { operationWorkflowId, type QueueName } from '../contracts/names.ts';
import type { OperationDefinition } from '../contracts/operation.ts';
import type { ProvisionInput } from '../contracts/services/odin.ts';
import type { ClusterSpec, LoadSpec } from '../contracts/spec.ts';
import { checkLoad } from '../domain/cluster/load-rules.ts';
import { normalise } from '../domain/cluster/normalise.ts';
import { checkSpec, providers } from '../domain/cluster/rules.ts';
import { digestOf } from '../domain/lib/digest.ts';
import { operationKey } from '../domain/lib/operation-key.ts';
import { Problem } from './problem.ts';
import { refuse } from './validation.ts';

/** Queues that must be polled before an answer can come. */
export const readNeeds: readonly QueueName[] = ['workflows'];
export const planNeeds: readonly QueueName[] = ['workflows', 'cloud', 'kafka'];
export const needsOf = ({ queues }: Pick<OperationDefinition, 'queues'>): readonly QueueName[] => [
  'workflows',
  ...queues,
];

/** Throws 400 unless the spec keeps every rule. `prefix` is where the spec is in the body. */
export function requireSpec(spec: unknown, prefix: string): void {
  if (spec === undefined) {
    refuse([{ field: prefix, rule: 'required', message: 'is missing', remedy: 'add it' }]);
  }
  const { violations } = checkSpec(spec);
  refuse(violations.map((v) => ({ ...v, field: `${prefix}.${v.field}` })));
}

/** Throws 400 unless the field holds a name that a cluster can have. */
export function requireName(field: string, name: string | undefined): void {
  if (name === undefined) {
    refuse([{ field, rule: 'required', message: 'is missing', remedy: 'give the cluster’s name' }]);
  } else if (!namePattern.test(name)) {
    const remedy = 'give the name of a cluster';
    refuse([{ field, rule: 'name', message: `no cluster can be called \`${name}\``, remedy }]);
  }
}

/** Throws 400 unless a provider that was named can be one. */
export function requireProvider(provider: string | undefined): void {
  if (provider === undefined || providers.includes(provider)) return;
  const remedy = `use ${providers.join(' or ')}, or leave it out: every provider is then asked`;
  const message = `there is no provider \`${provider}\``;
  refuse([{ field: 'provider', rule: 'provider', message, remedy }]);
}

/** Throws 400 unless the load keeps the rules that hold for every cluster. */
export function requireLoad(load: LoadSpec | undefined): void {
  if (!load) return;
  // Without nodes: a rule on the number of brokers has nothing to say yet.
  const anywhere = { name: 'any', kafka: { version: '' }, nodes: [], loadTest: load };
  refuse(checkLoad(normalise(anywhere)).map((v) => ({ ...v, field: loadField(v.field) })));
}

/** Throws 400 unless the cluster as it stands can be tested like that. */
export function requireLoadOn(spec: ClusterSpec | undefined, load: LoadSpec | undefined): void {
  if (!spec) return; // The workflow knows better; there is nothing to hold the load against.
  if (!load && spec.loadTest === false) {
    const remedy = 'give `load`, or a gate in the spec';
    const message = 'the cluster has no gate of its own';
    refuse([{ field: 'load', rule: 'required', message, remedy }]);
  }
  if (!load) return;
  const { violations } = checkSpec({ ...spec, loadTest: load });
  refuse(
    violations
      .filter((v) => v.field.startsWith('loadTest'))
      .map((v) => ({ ...v, field: loadField(v.field) })),
  );
}

const loadField = (field: string): string => field.replace(/^loadTest/, 'load');

const namePattern = /^[a-z][a-z0-9-]{0,39}$/;
const servicePattern = /^[a-z]{1,40}$/;
const keyPattern = /^[\w.-]{1,200}$/;

interface Path {
  name?: string;
  service?: string;
  cluster?: string;
  key?: string;
}

/** A path that names nothing that can be is 404 before anything else is looked at. */
export async function requirePath(request: FastifyRequest): Promise<void> {
  const { name, service, cluster, key } = (request.params ?? {}) as Path;
  const wrong = [name, cluster].find((n) => n !== undefined && !namePattern.test(n));
  if (wrong !== undefined) throw new Problem('NotFound', `no cluster can be called \`${wrong}\``);
  if (service === undefined || key === undefined) return;
  if (!servicePattern.test(service) || !keyPattern.test(key)) {
    throw new Problem('NotFound', `no operation can be called \`${service}/${cluster}/${key}\``);
  }
}

/** The cluster's name from the path. */
export const nameOf = (request: FastifyRequest): string => (request.params as Path).name ?? '';

/** The operation's workflow id from the path: it is the path. */
export function operationIdOf(request: FastifyRequest): string {
  const { service, cluster, key } = request.params as Path;
  return `${service}/${cluster}/${key}`;
}

const idempotencyKey = /^[\x21-\x7e]{1,255}$/;

function keyOf(request: FastifyRequest): string | undefined {
  const given = request.headers['idempotency-key'];
  return typeof given === 'string' ? given : undefined;
}

/** A key that no header should have is 400; none at all is fine. */
export async function requireKey(request: FastifyRequest): Promise<void> {
  const given = request.headers['idempotency-key'];
  if (given === undefined || (typeof given === 'string' && idempotencyKey.test(given))) return;
  refuse([
    {
      field: 'Idempotency-Key',
      rule: 'key',
      message: 'is not 1 to 255 visible ASCII characters, given once',
      remedy: 'send another key, or leave the header out',
    },
  ]);
}

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
  const given = keyOf(request);
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

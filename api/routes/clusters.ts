/** Clusters: plan, provision, look, protect, test, destroy. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { SubmitInput } from '../../contracts/cluster.ts';
import { operationWorkflowId } from '../../contracts/names.ts';
import {
  DestroyInput,
  LoadTestInput,
  odin,
  PlanInput,
  ProvisionInput,
} from '../../contracts/services/odin.ts';
import { LoadSpec } from '../../contracts/spec.ts';
import { renderPlan } from '../../domain/cluster/render.ts';
import { bodyOf, nameOf, requireSpec, submission } from '../input.ts';
import { Problem } from '../problem.ts';
import type { Temporal } from '../temporal.ts';
import { doc } from './schema.ts';

const ProtectionBody = Type.Object({ enabled: Type.Boolean() }, { additionalProperties: false });
const LoadTestBody = Type.Object(
  { load: Type.Optional(LoadSpec), requester: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
const DestroyBody = Type.Object(
  { confirm: Type.Optional(Type.String()), requester: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export function clusterRoutes(app: FastifyInstance, temporal: Temporal): void {
  planRoute(app, temporal);
  provisionRoute(app, temporal);
  readRoutes(app, temporal);
  protectionRoute(app, temporal);
  loadTestRoute(app, temporal);
  destroyRoute(app, temporal);
}

function planRoute(app: FastifyInstance, temporal: Temporal): void {
  const schema = doc('clusters', 'What would be done, and nothing else', { body: PlanInput });
  app.post('/v1/clusters/plan', { schema }, async ({ body }) => {
    const input = bodyOf<PlanInput>(PlanInput, body);
    if (input.intent === 'destroy') requireClusterField(input);
    else requireSpec(input.spec, 'spec');
    await temporal.requireReady();
    const cluster = input.cluster ?? input.spec?.name ?? '';
    const id = operationWorkflowId('odin', cluster, `plan-${randomBytes(5).toString('hex')}`);
    const plan = await temporal.plan(input, id);
    return { plan, text: renderPlan(plan) };
  });
}

function requireClusterField({ cluster }: PlanInput): void {
  if (cluster) return;
  const remedy = 'give the name of the cluster';
  throw new Problem('InvalidInput', 'cluster: is missing', {
    violations: [{ field: 'cluster', rule: 'required', message: 'is missing', remedy }],
  });
}

function provisionRoute(app: FastifyInstance, temporal: Temporal): void {
  const schema = doc('clusters', 'Create or change a cluster, then test it under load', {
    body: ProvisionInput,
    status: 202,
  });
  app.post('/v1/clusters', { schema }, async (request, reply) => {
    const input = bodyOf<ProvisionInput>(ProvisionInput, request.body);
    requireSpec(input.spec, 'spec');
    const cluster = input.spec.name;
    const submitted = submission(request, { cluster, definition: odin.provisionCluster, input });
    return accept(temporal, { request, reply, cluster, submitted, mayStart: true });
  });
}

function readRoutes(app: FastifyInstance, temporal: Temporal): void {
  app.get('/v1/clusters', { schema: doc('clusters', 'All clusters') }, async () => {
    await temporal.requireReady();
    return { clusters: await temporal.clusters() };
  });
  const one = doc('clusters', 'State, lease, last verdict and history of a cluster');
  app.get('/v1/clusters/:name', { schema: one }, async (request) => {
    const name = nameOf(request);
    await temporal.requireReady();
    const status = await temporal.clusterStatus(name);
    if (status.phase === 'absent') throw new Problem('NotFound', `no cluster \`${status.name}\``);
    return status;
  });
}

function protectionRoute(app: FastifyInstance, temporal: Temporal): void {
  const schema = doc('clusters', 'Deletion protection on or off', { body: ProtectionBody });
  app.put('/v1/clusters/:name/protection', { schema }, async (request) => {
    const name = nameOf(request);
    const input = bodyOf<{ enabled: boolean }>(ProtectionBody, request.body);
    await temporal.requireReady();
    const { enabled, known } = await temporal.protect(name, input);
    return { name, protection: enabled, known };
  });
}

function loadTestRoute(app: FastifyInstance, temporal: Temporal): void {
  const schema = doc('clusters', 'Test a cluster under load', { body: LoadTestBody, status: 202 });
  app.post('/v1/clusters/:name/load-tests', { schema }, async (request, reply) => {
    const cluster = nameOf(request);
    const body = bodyOf<object>(LoadTestBody, request.body);
    const input = bodyOf<LoadTestInput>(LoadTestInput, { ...body, cluster });
    const submitted = submission(request, { cluster, definition: odin.loadTest, input });
    return accept(temporal, { request, reply, cluster, submitted, mayStart: false });
  });
}

function destroyRoute(app: FastifyInstance, temporal: Temporal): void {
  const schema = doc('clusters', 'Take a cluster away for good; `confirm` repeats its name', {
    body: DestroyBody,
    status: 202,
  });
  app.delete('/v1/clusters/:name', { schema }, async (request, reply) => {
    const cluster = nameOf(request);
    const body = bodyOf<{ confirm?: string; requester?: string }>(DestroyBody, request.body ?? {});
    const { confirm = '' } = { ...(request.query as { confirm?: string }), ...body };
    if (confirm !== cluster) {
      throw new Problem('ConfirmationMismatch', `confirm is \`${confirm}\`, not \`${cluster}\``);
    }
    const input = bodyOf<DestroyInput>(DestroyInput, { ...body, confirm, cluster });
    const submitted = submission(request, { cluster, definition: odin.destroyCluster, input });
    return accept(temporal, { request, reply, cluster, submitted, mayStart: false });
  });
}

interface Acceptance {
  request: FastifyRequest;
  reply: FastifyReply;
  cluster: string;
  submitted: SubmitInput;
  /** False for operations that need an existing cluster: no entity is made for a mistyped name. */
  mayStart: boolean;
}

/** 202 with where to look. The same Idempotency-Key gets the same answer. */
async function accept(temporal: Temporal, a: Acceptance) {
  await temporal.requireReady();
  const { operationId, runId } = await temporal.submit(a.cluster, a.submitted, a.mayStart);
  const key = operationId.split('/').at(-1);
  const operation = `/v1/clusters/${a.cluster}/operations/${key}`;
  a.reply.status(202).header('location', operation);
  return { operationId, runId, operation, events: `${operation}/events` };
}

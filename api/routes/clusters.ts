/** Clusters: plan, provision, look, protect, test, destroy. */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { ProtectionInput, type SubmitInput } from '../../contracts/cluster.ts';
import { Accepted, ClusterList, ClusterView, Planned, Protection } from '../../contracts/http.ts';
import { operationWorkflowId } from '../../contracts/names.ts';
import {
  DestroyInput,
  LoadTestInput,
  odin,
  PlanInput,
  ProvisionInput,
} from '../../contracts/services/odin.ts';
import { renderPlan } from '../../domain/cluster/render.ts';
import type { Viewer } from '../cluster-view.ts';
import { unlessForgotten } from '../forgotten.ts';
import {
  nameOf,
  needsOf,
  planNeeds,
  readNeeds,
  requireLoad,
  requireLoadOn,
  requireName,
  requireProvider,
  requireSpec,
  submission,
} from '../input.ts';
import { Problem } from '../problem.ts';
import type { Temporal } from '../temporal.ts';
import type { App } from '../validation.ts';
import { doc } from './schema.ts';

const closed = { additionalProperties: false } as const;
const LoadTestBody = Type.Omit(LoadTestInput, ['cluster'], closed);
/** `confirm` may also come in the query, for clients whose DELETE has no body. */
const DestroyBody = Type.Partial(Type.Omit(DestroyInput, ['cluster']), closed);
const Confirm = Type.Object({ confirm: Type.Optional(DestroyInput.properties.confirm) }, closed);
const Page = Type.Object(
  {
    limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$' })),
    cursor: Type.Optional(Type.String({ maxLength: 4000 })),
  },
  closed,
);
const pageDefault = 500;

export function clusterRoutes(app: App, temporal: Temporal, viewer: Viewer): void {
  planRoute(app, temporal);
  provisionRoute(app, temporal);
  readRoutes(app, temporal, viewer);
  protectionRoute(app, temporal);
  loadTestRoute(app, temporal);
  destroyRoute(app, temporal);
}

function planRoute(app: App, temporal: Temporal): void {
  const schema = doc('clusters', 'What would be done, and nothing else', {
    body: PlanInput,
    answer: Planned,
  });
  const config = {
    needs: planNeeds,
    rules: ({ body }: { body: unknown }) => {
      const input = body as PlanInput;
      requireProvider(input.provider);
      if (input.intent === 'destroy') requireName('cluster', input.cluster);
      else requireSpec(input.spec, 'spec');
    },
  };
  app.post('/v1/clusters/plan', { schema, config }, async ({ body }): Promise<Planned> => {
    const cluster = body.cluster ?? body.spec?.name ?? '';
    const id = operationWorkflowId('odin', cluster, `plan-${randomBytes(5).toString('hex')}`);
    const plan = await temporal.plan(body, id);
    return { plan, text: renderPlan(plan) };
  });
}

function provisionRoute(app: App, temporal: Temporal): void {
  const schema = doc('clusters', 'Create or change a cluster, then test it under load', {
    body: ProvisionInput,
    answer: Accepted,
    status: 202,
  });
  const config = {
    needs: needsOf(odin.provisionCluster),
    rules: ({ body }: { body: unknown }) => requireSpec((body as ProvisionInput).spec, 'spec'),
  };
  app.post('/v1/clusters', { schema, config }, async (request, reply) => {
    const input = request.body;
    const cluster = input.spec.name;
    const submitted = submission(request, { cluster, definition: odin.provisionCluster, input });
    return accept(temporal, reply, { cluster, submitted, mayStart: true });
  });
}

function readRoutes(app: App, temporal: Temporal, viewer: Viewer): void {
  const all = doc('clusters', 'All clusters as last decided; asks no worker', {
    querystring: Page,
    answer: ClusterList,
  });
  app.get('/v1/clusters', { schema: all }, async ({ query }): Promise<ClusterList> => {
    const { limit, cursor } = query;
    return temporal.clusters({ limit: limit ? Number(limit) : pageDefault, cursor });
  });
  const one = doc('clusters', 'What was last decided, and machines and brokers as they are now', {
    answer: ClusterView,
  });
  app.get('/v1/clusters/:name', { schema: one }, (request) => viewer.view(nameOf(request)));
}

function protectionRoute(app: App, temporal: Temporal): void {
  const schema = doc('clusters', 'Deletion protection on or off', {
    body: ProtectionInput,
    answer: Protection,
  });
  const route = { schema, config: { needs: readNeeds } };
  app.put('/v1/clusters/:name/protection', route, async (request): Promise<Protection> => {
    const name = nameOf(request);
    const { enabled, known } = await temporal.protect(name, request.body);
    return { name, protection: enabled, known };
  });
}

function loadTestRoute(app: App, temporal: Temporal): void {
  const schema = doc('clusters', 'Test a cluster under load', {
    body: LoadTestBody,
    answer: Accepted,
    status: 202,
  });
  const config = {
    needs: needsOf(odin.loadTest),
    rules: ({ body }: { body: unknown }) => requireLoad((body as LoadTestInput).load),
  };
  app.post('/v1/clusters/:name/load-tests', { schema, config }, async (request, reply) => {
    const cluster = nameOf(request);
    const input: LoadTestInput = { ...request.body, cluster };
    const submitted = submission(request, { cluster, definition: odin.loadTest, input });
    const ask = async () => {
      const { spec } = await temporal.clusterStatus(cluster);
      requireLoadOn(spec, input.load);
      return accept(temporal, reply, { cluster, submitted, mayStart: false });
    };
    return unlessForgotten(temporal, cluster, { type: 'Forgotten', ask });
  });
}

function destroyRoute(app: App, temporal: Temporal): void {
  const schema = doc('clusters', 'Take a cluster away for good; `confirm` repeats its name', {
    body: DestroyBody,
    querystring: Confirm,
    answer: Accepted,
    status: 202,
  });
  const config = { needs: needsOf(odin.destroyCluster), rules: requireConfirmation };
  app.delete('/v1/clusters/:name', { schema, config }, async (request, reply) => {
    const cluster = nameOf(request);
    const input: DestroyInput = { ...request.body, confirm: cluster, cluster };
    const submitted = submission(request, { cluster, definition: odin.destroyCluster, input });
    const ask = () => accept(temporal, reply, { cluster, submitted, mayStart: false });
    return unlessForgotten(temporal, cluster, { type: 'Protected', ask });
  });
}

function requireConfirmation(request: { params: unknown; query: unknown; body: unknown }): void {
  const { name } = request.params as { name: string };
  const { confirm = '', provider } = {
    ...(request.query as Static<typeof Confirm>),
    ...(request.body as Static<typeof DestroyBody>),
  } as Static<typeof DestroyBody>;
  requireProvider(provider);
  if (confirm === name) return;
  throw new Problem('ConfirmationMismatch', `confirm is \`${confirm}\`, not \`${name}\``);
}

interface Acceptance {
  cluster: string;
  submitted: SubmitInput;
  /** False for operations that need an existing cluster: no entity is made for a mistyped name. */
  mayStart: boolean;
}

/** 202 with where to look. The same Idempotency-Key gets the same answer. */
async function accept(temporal: Temporal, reply: FastifyReply, a: Acceptance): Promise<Accepted> {
  const { operationId, runId } = await temporal.submit(a.cluster, a.submitted, a.mayStart);
  const operation = `/v1/operations/${operationId}`;
  reply.status(202).header('location', operation);
  return { operationId, runId, operation, events: `${operation}/events` };
}

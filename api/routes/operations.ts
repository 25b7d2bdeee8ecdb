/** Operations: look, approve, pause, resume, abort. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { type ApproveInput, updates } from '../../contracts/operation.ts';
import { bodyOf, nameOf, operationIdOf } from '../input.ts';
import type { Temporal } from '../temporal.ts';
import { doc } from './schema.ts';

const ApproveBody = Type.Object(
  { digest: Type.String(), by: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export function operationRoutes(app: FastifyInstance, temporal: Temporal): void {
  const base = '/v1/clusters/:name/operations';
  const list = doc('operations', 'Past and running operations of a cluster');
  app.get(base, { schema: list }, async (request) => {
    const name = nameOf(request);
    await temporal.requireReady();
    const { leases, waiting, history } = await temporal.clusterStatus(name);
    return { running: leases[0] ?? null, waiting, history };
  });
  const one = doc('operations', 'Phase, plan, steps, load test and events of an operation');
  app.get(`${base}/:id`, { schema: one }, async (request) => {
    const id = operationIdOf(request);
    await temporal.requireReady();
    return temporal.operationStatus(id);
  });
  const approve = doc('operations', 'Approve the plan with this digest', { body: ApproveBody });
  app.post(`${base}/:id/approve`, { schema: approve }, async (request) => {
    const id = operationIdOf(request);
    const input = bodyOf<ApproveInput>(ApproveBody, request.body);
    await temporal.requireReady();
    return {
      operationId: id,
      approved: await temporal.updateOperation(id, updates.approve, input),
    };
  });
  for (const verb of ['pause', 'resume', 'abort'] as const) {
    const schema = doc('operations', `${verb} the operation`);
    app.post(`${base}/:id/${verb}`, { schema }, async (request) => {
      const id = operationIdOf(request);
      await temporal.requireReady();
      await temporal.updateOperation(id, updates[verb]);
      return { operationId: id, [verb]: 'accepted' };
    });
  }
}

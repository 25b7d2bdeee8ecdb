/**
 * Operations of every service: look, approve, pause, resume, abort. The path of an operation is its
 * workflow id, so that nothing here knows which services there are.
 */
import type { ClusterStatus } from '../../contracts/cluster.ts';
import { OperationList, OperationView, Told } from '../../contracts/http.ts';
import { ApproveInput, updates } from '../../contracts/operation.ts';
import { isNotFound, lookFor, stands } from '../forgotten.ts';
import { nameOf, operationIdOf, readNeeds } from '../input.ts';
import type { Temporal } from '../temporal.ts';
import type { App } from '../validation.ts';
import { doc, NoBody } from './schema.ts';

const path = '/v1/operations/:service/:cluster/:key';
const config = { needs: readNeeds };

export function operationRoutes(app: App, temporal: Temporal): void {
  listRoute(app, temporal);
  const one = doc('operations', 'Phase, plan, steps, load test and events of an operation', {
    answer: OperationView,
  });
  app.get(path, { schema: one, config }, (request) =>
    temporal.operationStatus(operationIdOf(request)),
  );
  const approve = doc('operations', 'Approve the plan with this digest', {
    body: ApproveInput,
    answer: Told,
  });
  app.post(`${path}/approve`, { schema: approve, config }, async (request): Promise<Told> => {
    const operationId = operationIdOf(request);
    const digest = await temporal.updateOperation<string>(
      operationId,
      updates.approve,
      request.body,
    );
    return { operationId, accepted: 'approve', digest };
  });
  for (const verb of ['pause', 'resume', 'abort'] as const) {
    const schema = doc('operations', `${verb} the operation`, { body: NoBody, answer: Told });
    app.post(`${path}/${verb}`, { schema, config }, async (request): Promise<Told> => {
      const operationId = operationIdOf(request);
      await temporal.updateOperation(operationId, updates[verb]);
      return { operationId, accepted: verb };
    });
  }
}

function listRoute(app: App, temporal: Temporal): void {
  const schema = doc('operations', 'Open and past operations of a cluster', {
    answer: OperationList,
  });
  const url = '/v1/clusters/:name/operations';
  app.get(url, { schema, config }, async (request): Promise<OperationList> => {
    const name = nameOf(request);
    const entity = await temporal.clusterStatus(name).catch((error: unknown) => error);
    const status = entity instanceof Error ? undefined : (entity as ClusterStatus);
    if (!status && !isNotFound(entity)) throw entity;
    // An operation started by hand may be open before the cluster has an entity.
    const { open, ended } = await temporal.operations(name, status);
    // No operations are known of a cluster that was forgotten: that is no reason to deny it.
    const none = open.length === 0 && ended.length === 0;
    if (!status && none && !stands(await lookFor(temporal, name))) throw entity;
    return { open, history: [...(status?.history ?? []), ...ended] };
  });
}

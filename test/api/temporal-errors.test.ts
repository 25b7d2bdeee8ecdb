/**
 * Goal: every way in which Temporal can fail is told as what it is. Method: a real server with
 * workflows that break on purpose, and, for what a local server never says, its gRPC errors.
 */
import { Client, ServiceError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { connectLazily } from '../../api/connection.ts';
import { createReadiness } from '../../api/readiness.ts';
import { createTemporal } from '../../api/temporal.ts';
import { problemOf } from '../../api/temporal-errors.ts';
import { searchAttributes, taskQueues } from '../../contracts/names.ts';
import { freePort } from '../support/processes.ts';
import { exampleSpec } from '../support/specs.ts';
import { bundle, startTemporal } from '../support/temporal.ts';

const token = 'a-token-for-tests-only';
const headers = { authorization: `Bearer ${token}` };
let env: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;
let app: FastifyInstance;

beforeAll(async () => {
  env = await startTemporal();
  const activities = { nothing: () => undefined };
  const common = { connection: env.nativeConnection, activities };
  worker = await Worker.create({
    ...common,
    taskQueue: taskQueues.workflows,
    workflowBundle: await bundle('test/api/broken'),
  });
  const others = await Promise.all(
    [taskQueues.cloud, taskQueues.kafka, taskQueues.load].map((taskQueue) =>
      Worker.create({ ...common, taskQueue }),
    ),
  );
  const workers = [worker, ...others];
  running = Promise.all(workers.map((w) => w.run())).then(() => undefined);
  stop = () => {
    for (const w of workers) w.shutdown();
  };
  app = await buildApp({ temporal: createTemporal(env.client), token });
});
let stop: () => void;
afterAll(async () => {
  await app.close();
  stop();
  await running;
  await env.teardown();
});

const start = (type: string, workflowId: string) =>
  env.client.workflow.start(type, { workflowId, taskQueue: taskQueues.workflows, args: [] });
const get = async (url: string) => (await app.inject({ url, headers })).json();
const post = async (url: string, payload: object = {}) =>
  (await app.inject({ method: 'POST', url, headers, payload })).json();

describe('the real cause is told', () => {
  it('of an entity whose task fails: the code’s own words, not an absence of workers', async () => {
    await start('cluster', 'cluster/stuck');
    const problem = await post('/v1/clusters', { spec: { ...exampleSpec(), name: 'stuck' } });
    expect(problem).toMatchObject({
      type: 'urn:asgard:error:WorkflowStuck',
      detail: expect.stringContaining('a fault in the workflow’s code'),
    });
  });

  it('of a plan that is larger than Temporal carries, without waiting for the deadline', async () => {
    const problem = await post('/v1/clusters/plan', { spec: exampleSpec() });
    expect(problem).toMatchObject({ type: 'urn:asgard:error:TooLarge', status: 422 });
  });

  it('of a status that is larger than Temporal carries', async () => {
    await start('provisionCluster', 'odin/big/one');
    expect(await get('/v1/operations/odin/big/one')).toMatchObject({
      type: 'urn:asgard:error:TooLarge',
    });
  });

  it('of a workflow that is no operation, and of one that is not there', async () => {
    await start('loadTest', 'odin/other/one');
    for (const path of ['odin/other/one', 'odin/other/none']) {
      expect(await get(`/v1/operations/${path}`)).toMatchObject({ status: 404 });
      expect(await post(`/v1/operations/${path}/abort`)).toMatchObject({ status: 404 });
    }
  });

  it('of an operation that was terminated', async () => {
    const handle = await start('loadTest', 'odin/ended/one');
    await handle.terminate('out of patience');
    expect(await post('/v1/operations/odin/ended/one/abort')).toMatchObject({
      type: 'urn:asgard:error:Terminated',
      status: 409,
      detail: expect.stringContaining('was terminated'),
    });
  });

  it.each([
    ['fails', { outcome: 'refused', reason: 'InvalidInput: spec.name: must be text' }],
    ['fails late', { outcome: 'interrupted', reason: 'InvalidInput: spec.name: must be text' }],
    ['is cancelled', { outcome: 'aborted', reason: /cancelled/ }],
    ['never began', { outcome: 'interrupted', reason: /terminated by .*: never/ }],
  ])('of an operation that %s: it is finished, and its event stream ends', async (end, told) => {
    const id = `odin/silent/${end.replaceAll(' ', '-')}`;
    const taskQueue = end === 'never began' ? 'nobody' : taskQueues.workflows;
    const options = { workflowId: id, taskQueue, args: [end] };
    const handle = await env.client.workflow.start('destroyCluster', options);
    if (end === 'never began') await handle.terminate('never');
    if (end === 'is cancelled') await handle.cancel();
    await handle.result().catch(() => undefined);
    const view = await get(`/v1/operations/${id}`);
    expect(view).toMatchObject({ phase: 'finished', cluster: 'silent', ...told });
    const stream = await app.inject({ url: `/v1/operations/${id}/events`, headers });
    expect(stream.body).toContain(`"outcome":"${told.outcome}"`);
  });

  it('of a namespace without search attributes: which, and how to add them', async () => {
    const namespace = 'bare';
    await env.connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    const client = new Client({ connection: env.connection, namespace });
    const bare = await buildApp({ temporal: createTemporal(client), token });
    const ask = async () =>
      (
        await bare.inject({
          method: 'POST',
          url: '/v1/clusters',
          headers,
          payload: { spec: exampleSpec() },
        })
      ).json();
    // A namespace takes a moment to be known everywhere.
    await expect.poll(ask, { timeout: 30_000 }).toMatchObject({
      type: 'urn:asgard:error:SearchAttributesMissing',
      detail: expect.stringContaining(Object.values(searchAttributes).join(', ')),
      remedy: expect.stringContaining('temporal operator search-attribute create'),
    });
    await bare.close();
  });

  it('of a namespace that is not there', async () => {
    const client = new Client({ connection: env.connection, namespace: 'nowhere' });
    const lost = await buildApp({ temporal: createTemporal(client), token });
    for (const url of ['/v1/clusters', '/v1/operations/odin/a/b']) {
      expect((await lost.inject({ url, headers })).json()).toMatchObject({
        type: 'urn:asgard:error:TemporalRefused',
        detail: expect.stringMatching(/nowhere/),
      });
    }
    await lost.close();
  });
});

/** As the client throws it: its own error around gRPC's. */
const grpcError = (code: number, details: string): Error =>
  new ServiceError('the call failed', {
    cause: Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} }),
  });

describe('a gRPC status', () => {
  it.each<[string, number, string, string]>([
    ['resource exhausted', 8, 'namespace rate limit exceeded', 'TemporalBusy'],
    ['a message too large', 8, 'Received message larger than max (5 vs 4)', 'TooLarge'],
    ['permission denied', 7, 'Request unauthorized.', 'TemporalRefused'],
    ['unauthenticated', 16, 'no key', 'TemporalRefused'],
    ['unimplemented', 12, 'no such call', 'TemporalRefused'],
    ['internal', 13, 'shard is lost', 'Internal'],
    ['an invalid argument', 3, 'a bad query', 'TemporalRefused'],
    ['a deadline, while Temporal and workers are there', 4, 'too late', 'NoAnswer'],
    ['unavailable, while Temporal and workers are there', 14, 'try again', 'NoAnswer'],
  ])('%s is told with Temporal’s own words', async (_, code, details, type) => {
    const { client } = env;
    const error = grpcError(code, details);
    const problem = await problemOf(error, { client, readiness: createReadiness(client) });
    expect(problem).toMatchObject({ type, message: expect.stringContaining(details) });
    expect(problem.cause).toBe(error);
  });

  it('is Temporal’s absence only when it is absent', async () => {
    const connection = connectLazily({ address: `127.0.0.1:${await freePort()}` });
    const client = new Client({ connection });
    const readiness = createReadiness(client);
    const problem = await problemOf(grpcError(14, 'refused'), { client, readiness });
    expect(problem).toMatchObject({ type: 'Unavailable', message: /no answer from Temporal/ });
    await connection.close();
  });
});

it('an error that nobody foresaw is Internal, keeps its cause for the log, and tells no secret', async () => {
  const { client } = env;
  const error = new TypeError('password=hunter2');
  const problem = await problemOf(error, { client, readiness: createReadiness(client) });
  expect(problem).toMatchObject({ type: 'Internal', cause: error });
  expect(problem.message).not.toContain('hunter2');
});

/**
 * Goal: lists, operations and refusals of the API are true with real workflows on a real Temporal;
 * only the world behind the activities is one of names. The CLI is the real one, over HTTP.
 */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { createTemporal } from '../../api/temporal.ts';
import {
  Accepted,
  ClusterList,
  ClusterView,
  OperationList,
  OperationView,
} from '../../contracts/http.ts';
import { checkInput } from '../../domain/cluster/rules.ts';
import { asgard } from '../support/commands.ts';
import { oneNodeSpec } from '../support/specs.ts';
import { type Lab, openLab } from '../workflows/lab.ts';
import type { World } from '../workflows/world.ts';

const token = 'a-token-for-tests-only';
const headers = { authorization: `Bearer ${token}` };
let lab: Lab;
let app: FastifyInstance;
let url: string;
let world: World;
let done: () => void;
let worked: Promise<void>;

beforeAll(async () => {
  lab = await openLab();
  app = await buildApp({ temporal: createTemporal(lab.env.client), token });
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  await new Promise<void>((ready) => {
    worked = lab.withWorld(async (made) => {
      world = made;
      ready();
      await new Promise<void>((resolve) => {
        done = resolve;
      });
    });
  });
});
afterAll(async () => {
  done();
  await worked;
  await app.close();
  await lab.close();
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field.
type Answer = { status: number; body: any };
const call = async (method: string, path: string, payload?: unknown): Promise<Answer> => {
  const response = await app.inject({
    method: method as 'GET',
    url: path,
    headers,
    ...(payload === undefined ? {} : { payload: payload as object }),
  });
  return { status: response.statusCode, body: response.json() };
};
const get = (path: string) => call('GET', path);
const cli = (...args: string[]) =>
  asgard(args, { ASGARD_API: url, ASGARD_TOKEN: token, NO_COLOR: '1' });

/** The answer has the shape that the OpenAPI document promises. */
const isA = (schema: TSchema, body: unknown) => expect(checkInput(schema, body)).toEqual([]);

async function provision(name: string, more: object = {}): Promise<Answer['body']> {
  const { status, body } = await call('POST', '/v1/clusters', { spec: oneNodeSpec(name), ...more });
  expect(status, JSON.stringify(body)).toBe(202);
  isA(Accepted, body);
  return body;
}

const phaseOf = async (operation: string) => (await get(operation)).body.phase;

async function finished(name: string): Promise<void> {
  const { operation } = await provision(name);
  await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('finished');
}

describe('the list of clusters', () => {
  it('shows all but the absent, with reason and time, and is not disturbed by a broken one', async () => {
    await finished('alpha');
    await finished('beta');
    // On a queue without workers it never answers, as one whose task fails for ever.
    await lab.env.client.workflow.start('cluster', {
      workflowId: 'cluster/broken',
      taskQueue: 'nobody',
      args: [{ name: 'broken' }],
    });
    const names = async () =>
      (await get('/v1/clusters')).body.clusters.map((c: { name: string }) => c.name);
    await expect.poll(names).toEqual(['alpha', 'beta', 'broken']);
    const { body } = await get('/v1/clusters');
    isA(ClusterList, body);
    expect(body.clusters[0]).toMatchObject({ phase: 'untested', since: /^20/ });
    expect(body.clusters[2]).toEqual({ name: 'broken', phase: 'unknown' });
    const listed = await cli('status');
    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(listed.out).toMatch(/LAST DECIDED.*\nalpha +untested +20/);
  });

  it('comes in pages that lose and repeat nothing', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 5; page++) {
      const { body } = await get(`/v1/clusters?limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.clusters.map((c: { name: string }) => c.name));
      if (!body.next) break;
      cursor = body.next;
    }
    expect(seen.sort()).toEqual(['alpha', 'beta', 'broken']);
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=%21', 'cursor=AAAA', 'page=2'])(
    'refuses ?%s and names the field',
    async (query) => {
      const { status, body } = await get(`/v1/clusters?${query}`);
      expect(status).toBe(400);
      expect(body.violations[0].field).toBe(query.split('=')[0]);
    },
  );
});

describe('one cluster', () => {
  it('shows what was decided and what is there now', async () => {
    world.inspection = {
      lookedAt: new Date().toISOString(),
      nodes: [
        {
          slot: 'main-0',
          nodeId: 0,
          rack: 'rack-a',
          roles: ['broker'],
          machine: { state: 'stopped', reason: 'its process ended by itself' },
          broker: { registration: 'unknown' },
        },
      ],
      kafka: { answers: false, reason: 'no machine is running' },
    };
    const { body } = await get('/v1/clusters/alpha');
    isA(ClusterView, body);
    expect(body).toMatchObject({
      phase: 'untested',
      since: /^20/,
      now: {
        nodes: [{ machine: { state: 'stopped' } }],
        remedy: 'the next apply starts stopped machines',
      },
    });
    const shown = await cli('status', 'alpha');
    expect(shown.out).toMatch(/^alpha: untested \(decided 20.*Z\)\nnow: 1 of 1 machines stopped/);
    expect(shown.out).toMatch(/main-0 +0 +rack-a +stopped.*its process ended by itself/);
  });

  it('is looked at once for many who ask at the same time', async () => {
    const before = world.calls.filter((c) => c === 'inspectCluster').length;
    await Promise.all(Array.from({ length: 30 }, () => get('/v1/clusters/beta')));
    expect(world.calls.filter((c) => c === 'inspectCluster').length).toBe(before + 1);
  });

  it('is shown as far as it is known when its entity does not answer', async () => {
    const { status, body } = await get('/v1/clusters/broken');
    expect(status).toBe(200);
    isA(ClusterView, body);
    expect(body).toMatchObject({ phase: 'unknown', partial: /no answer in time/ });
    expect(body.now.nodes).toBeUndefined();
  });
});

describe('an operation that waits for approval', () => {
  it('is found without its key, shown with plan and digest, and approved', async () => {
    const { operationId, operation } = await provision('gamma', { approval: 'required' });
    await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('awaiting-approval');
    const { body } = await get('/v1/clusters/gamma/operations');
    isA(OperationList, body);
    expect(body.open).toMatchObject([
      { operationId, phase: 'awaiting-approval', holdsLease: false },
    ]);
    isA(OperationView, (await get(operation)).body);
    expect((await cli('operations', 'gamma')).out).toContain(`awaiting-approval  ${operationId}`);

    const unasked = await cli('approve', 'gamma');
    expect(unasked).toMatchObject({ code: 1, err: expect.stringContaining('give --yes') });
    const approved = await cli('approve', 'gamma', '--yes');
    expect(approved, approved.err).toMatchObject({ code: 0 });
    expect(approved.err).toMatch(/launch.*main-0[\s\S]*digest: sha256:[0-9a-f]{64}/);
    await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('finished');
    const late = await cli('approve', 'gamma', '--yes');
    expect(late).toMatchObject({ code: 1, err: expect.stringContaining('no operation is open') });
  });

  it('is not guessed at when there are two', async () => {
    const one = await provision('delta', { approval: 'required' });
    const two = await lab.start(
      'provisionCluster',
      { spec: oneNodeSpec('delta'), approval: 'required' },
      'odin/delta/by-hand',
    );
    for (const path of [one.operation, '/v1/operations/odin/delta/by-hand']) {
      await expect.poll(() => phaseOf(path), { timeout: 30_000 }).toBe('awaiting-approval');
    }
    // Temporal's index may lag behind for the one started by hand.
    const both = async () => (await get('/v1/clusters/delta/operations')).body.open.length;
    await expect.poll(both).toBe(2);
    const { code, err } = await cli('approve', 'delta', '--yes');
    expect(code).toBe(1);
    expect(err).toContain(one.operationId);
    expect(err).toContain(two.workflowId);
    expect((await cli('abort', 'delta', 'by-hand')).code).toBe(0);
    await expect.poll(both).toBe(1);
    expect((await cli('abort', 'delta')).code).toBe(0);
  });
});

describe('an operation that is over', () => {
  it.each([
    ['aborted without ever holding the lease', 'eta', { approval: 'required' }],
    ['refused before it began', 'theta', { expectDigest: `sha256:${'0'.repeat(64)}` }],
  ])('and was %s is in the list at once', async (_, name, more) => {
    const { operationId, operation } = await provision(name, more);
    if ('approval' in more) {
      await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('awaiting-approval');
      await call('POST', `${operation}/abort`);
    }
    await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('finished');
    const listed = async () => (await get(`/v1/clusters/${name}/operations`)).body as OperationList;
    // Temporal's index may lag for one that never held the lease.
    await expect.poll(async () => (await listed()).history?.length).toBe(1);
    const { open, history } = await listed();
    expect(checkInput(OperationList, { open, history })).toEqual([]);
    expect({ open, history }).toMatchObject({ open: [], history: [{ operationId }] });
    expect((await cli('operations', name)).out).toContain(operationId);
  });

  it('and was terminated is told as ended, by whom and why, and cannot be asked for anything', async () => {
    const { operationId, operation } = await provision('epsilon', { approval: 'required' });
    await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('awaiting-approval');
    await lab.env.client.workflow.getHandle(operationId).terminate('enough');
    const { body } = await get(operation);
    isA(OperationView, body);
    expect(body).toMatchObject({
      phase: 'finished',
      outcome: 'interrupted',
      reason: /terminated by .*: enough; nothing was undone/,
    });
    const approval = await call('POST', `${operation}/approve`, { digest: 'sha256:1' });
    expect(approval).toMatchObject({ status: 409, body: { type: 'urn:asgard:error:Terminated' } });
    expect((await get('/v1/clusters/epsilon/operations')).body.open).toEqual([]);
  });

  it('and ended well: an abort is 409 with a clear word; one that never was is 404', async () => {
    const { operation } = await provision('alpha');
    await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('finished');
    expect(await call('POST', `${operation}/abort`)).toMatchObject({
      status: 409,
      body: { type: 'urn:asgard:error:NotAwaiting', detail: /the operation has finished/ },
    });
    const never = await call('POST', '/v1/operations/odin/alpha/never/abort');
    expect(never).toMatchObject({
      status: 404,
      body: { detail: 'no operation `odin/alpha/never`' },
    });
    world.things.clear(); // Else something of it stands, as far as this world can tell.
    expect((await get('/v1/clusters/nobody')).status).toBe(404);
    expect((await get('/v1/clusters/nobody/operations')).status).toBe(404);
  });
});

it('HEAD answers on every route that GET has, streams too', async () => {
  const { operation, events } = await provision('beta');
  await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('finished');
  const paths = ['/v1/clusters', '/v1/clusters/beta', '/v1/clusters/beta/operations'];
  for (const path of [...paths, operation, events, '/v1/clusters/beta/events']) {
    const response = await fetch(url + path, { method: 'HEAD', headers });
    expect(response.status, path).toBe(200);
    expect(await response.text(), path).toBe('');
  }
});

describe('what is wrong in a request', () => {
  it.each([
    [{ rate: '5MB/min' }, 'load.rate'],
    [{ thresholds: ['p(99)<5', 'quick'] }, 'load.thresholds[1]'],
    [{ durationS: 0 }, 'load.durationS'],
    [{ messageBytes: 10_000_000 }, 'load.messageBytes'],
    // Only the cluster itself shows that this is too many.
    [{ replicationFactor: 3 }, 'load.replicationFactor'],
    [undefined, 'load'],
  ])('of a load test %j is 400 at once, and nothing is started', async (load, field) => {
    const { status, body } = await call('POST', '/v1/clusters/alpha/load-tests', { load });
    expect(status).toBe(400);
    expect(body.violations[0].field).toBe(field);
    const { open, history } = (await get('/v1/clusters/alpha/operations')).body as OperationList;
    expect([...open, ...history].filter((o) => o.type === 'loadTest')).toEqual([]);
  });

  it.each([
    ['POST', '/v1/clusters', { spec: oneNodeSpec('long') }, 'requester'],
    ['POST', '/v1/clusters', { spec: oneNodeSpec('long') }, 'expectDigest'],
    ['POST', '/v1/clusters/alpha/load-tests', {}, 'requester'],
    ['DELETE', '/v1/clusters/alpha', { confirm: 'alpha' }, 'requester'],
    ['POST', '/v1/operations/odin/alpha/x/approve', { digest: 'd' }, 'by'],
    ['POST', '/v1/operations/odin/alpha/x/approve', {}, 'digest'],
    ['PUT', '/v1/clusters/alpha/protection', { enabled: true }, 'by'],
  ])('%s %s: a text of 2,500 characters is 400', async (method, path, body, field) => {
    const answer = await call(method, path, { ...body, [field]: 'x'.repeat(2_500) });
    expect(answer.status).toBe(400);
    expect(answer.body.violations[0]).toMatchObject({ field, rule: 'limit' });
  });

  it('is not a content type of JSON without a body, where none is needed', async () => {
    const send = (method: string, path: string) =>
      fetch(url + path, { method, headers: { ...headers, 'content-type': 'application/json' } });
    const { operation } = await provision('zeta', { approval: 'required' });
    await expect.poll(() => phaseOf(operation), { timeout: 30_000 }).toBe('awaiting-approval');
    for (const verb of ['pause', 'resume', 'abort']) {
      expect((await send('POST', `${operation}/${verb}`)).status, verb).toBe(200);
    }
    const destroyed = await send('DELETE', '/v1/clusters/alpha?confirm=alpha');
    expect(destroyed.status, await destroyed.text()).toBe(202);
    const needed = await send('POST', '/v1/clusters');
    expect(await needed.json()).toMatchObject({ status: 400, violations: [{ field: 'spec' }] });
  });

  it('is told with how to authenticate when the token is wrong', async () => {
    const response = await app.inject({ url: '/v1/clusters' });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="asgard"');
  });
});

/** The API without a cluster: refusals, authentication, 503, and the OpenAPI document. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client, type Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { connectLazily } from '../../api/connection.ts';
import { createTemporal } from '../../api/temporal.ts';
import { freePort, temporalServer, type Victim } from '../support/processes.ts';
import { exampleSpec } from '../support/specs.ts';
import { wrongRequests } from './wrong-requests.ts';

const token = 'a-token-for-tests-only';
const auth = { authorization: `Bearer ${token}` };
const home = mkdtempSync(join(tmpdir(), 'asgard-api-'));
let server: Victim;
let connection: Connection;
let app: FastifyInstance;

beforeAll(async () => {
  const started = await temporalServer(home);
  server = started.server;
  connection = connectLazily({ address: started.address });
  app = await buildApp({ temporal: createTemporal(new Client({ connection })), token });
});
afterAll(async () => {
  await app.close();
  await connection.close();
  await server.kill();
  rmSync(home, { recursive: true, force: true });
});

const workflows = async (): Promise<number> => {
  const { count } = await connection.workflowService.countWorkflowExecutions({
    namespace: 'default',
  });
  return Number(count);
};

describe('a wrong request', () => {
  it.each(wrongRequests)(
    'is answered: $name',
    async ({ method, url, body, headers, ...expected }) => {
      const response = await app.inject({
        method,
        url,
        headers: { ...auth, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? { payload: '{}' } : {}),
        ...(body === undefined
          ? {}
          : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const problem = response.json();
      expect(response.headers['content-type']).toContain('application/problem+json');
      expect(problem).toMatchObject({
        type: `urn:asgard:error:${expected.type}`,
        status: expected.status,
        title: /./,
        detail: /./,
        remedy: /./,
      });
      expect(response.statusCode).toBe(expected.status);
      // A remedy must fit, and what was sent does not come back by the page.
      if (!problem.violations) expect(problem.remedy).not.toContain('violations');
      if (expected.status === 413) expect(problem.detail).toContain('1 MiB');
      expect(response.body.length).toBeLessThan(4_000);
      if (expected.field) expect(problem.violations[0].field).toBe(expected.field);
    },
  );

  it('starts nothing', async () => {
    expect(await workflows()).toBe(0);
  });
});

const operations = (): { method: string; url: string }[] => {
  const { paths } = app.swagger() as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      url: path
        .replace(/{(name|cluster)}/, 'orders')
        .replace('{service}', 'odin')
        .replace('{key}', 'x'),
    })),
  );
};

describe('authentication', () => {
  it('is asked for on every route but health and documents', async () => {
    const open: string[] = [];
    for (const { method, url } of operations()) {
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: token }]) {
        const response = await app.inject({ method: method as 'GET', url, headers });
        if (response.statusCode !== 401) open.push(`${method} ${url}`);
      }
    }
    expect([...new Set(open)].sort()).toEqual(['GET /healthz', 'GET /readyz']);
  });
});

it('the scheme of a token may be written in any case', async () => {
  for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
    const headers = { authorization: `${scheme} ${token}` };
    expect((await app.inject({ url: '/v1/clusters', headers })).statusCode).not.toBe(401);
  }
});

describe('what never becomes a request', () => {
  it.each([
    [400, 'no HTTP\r\n\r\n'],
    [400, 'GET /v1/clusters HTTP/1.1\r\n: x\r\n\r\n'],
    [431, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
  ])('is answered with %i and a problem that tells a remedy', async (status, bytes) => {
    const alone = await buildApp({
      temporal: createTemporal(new Client({ connection })),
      token,
    });
    await alone.listen({ host: '127.0.0.1', port: 0 });
    const { port } = alone.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    await alone.close();
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('content-type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, detail: /./, remedy: /./ });
  });
});

type Answers = Record<
  string,
  { content?: { 'application/json'?: { schema?: { properties?: object } } } }
>;

describe('the OpenAPI document', () => {
  it('tells every route and its problems', async () => {
    const document = (await app.inject('/openapi.json')).json();
    expect(document.openapi).toMatch(/^3\.1/);
    expect(operations().length).toBeGreaterThanOrEqual(16);
    const provision = document.paths['/v1/clusters'].post;
    expect(Object.keys(provision.responses)).toEqual(
      expect.arrayContaining(['202', '400', '409', '503']),
    );
    // Every good answer has its shape told, but for event streams and health.
    const untold = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods as Record<string, { responses: Answers }>).flatMap(({ responses }) =>
        Object.entries(responses)
          .filter(([status]) => status.startsWith('2'))
          .filter(([, { content }]) => !content?.['application/json']?.schema?.properties)
          .map(() => path),
      ),
    );
    const streams = untold.filter((path) => path.endsWith('/events'));
    expect(untold.filter((path) => !streams.includes(path))).toEqual(['/healthz', '/readyz']);
    expect((await app.inject('/docs')).statusCode).toBeLessThan(400);
  });
});

describe('without workers', () => {
  it('says 503 and starts nothing', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/v1/clusters',
      headers: auth,
      payload: { spec: exampleSpec() },
    });
    expect(response.json()).toMatchObject({
      status: 503,
      type: 'urn:asgard:error:Unavailable',
      detail: /no worker polls the task queue `asgard`/,
    });
    expect(await workflows()).toBe(0);
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    expect((await app.inject('/readyz')).statusCode).toBe(503);
  });
});

describe('without Temporal', () => {
  it('says 503 and does not hang', async () => {
    const nobody = connectLazily({ address: `127.0.0.1:${await freePort()}` });
    const alone = await buildApp({
      temporal: createTemporal(new Client({ connection: nobody })),
      token,
    });
    const response = await alone.inject({ url: '/v1/clusters', headers: auth });
    expect(response.json()).toMatchObject({ status: 503, type: 'urn:asgard:error:Unavailable' });
    await alone.close();
    await nobody.close();
  });
});

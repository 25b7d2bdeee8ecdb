/**
 * Goal: a cluster that stands is never told as unknown, however Temporal came to forget it, and a
 * name of which nothing stands always is. Real workflows; the world behind is one of names.
 */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { createTemporal } from '../../api/temporal.ts';
import { listText } from '../../cli/cluster-text.ts';
import { ClusterView, OperationList } from '../../contracts/http.ts';
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
  await vi.waitUntil(async () => (await app.inject('/readyz')).statusCode === 200, {
    timeout: 30_000,
    interval: 200,
  });
});
afterAll(async () => {
  done();
  await worked;
  await app.close();
  await lab.close();
});
beforeEach(() => {
  world.things.clear();
  delete world.failing;
});

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field.
type Answer = { status: number; body: any };
const call = async (method: string, path: string, payload?: object): Promise<Answer> => {
  const asked = { method: method as 'GET', url: path, headers, ...(payload ? { payload } : {}) };
  const response = await app.inject(asked);
  return { status: response.statusCode, body: response.json() };
};
const cli = (...args: string[]) =>
  asgard(args, { ASGARD_API: url, ASGARD_TOKEN: token, NO_COLOR: '1' });

const start = (name: string) =>
  lab.env.client.workflow.start('cluster', {
    workflowId: `cluster/${name}`,
    taskQueue: 'asgard',
    args: [{ name }],
  });

/** How Temporal can have come to know nothing. Each is given a name of its own. */
const ways: [string, string, (name: string) => Promise<unknown>][] = [
  ['its database is gone', 'blank', async () => undefined],
  ['an entity that knows no more than its protection runs', 'fresh', start],
  ['the entity was terminated', 'ended', async (name) => (await start(name)).terminate('x')],
  [
    'the entity that knew it was terminated',
    'known',
    async (name) => {
      const { body } = await call('POST', '/v1/clusters', { spec: oneNodeSpec(name) });
      const phase = async () => (await call('GET', body.operation)).body.phase;
      await vi.waitUntil(async () => (await phase()) === 'finished', { timeout: 30_000 });
      await lab.env.client.workflow.getHandle(`cluster/${name}`).terminate('x');
    },
  ],
];

describe.each(ways)('when %s', (_, name, forget) => {
  beforeAll(() => forget(name));

  it('what stands is told with what to do, and nothing is claimed of what was decided', async () => {
    world.things.add('instance main-0');
    const { status, body } = await call('GET', `/v1/clusters/${name}`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(checkInput(ClusterView, body)).toEqual([]);
    expect(body).toMatchObject({ phase: 'unknown', forgotten: true, protection: true });
    expect(body.now).toMatchObject({ lookedAt: /^20/, providers: ['local'] });
    const shown = await cli('status', name);
    expect(shown.out).toContain(
      `apply its spec to take it over, or \`asgard protect ${name} --off`,
    );
    const operations = await call('GET', `/v1/clusters/${name}/operations`);
    expect(operations.status).toBe(200);
    expect(checkInput(OperationList, operations.body)).toEqual([]);
  });

  it('its destruction and its test are refused with that, never as of an unknown name', async () => {
    world.things.add('identity');
    const remedy = `Apply its spec to take it over, or \`asgard protect ${name} --off\` and destroy it.`;
    const detail = expect.stringContaining(`nothing is known of \`${name}\` any more`);
    expect(await call('DELETE', `/v1/clusters/${name}?confirm=${name}`)).toMatchObject({
      status: 409,
      body: { type: 'urn:asgard:error:Protected', detail, remedy },
    });
    expect(await call('POST', `/v1/clusters/${name}/load-tests`)).toMatchObject({
      status: 409,
      body: { type: 'urn:asgard:error:Forgotten', detail, remedy },
    });
  });

  it('and nothing stands, it is 404', async () => {
    // A look is shared for a second by those who ask.
    const asked = () => call('GET', `/v1/clusters/${name}`);
    await expect.poll(async () => (await asked()).status, { timeout: 10_000 }).toBe(404);
    const destroyed = await call('DELETE', `/v1/clusters/${name}?confirm=${name}`);
    expect(destroyed.status, JSON.stringify(destroyed.body)).toBe(404);
    expect((await call('POST', `/v1/clusters/${name}/load-tests`)).status).toBe(404);
  });
});

it('providers that cannot be asked make nothing unknown: the cause is told', async () => {
  world.failing = 'findCluster';
  const detail = expect.stringMatching(/whether it stands cannot be told: findCluster#\d+ refused/);
  for (const [method, path] of [
    ['GET', '/v1/clusters/misty'],
    ['DELETE', '/v1/clusters/misty?confirm=misty'],
    ['POST', '/v1/clusters/misty/load-tests'],
  ] as const) {
    const body = { type: 'urn:asgard:error:ProviderRefused', detail };
    expect(await call(method, path), path).toMatchObject({ status: 502, body });
  }
});

it('once its protection is lifted, the destruction goes on', async () => {
  world.things.add('instance main-0');
  expect((await cli('protect', 'lifted', '--off')).code).toBe(0);
  const shown = (await call('GET', '/v1/clusters/lifted')).body;
  expect(shown).toMatchObject({ forgotten: true, protection: false, reason: /or destroy it$/ });
  const { status, body } = await call('DELETE', '/v1/clusters/lifted?confirm=lifted');
  expect(status, JSON.stringify(body)).toBe(202);
  const phase = async () => (await call('GET', body.operation)).body.phase;
  await expect.poll(phase, { timeout: 30_000 }).toBe('finished');
});

it('the empty list says how to look for one that was forgotten', () => {
  expect(listText([], false)).toMatch(/`asgard status NAME`/);
});

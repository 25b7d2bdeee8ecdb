/**
 * Goal: a user's whole way with one real cluster, by HTTP, by the CLI and by the `temporal` CLI,
 * with real brokers. Method: one stack, one cluster of one node; the tests follow each other.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsFrom } from '../../contracts/settings.ts';
import { type Bench, openBench } from '../crash/bench.ts';
import { asgard, kafkaTool, type Ran, temporal } from '../support/commands.ts';
import { root, Victim } from '../support/processes.ts';

const token = 'system-test-token-123456';
const solo = join(root, 'deploy/examples/one-node.json');
let bench: Bench;
let api: Victim;
let url = '';
let bootstrap = '';
let client = '';

beforeAll(async () => {
  bench = await openBench();
  const log = join(bench.home, 'api.log');
  writeFileSync(log, '');
  api = new Victim({
    name: 'api',
    command: process.execPath,
    args: [join(root, 'api/main.ts')],
    env: { ...process.env, TEMPORAL_ADDRESS: bench.address, ASGARD_TOKEN: token },
    log,
    isUp: async (text) => text.includes('"ready":true'),
  });
  await api.revive();
  url = JSON.parse(readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '{}').url;
});
afterAll(async () => {
  await api.kill();
  await bench.close();
});

const cli = (...args: string[]): Promise<Ran> =>
  asgard(args, { ASGARD_API: url, ASGARD_TOKEN: token, NO_COLOR: '1' });
const http = (method: string, path: string, body?: unknown, headers = {}) =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
// biome-ignore lint/suspicious/noExplicitAny: bodies are looked at field by field.
const json = async (...request: Parameters<typeof http>): Promise<any> =>
  (await http(...request)).json();
// biome-ignore lint/suspicious/noExplicitAny: bodies are looked at field by field.
const lastStatus = (events: string): any =>
  JSON.parse(/event: status\ndata: (.*)\n\n$/.exec(events)?.[1] ?? 'null');
const variant = (name: string, change: (spec: Record<string, never>) => void): string => {
  const spec = JSON.parse(readFileSync(solo, 'utf8'));
  change(spec);
  const file = join(bench.home, `${name}.json`);
  writeFileSync(file, JSON.stringify(spec));
  return file;
};

describe('a new cluster', () => {
  it('is planned first: exit status 2, and nothing is made', async () => {
    const plan = await cli('plan', solo);
    expect(plan).toMatchObject({ code: 2, err: '' });
    expect(plan.out).toContain('Plan: 5 to add, 0 to change, 0 to destroy.');
    expect(await bench.cloud.listVolumes({ tags: {} })).toEqual([]);
  });

  it('is provisioned and tested under load by one command', async () => {
    const applied = await cli('apply', solo, '--yes', '--json');
    expect(applied.code, applied.err).toBe(0);
    const status = JSON.parse(applied.out);
    expect(status).toMatchObject({ outcome: 'ready', load: { verdict: { verdict: 'pass' } } });
    expect(status.load.verdict.report).toMatchObject({ lost: 0, unread: 0, errors: 0 });
    bootstrap = status.connection.bootstrap;
    client = status.connection.clientPropertiesFile;
  });

  it('needs nothing more: exit status 0', async () => {
    expect(await cli('plan', solo)).toMatchObject({
      code: 0,
      out: expect.stringContaining('No changes. The cluster matches the spec.'),
    });
    const again = await cli('apply', solo, '--yes', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ outcome: 'unchanged' });
  });

  it('shows in the list and in detail', async () => {
    expect((await cli('status')).out).toContain('solo');
    expect(JSON.parse((await cli('status', 'solo', '--json')).out)).toMatchObject({
      phase: 'ready',
      connection: { bootstrap },
      lastVerdict: { verdict: 'pass' },
    });
  });

  it('is shown as it is now when its broker died, and who brings it back does', async () => {
    const before = await cli('status', 'solo');
    expect(before.out).toMatch(/now: 1 of 1 machines running, 1 of 1 brokers registered/);
    expect(before.out).toMatch(/main-0 +0 +rack-a +running.* registered .*leader/);
    await bench.killBroker('solo', () => 0);
    const machine = async () =>
      (await json('GET', '/v1/clusters/solo')).now.nodes?.[0].machine.state;
    await eventually(async () => (await machine()) === 'stopped');
    const { out } = await cli('status', 'solo');
    expect(out).toMatch(/^solo: ready \(decided .*\nnow: 1 of 1 machines stopped, Kafka does not/);
    expect(out).toContain('the next apply starts stopped machines');
    expect(out).toContain('ended by itself');
    const applied = await cli('apply', solo, '--yes', '--json');
    expect(JSON.parse(applied.out)).toMatchObject({ outcome: 'ready' });
    expect((await cli('status', 'solo')).out).toContain('now: 1 of 1 machines running');
  });

  it('keeps no secret in Temporal', async () => {
    const { paths } = settingsFrom({ ASGARD_HOME: bench.home }, homedir());
    const secrets = JSON.parse(readFileSync(join(paths.secrets, 'solo.json'), 'utf8'));
    const database = readFileSync(join(bench.home, 'temporal.db'));
    const logs = readFileSync(join(bench.home, 'worker.log'));
    for (const password of Object.values(secrets.passwords) as string[]) {
      expect(database.includes(password)).toBe(false);
      expect(logs.includes(password)).toBe(false);
    }
  });
});

describe('Kafka’s own tools', () => {
  it('list topics, produce and consume with the credentials', async () => {
    const server = ['--bootstrap-server', bootstrap];
    const listed = await kafkaTool('TopicCommand', [
      ...server,
      '--command-config',
      client,
      '--list',
    ]);
    expect(listed.out.trim().split('\n')).toContain('events');
    const produced = await kafkaTool(
      'ConsoleProducer',
      [...server, '--topic', 'events', '--command-config', client],
      'one\ntwo\n',
    );
    expect(produced.code, produced.err).toBe(0);
    const consumed = await kafkaTool('consumer.ConsoleConsumer', [
      ...server,
      ...['--topic', 'events', '--from-beginning', '--max-messages', '2', '--timeout-ms', '30000'],
      ...['--command-config', client],
    ]);
    expect(consumed.out.trim().split('\n').sort()).toEqual(['one', 'two']);
  });

  it('are refused without them, and with wrong ones', async () => {
    const wrong = join(bench.home, 'wrong.properties');
    const good = readFileSync(client, 'utf8');
    writeFileSync(wrong, good.replace(/password="[^"]*"/, 'password="guess"'));
    const list = (...config: string[]) =>
      kafkaTool('TopicCommand', ['--bootstrap-server', bootstrap, '--list', ...config]);
    const refused = await list('--command-config', wrong);
    expect(refused.code).not.toBe(0);
    expect(refused.out + refused.err).toMatch(/SaslAuthenticationException|Authentication failed/);
    const quick = join(bench.home, 'none.properties');
    writeFileSync(quick, 'default.api.timeout.ms=5000\nrequest.timeout.ms=4000\n');
    expect((await list('--command-config', quick)).code).not.toBe(0);
  });
});

describe('a change', () => {
  it('that breaks a rule of the present state is refused with the field', async () => {
    const file = variant('shrink', (spec) => {
      Object.assign(spec, { topics: [{ name: 'events', partitions: 1, replicationFactor: 1 }] });
    });
    const plan = await cli('plan', file, '--json');
    expect(plan.code).toBe(1);
    expect(JSON.parse(plan.out)).toMatchObject({
      violations: [{ field: 'spec.topics[0].partitions', rule: 'partition-shrink' }],
    });
  });

  const more = () =>
    variant('more', (spec) => {
      Object.assign(spec, {
        topics: [{ name: 'events', partitions: 4, replicationFactor: 1 }],
        kafka: { version: '4.3.1', config: { 'message.max.bytes': 2000000, 'num.partitions': 2 } },
        loadTest: false,
      });
    });

  it('waits for approval, is paused and resumed, and restarts what must be restarted', async () => {
    const started = await cli('apply', more(), '--require-approval', '--no-wait', '--json');
    const { operationId } = JSON.parse(started.out);
    const key = operationId.split('/').at(-1);
    const path = `/v1/operations/${operationId}`;
    await eventually(async () => (await json('GET', path)).phase === 'awaiting-approval');
    const wrong = await http('POST', `${path}/approve`, { digest: 'sha256:0' });
    expect(await wrong.json()).toMatchObject({
      status: 409,
      type: 'urn:asgard:error:DigestMismatch',
    });
    expect((await cli('pause', 'solo', key)).code).toBe(0);
    expect((await cli('resume', 'solo', key)).code).toBe(0);
    const plain = await cli('approve', 'solo');
    expect(plain).toMatchObject({ code: 1, err: expect.stringContaining('give --yes') });
    expect((await cli('operations', 'solo')).out).toContain(`awaiting-approval  ${operationId}`);
    const approved = await cli('approve', 'solo', '--yes');
    expect(approved).toMatchObject({ code: 0, err: expect.stringContaining('partitions') });
    expect(approved.err).toMatch(/digest: sha256:/);
    await eventually(async () => (await json('GET', path)).phase === 'finished');
    const status = await json('GET', path);
    expect(status).toMatchObject({ outcome: 'untested' });
    expect(status.plan.steps.map((s: { id: string }) => s.id)).toEqual([
      'alterClusterConfig/cluster',
      'addPartitions/events',
      'restartNode/main-0',
      'awaitNode/main-0',
    ]);
    expect((await cli('plan', more())).code).toBe(0);
  });

  it('with an approved plan that is stale is refused', async () => {
    const stale = { spec: JSON.parse(readFileSync(solo, 'utf8')), expectDigest: 'sha256:old' };
    stale.spec.topics[0].partitions = 5;
    const started = await json('POST', '/v1/clusters', stale);
    await eventually(async () => (await json('GET', started.operation)).phase === 'finished');
    const status = await json('GET', started.operation);
    expect(status).toMatchObject({ outcome: 'refused', reason: /approved was sha256:old/ });
  });

  it('is started once for one Idempotency-Key, and told apart from another body', async () => {
    const body = { load: { durationS: 3, warmupS: 1, thresholds: ['lost==0'] } };
    const key = { 'idempotency-key': 'load-1' };
    const path = '/v1/clusters/solo/load-tests';
    const first = await json('POST', path, body, key);
    const busy = await http('POST', path, body, { 'idempotency-key': 'load-2' });
    expect(await busy.json()).toMatchObject({ status: 409, operationId: first.operationId });
    const again = await json('POST', path, body, key);
    expect(again).toEqual(first);
    const other = await http('POST', path, { load: { ...body.load, durationS: 4 } }, key);
    expect(await other.json()).toMatchObject({ status: 422 });
    const events = await (await http('GET', first.events)).text();
    expect(events).toMatch(/event: progress\nid: 1\ndata: /);
    expect(lastStatus(events)).toMatchObject({ load: { verdict: { verdict: 'pass' } } });
    const late = await http('POST', `${first.operation}/abort`, {});
    expect(await late.json()).toMatchObject({
      status: 409,
      detail: /the operation has finished/,
    });
  });

  it('is shown to its end by a stream that was open when Temporal died', async () => {
    const body = { load: { durationS: 5, warmupS: 1, thresholds: ['lost==0'] } };
    const started = await json('POST', '/v1/clusters/solo/load-tests', body);
    const events = (await http('GET', started.events)).text();
    await bench.temporal.kill();
    await bench.temporal.revive();
    const last = lastStatus(await events);
    expect(last).toMatchObject({ phase: 'finished', outcome: 'tested' });
    expect(last.load.verdict.report).toMatchObject({ lost: 0, unread: 0 });
  });
});

describe('the `temporal` CLI', () => {
  it('starts the same workflows with the files of deploy/examples', async () => {
    const input = join(bench.home, 'by-hand.json');
    mkdirSync(bench.home, { recursive: true });
    const spec = JSON.parse(readFileSync(join(bench.home, 'more.json'), 'utf8'));
    writeFileSync(input, JSON.stringify({ spec, requester: 'by hand' }));
    const done = await temporal(
      [
        ...['workflow', 'execute', '--type', 'provisionCluster', '--task-queue', 'asgard'],
        ...['--workflow-id', 'odin/solo/by-hand', '--input-file', input],
      ],
      bench.address,
    );
    expect(done.out + done.err).toContain('"outcome":"unchanged"');
    const refused = await temporal(
      [
        ...['workflow', 'execute', '--type', 'provisionCluster', '--task-queue', 'asgard'],
        ...['--workflow-id', 'odin/x/by-hand', '--input', '{"spec":{"name":"X"}}'],
      ],
      bench.address,
    );
    expect(refused.out + refused.err).toContain('spec.kafka: is missing');
  });
});

describe('the end', () => {
  it('is refused while the cluster is protected', async () => {
    expect((await cli('protect', 'solo', '--on')).code).toBe(0);
    const refused = await cli('destroy', 'solo', '--confirm', 'solo');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('protected from deletion');
  });

  it('leaves nothing', async () => {
    expect((await cli('protect', 'solo', '--off')).code).toBe(0);
    expect((await cli('plan', 'solo', '--destroy')).code).toBe(2);
    const destroyed = await cli('destroy', 'solo', '--confirm', 'solo', '--json');
    expect(JSON.parse(destroyed.out)).toMatchObject({ outcome: 'destroyed' });
    const live = await bench.cloud.listInstances({ tags: {} });
    expect(live.filter((i) => i.state !== 'terminated')).toEqual([]);
    expect((await cli('status', 'solo')).out).toContain('solo: destroyed');
  });
});

async function eventually(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not come about');
}

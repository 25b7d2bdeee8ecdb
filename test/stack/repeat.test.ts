/**
 * Goal: a command or request that is repeated with its key gets the first answer, though the world
 * has changed since. Method: the real CLI and API on a real Temporal, one cluster of one node.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, openBench } from '../crash/bench.ts';
import { asgard, type Ran } from '../support/commands.ts';
import { root, Victim } from '../support/processes.ts';
import { oneNodeSpec } from '../support/specs.ts';

const token = 'stack-test-token-123456';
let bench: Bench;
let api: Victim;
let url = '';
let spec = '';

beforeAll(async () => {
  bench = await openBench();
  const log = join(bench.home, 'api.log');
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
  spec = file('spec', oneNodeSpec('repeat'));
});
afterAll(async () => {
  await api.kill();
  await bench.close();
});

function file(name: string, content: unknown): string {
  writeFileSync(join(bench.home, `${name}.json`), JSON.stringify(content));
  return join(bench.home, `${name}.json`);
}
const apply = (...args: string[]): Promise<Ran> =>
  asgard(['apply', ...args, '--json'], { ASGARD_API: url, ASGARD_TOKEN: token });
const idOf = ({ out }: Ran): string => JSON.parse(out).operationId;
let first: Ran;

it('a repetition while the first is under way is the same operation', async () => {
  first = await apply(spec, '--yes', '--no-wait', '--idempotency-key', 'K-1');
  expect(first.code, first.out + first.err).toBe(0);
  const again = await apply(spec, '--no-wait', '--idempotency-key', 'K-1');
  expect(again.code, again.out + again.err).toBe(0);
  expect(JSON.parse(again.out)).toEqual(JSON.parse(first.out));
  expect(again.err).toContain('was started with this key before');
});

it('a repetition after its end gets its outcome, without a question or a new plan', async () => {
  const followed = await apply(spec, '--idempotency-key', 'K-1');
  expect(followed.code, followed.out + followed.err).toBe(0);
  expect(JSON.parse(followed.out)).toMatchObject({
    operationId: idOf(first),
    outcome: 'untested',
  });
  const again = await apply(spec, '--idempotency-key', 'K-1');
  expect(again).toMatchObject({ code: 0, out: followed.out });
});

it('a request by HTTP with a plan made since gets the first answer, 202', async () => {
  const { plan } = JSON.parse((await apply(spec, '--idempotency-key', 'K-1')).out);
  const requester = process.env.USER ?? 'cli';
  const body = { spec: oneNodeSpec('repeat'), requester };
  for (const guard of [{}, { expectDigest: plan.digest }, { expectDigest: 'sha256:since' }]) {
    const response = await fetch(`${url}/v1/clusters`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': 'K-1',
      },
      body: JSON.stringify({ ...body, ...guard }),
    });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ operationId: idOf(first) });
  }
});

it('the key with another spec is refused', async () => {
  const other = file('other', { ...oneNodeSpec('repeat'), protection: true });
  const refused = await apply(other, '--yes', '--idempotency-key', 'K-1');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.out)).toMatchObject({ status: 422 });
});

it('the key with another plan is refused, naming both', async () => {
  const args = ['--expect-digest', 'sha256:another', '--idempotency-key', 'K-1'];
  const refused = await apply(spec, ...args);
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/K-1.* started .*sha256:[0-9a-f]{64}.*not sha256:another/);
});

it('a new key plans anew and asks', async () => {
  const asked = await apply(spec, '--idempotency-key', 'K-2');
  // Nothing is left to do, so there is no question, and the operation is another one.
  expect(JSON.parse(asked.out)).toMatchObject({ outcome: 'unchanged' });
  expect(idOf(asked)).not.toBe(idOf(first));
});

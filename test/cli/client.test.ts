/** When there is no answer, or no request to be made, the CLI says why, and only that. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcp, type Server as Tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectApi } from '../../cli/client.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { freePort } from '../support/processes.ts';

const home = mkdtempSync(join(tmpdir(), 'asgard-client-'));
const token = 'a-token-for-tests-only';
const ports = { api: 0, deaf: 0, tls: 0, page: 0, none: 0 };
const servers: (Server | Tcp)[] = [];
const listen = (server: Server | Tcp): Promise<number> => {
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
};

beforeAll(async () => {
  const ca = await certificateAuthority('nobody knows it');
  const { key, cert } = await ca.issue('localhost');
  ports.api = await listen(
    createServer((request, response) => {
      const good = request.headers.authorization === `Bearer ${token}`;
      const problem = { title: 'No valid token', detail: 'wrong', status: 401, type: 'x' };
      response.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(good ? { path: request.url } : problem));
    }),
  );
  ports.page = await listen(createServer((_, response) => response.end('<html>')));
  ports.deaf = await listen(createTcp((socket) => socket.destroy()));
  ports.tls = await listen(createTls({ key, cert }));
  ports.none = await freePort();
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(home, { recursive: true, force: true });
});

const ask = (env: NodeJS.ProcessEnv, path = '/v1/x'): Promise<unknown> =>
  Promise.resolve().then(() =>
    connectApi({ ASGARD_HOME: home, ASGARD_TOKEN: token, ...env }).get(path),
  );
const at = (port: keyof typeof ports, scheme = 'http') => `${scheme}://127.0.0.1:${ports[port]}`;

describe('an address', () => {
  it.each([
    ['', '/v1/x'],
    ['/', '/v1/x'],
    ['//', '/v1/x'],
    ['/behind/a/proxy/', '/behind/a/proxy/v1/x'],
  ])('may end with `%s`', async (end, path) => {
    expect(await ask({ ASGARD_API: at('api') + end })).toEqual({ path });
  });

  it.each([
    ['127.0.0.1:8080', 'an address begins with http:// or https://'],
    ['localhost:8080', 'an address begins with http:// or https://'],
    ['ftp://127.0.0.1', 'an address begins with http:// or https://'],
    ['http://', 'this is no address'],
    ['http://a b', 'this is no address'],
    ['http://me:secret@127.0.0.1', 'the token is ASGARD_TOKEN'],
    ['http://127.0.0.1/?a=b', 'an address ends before `?`'],
  ])('%s is refused for what it is', async (url, reason) => {
    await expect(ask({ ASGARD_API: url })).rejects.toThrow(reason);
    await expect(ask({ ASGARD_API: url })).rejects.not.toThrow('secret');
  });
});

describe('no answer', () => {
  const cases: [string, () => string, RegExp][] = [
    ['nothing listens', () => at('none'), /nothing listens at .*correct ASGARD_API.*ECONNREFUSED/],
    [
      'an unknown name',
      () => 'http://no-such-host.invalid',
      /`no-such-host\.invalid` (is not|could)/,
    ],
    ['a server that hangs up', () => at('deaf'), /closed the connection before it answered/],
    ['HTTP to a TLS port', () => at('tls'), /closed the connection before it answered|protocol/],
    ['TLS to an HTTP port', () => at('api', 'https'), /does not speak TLS; is it an http:\/\//],
    ['an unknown CA', () => at('tls', 'https'), /not signed by anybody.*NODE_EXTRA_CA_CERTS/],
    ['some web page', () => at('page'), /answered 200, but not as Asgard’s API does/],
  ];
  it.each(cases)('is explained: %s', async (_, address, reason) => {
    await expect(ask({ ASGARD_API: address() })).rejects.toThrow(reason);
    await expect(ask({ ASGARD_API: address() })).rejects.not.toThrow('npm start');
  });

  it('of the stack that npm start wrote down leads to npm start', async () => {
    writeFileSync(join(home, 'stack.json'), JSON.stringify({ apiUrl: at('none') }));
    await expect(ask({})).rejects.toThrow(/nothing listens.*npm start/);
  });

  it.each(['', '{"apiUrl": "http://127', '[]', 'null'])(
    'damaged file `%s` is told',
    async (text) => {
      writeFileSync(join(home, 'stack.json'), text);
      await expect(ask({})).rejects.toThrow(/stack\.json is missing or damaged/);
    },
  );
});

describe('a header', () => {
  const ASGARD_API = 'http://127.0.0.1:9';
  it.each([
    ['two\nlines', 'character 4 (a line break)'],
    ['tök', 'character 2 (U+00F6)'],
    ['two words', 'character 4 (a blank)'],
    ['nul\0', 'character 4 (U+0000)'],
  ])('cannot carry the token %j, which is told without showing it', async (wrong, what) => {
    const refusal = await ask({ ASGARD_API, ASGARD_TOKEN: wrong }).catch((e: Error) => e.message);
    expect(refusal).toContain(`the token from ASGARD_TOKEN has ${what}`);
    expect(refusal).not.toContain(wrong);
  });

  it('gets the token without the line break that a file ends with', async () => {
    expect(await ask({ ASGARD_API: at('api'), ASGARD_TOKEN: `${token}\r\n` })).toBeTruthy();
  });

  it('with another token is refused, with where it came from', async () => {
    const env = { ASGARD_API: at('api'), ASGARD_TOKEN: 'another' };
    await expect(ask(env)).rejects.toThrow(/No valid token.*\n.*came from ASGARD_TOKEN/);
  });

  it.each(['two words', 'line\nbreak', 'ключ', 'x'.repeat(256), ''])(
    'cannot carry the key %j',
    async (key) => {
      const api = connectApi({ ASGARD_API, ASGARD_TOKEN: token });
      const sent = Promise.resolve().then(() => api.send('POST', '/v1/clusters', {}, key));
      await expect(sent).rejects.toThrow('--idempotency-key takes 1 to 255 visible ASCII');
    },
  );
});

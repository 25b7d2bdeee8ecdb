/** Clients that send slowly, or nothing, are cut; Temporal is not needed for that. */
import { type AddressInfo, connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import type { Temporal } from '../../api/temporal.ts';

const token = 'a-token-for-tests-only';
let app: FastifyInstance;
let port: number;

beforeEach(async () => {
  const temporal = { requireReady: async () => undefined } as unknown as Temporal;
  app = await buildApp({ temporal, token, requestTimeoutMs: 200 });
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterEach(() => app.close());

/** Everything the server said until it closed the connection. */
function talk(first: string, everyMs: number, then: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    const timer = setInterval(() => socket.writable && socket.write(then), everyMs);
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(heard);
    });
    socket.write(first);
  });
}

const head = (rest: string): string =>
  `POST /v1/clusters HTTP/1.1\r\nHost: asgard\r\nAuthorization: Bearer ${token}\r\n${rest}`;

it.each([
  [
    'a body that comes a byte at a time',
    head('Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{'),
    ' ',
  ],
  ['a head that does not end', head('X-Slow: '), 'x'],
  [
    'a chunked body that does not end',
    head('Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n'),
    '1\r\n \r\n',
  ],
])('%s is cut, although it never pauses', async (_, first, then) => {
  expect(await talk(first, 20, then)).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

it('a request that comes in time is answered', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(response.status).toBe(200);
});

/** Bearer tokens. Pages that hold no data are open; everything else needs the token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';

const open = ['/healthz', '/readyz', '/docs', '/openapi.json'];

/** Compares digests, so that neither content nor length of the token shows in the time taken. */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = digest(token);
  app.addHook('onRequest', async (request) => {
    const path = request.url.split('?')[0] ?? '';
    if (open.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return;
    // RFC 9110: the scheme's letters may be of either case.
    const given = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!given || !timingSafeEqual(digest(given), expected)) {
      throw new Problem('Unauthorized', 'the Authorization header holds no valid bearer token');
    }
  });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

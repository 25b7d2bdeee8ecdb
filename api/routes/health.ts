/** Liveness and readiness. */
import type { FastifyInstance } from 'fastify';
import type { Temporal } from '../temporal.ts';

export function healthRoutes(app: FastifyInstance, temporal: Temporal): void {
  const open = { security: [], tags: ['health'] };
  app.get('/healthz', { schema: { ...open, summary: 'The API runs' } }, async () => ({ ok: true }));
  app.get(
    '/readyz',
    { schema: { ...open, summary: 'Temporal answers and workers poll; else 503' } },
    async () => {
      await temporal.requireReady();
      return { ok: true };
    },
  );
}

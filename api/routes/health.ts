/** Liveness and readiness. */
import { odin } from '../../contracts/services/odin.ts';
import { needsOf } from '../input.ts';
import type { Temporal } from '../temporal.ts';
import type { App } from '../validation.ts';

export function healthRoutes(app: App, temporal: Temporal): void {
  const open = { security: [], tags: ['health'] };
  app.get('/healthz', { schema: { ...open, summary: 'The API runs' } }, async () => ({ ok: true }));
  app.get(
    '/readyz',
    { schema: { ...open, summary: 'Temporal answers and workers poll; else 503' } },
    async () => {
      await temporal.requireReady(needsOf(odin.provisionCluster));
      return { ok: true };
    },
  );
}

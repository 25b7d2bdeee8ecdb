/**
 * The HTTP API, built without listening. Routes validate and start workflows; they decide nothing
 * and touch no cloud and no Kafka.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { requireToken } from './auth.ts';
import { Problem, sendProblem } from './problem.ts';
import { clusterRoutes } from './routes/clusters.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { operationRoutes } from './routes/operations.ts';
import type { Temporal } from './temporal.ts';

export interface AppOptions {
  temporal: Temporal;
  token: string;
  /** JSON request logs on stdout; default off. */
  logging?: boolean;
}

const bodyBytesMax = 1024 * 1024;

export async function buildApp({ temporal, token, logging }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: bodyBytesMax,
    // Such keys are fields like any other: ours to refuse by name, and never "not valid JSON".
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
    logger: logging ? { level: 'info', redact: ['req.headers.authorization'] } : false,
    // Bodies are checked against the contracts by our own rules, which name field, rule and remedy.
    schemaErrorFormatter: (errors) => new Error(errors[0]?.message ?? 'bad request'),
    forceCloseConnections: true,
  });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request) => {
    throw new Problem('NotFound', `no route ${request.method} ${request.url.split('?')[0]}`);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Asgard',
        version: '1',
        description: 'Kafka infrastructure that runs itself.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  requireToken(app, token);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  healthRoutes(app, temporal);
  clusterRoutes(app, temporal);
  operationRoutes(app, temporal);
  eventRoutes(app, temporal);
  await app.ready();
  return app;
}

/**
 * The HTTP API, built without listening. Routes validate and start workflows; they decide nothing
 * and touch no cloud and no Kafka.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { requireToken } from './auth.ts';
import { createViewer } from './cluster-view.ts';
import { requireKey, requirePath } from './input.ts';
import { Problem, sendClientError, sendProblem } from './problem.ts';
import { clusterRoutes } from './routes/clusters.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { operationRoutes } from './routes/operations.ts';
import type { Temporal } from './temporal.ts';
import { type App, compileSchema } from './validation.ts';

export interface AppOptions {
  temporal: Temporal;
  token: string;
  /** JSON logs on stderr: `all` requests, or `problems` (errors with their cause) alone. */
  logging?: 'all' | 'problems' | 'off';
  /** Within which a whole request must have arrived, in ms; default 10 s. */
  requestTimeoutMs?: number;
}

const bodyBytesMax = 1024 * 1024;
/** Workflow ids have up to 1,000 characters, each up to nine in a path. */
const paramLengthMax = 9_000;
const requestTimeoutDefaultMs = 10_000;
/** Of a connection on which nothing moves: longer than any answer takes. */
const connectionTimeoutMs = 120_000;

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { temporal, token } = options;
  const app: App = Fastify(serverOptions(options));
  app.setValidatorCompiler(compileSchema);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request) => {
    throw new Problem('NotFound', `no route ${request.method} ${request.url.split('?')[0]}`);
  });
  acceptEmptyJson(app);
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
  checkRequests(app, temporal);
  const viewer = createViewer(temporal);
  clusterRoutes(app, temporal, viewer);
  operationRoutes(app, temporal);
  eventRoutes(app, temporal, viewer);
  await app.ready();
  return app;
}

/** A slow or silent client is cut: nobody holds a connection open by sending a byte a minute. */
function serverOptions({ logging = 'off', requestTimeoutMs }: AppOptions) {
  const requestTimeout = requestTimeoutMs ?? requestTimeoutDefaultMs;
  const level = logging === 'all' ? 'info' : 'error';
  const redact = ['req.headers.authorization'];
  return {
    bodyLimit: bodyBytesMax,
    // What the router itself refuses (a broken escape in the path) is a problem like any other.
    frameworkErrors: sendProblem,
    clientErrorHandler: sendClientError,
    routerOptions: { maxParamLength: paramLengthMax },
    logger: logging === 'off' ? false : { level, redact, stream: process.stderr },
    // Our own validator answers one Problem, which passes through.
    schemaErrorFormatter: (errors: { message?: string }[]) =>
      new Error(errors[0]?.message ?? 'bad request'),
    forceCloseConnections: true,
    requestTimeout,
    connectionTimeout: connectionTimeoutMs,
    http: {
      headersTimeout: requestTimeout,
      // How often Node looks for requests that are late; its default is 30 s.
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
    },
  };
}

/** `content-type: application/json` with nothing after it is no body, as with no content type. */
function acceptEmptyJson(app: App): void {
  // Such keys are fields like any other: ours to refuse by name, and never "not valid JSON".
  const parse = app.getDefaultJsonParser('ignore', 'ignore');
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') done(null, undefined);
      else void parse(request, body, done);
    },
  );
}

/** Before every handler: the names in the path, the rules of the route, the workers it needs. */
function checkRequests(app: App, temporal: Temporal): void {
  app.addHook('preValidation', requirePath);
  app.addHook('preValidation', requireKey);
  app.addHook('preHandler', async (request) => {
    const { needs, rules } = request.routeOptions.config;
    rules?.(request);
    if (needs) await temporal.requireReady(needs);
  });
}

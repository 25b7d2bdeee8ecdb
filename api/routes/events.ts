/**
 * Server-sent events. An operation's stream carries `progress` (one text each, id = its number, so
 * a reader that comes back with Last-Event-ID misses nothing that is still kept) and `status`; it
 * ends when the operation does. A cluster's stream carries `status` whenever what was decided
 * changes, and whenever its machines and brokers were looked at again. A stream stays open while
 * Temporal or its workers are away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorCatalogue } from '../../contracts/errors.ts';
import type { ClusterView, OperationView } from '../../contracts/http.ts';
import type { Viewer } from '../cluster-view.ts';
import { nameOf, operationIdOf, readNeeds } from '../input.ts';
import { Problem } from '../problem.ts';
import type { Temporal } from '../temporal.ts';
import type { App } from '../validation.ts';
import { doc, Stream } from './schema.ts';

const pollMs = 500;
/** Comments keep proxies from closing a quiet stream. */
const heartbeatMs = 15_000;

export function eventRoutes(app: App, temporal: Temporal, viewer: Viewer): void {
  const one = doc('operations', 'Progress and status of an operation as server-sent events', {
    answer: Stream,
  });
  const url = '/v1/operations/:service/:cluster/:key/events';
  const config = { needs: readNeeds };
  app.get(url, { schema: one, config }, async (request, reply) => {
    const id = operationIdOf(request);
    const first = await temporal.operationStatus(id);
    const after = Number(request.headers['last-event-id'] ?? 0) || 0;
    await stream(request, reply, operationFrames(temporal, id, { first, after }));
  });
  const all = doc('clusters', 'Status of a cluster as server-sent events, on every change', {
    answer: Stream,
  });
  app.get('/v1/clusters/:name/events', { schema: all }, async (request, reply) => {
    const name = nameOf(request);
    const first = await viewer.view(name);
    await stream(request, reply, clusterFrames(viewer, name, first));
  });
}

interface Frame {
  event: string;
  id?: number;
  data: unknown;
}

async function* operationFrames(
  temporal: Temporal,
  id: string,
  { first, after }: { first: OperationView; after: number },
): AsyncGenerator<Frame | undefined> {
  let seen = after;
  let shown = '';
  for await (const status of statuses(first, () => temporal.operationStatus(id))) {
    for (const event of status.events.filter((e) => e.seq > seen)) {
      seen = event.seq;
      yield { event: 'progress', id: event.seq, data: event };
    }
    const text = JSON.stringify(status);
    yield text === shown ? undefined : { event: 'status', data: status };
    shown = text;
    if (status.phase === 'finished') return;
  }
}

async function* clusterFrames(
  viewer: Viewer,
  name: string,
  first: ClusterView,
): AsyncGenerator<Frame | undefined> {
  let shown = '';
  for await (const status of statuses(first, () => viewer.glance(name))) {
    const text = JSON.stringify(status);
    yield text === shown ? undefined : { event: 'status', data: status };
    shown = text;
  }
}

/** `first`, then what `ask` says, for ever; repeats the last one while Temporal is away. */
async function* statuses<T>(first: T, ask: () => Promise<T>): AsyncGenerator<T> {
  for (let status = first; ; ) {
    yield status;
    await sleep(pollMs);
    try {
      status = await ask();
    } catch (error) {
      // What may pass by itself does not end a stream.
      if (!(error instanceof Problem) || !errorCatalogue[error.type].retryable) throw error;
    }
  }
}

/** Writes frames until they end or the client goes away. */
async function stream(
  request: FastifyRequest,
  reply: FastifyReply,
  frames: AsyncGenerator<Frame | undefined>,
): Promise<void> {
  reply.hijack();
  const out = reply.raw;
  out.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  if (request.method === 'HEAD') {
    out.end();
    return;
  }
  // It may have left while the first status was asked for; then no `close` follows.
  let gone = request.raw.socket.destroyed;
  request.raw.socket.once('close', () => {
    gone = true;
  });
  let beaten = Date.now();
  try {
    for await (const frame of frames) {
      if (gone) break;
      if (frame) out.write(encode(frame));
      else if (Date.now() - beaten > heartbeatMs) {
        out.write(': still here\n\n');
        beaten = Date.now();
      }
    }
  } catch (error) {
    // The head is sent already: the error can only be told inside the stream.
    const detail = error instanceof Error ? error.message : String(error);
    if (!gone) out.write(encode({ event: 'error', data: { detail } }));
  } finally {
    out.end();
  }
}

const encode = ({ event, id, data }: Frame): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** Following an operation or a cluster by its event stream; a broken stream is taken up again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventSourceMessage, EventSourceParserStream } from 'eventsource-parser/stream';
import type { ClusterView } from '../contracts/http.ts';
import type { OperationStatus } from '../contracts/operation.ts';
import { type Api, CommandError, pathOf } from './client.ts';
import type { Progress } from './progress.ts';

export interface Started {
  operationId: string;
  runId: string;
  operation: string;
  events: string;
}

/**
 * The operation's last status. Rejects when the API refuses to show it, and when `signal` ends the
 * watching; the operation itself goes on then.
 */
export async function follow(
  api: Api,
  started: Pick<Started, 'operation' | 'events'>,
  progress: Progress,
  signal?: AbortSignal,
): Promise<OperationStatus> {
  const ask = () => api.get<OperationStatus>(started.operation);
  try {
    for (;;) {
      const last = await readStream(api, started.events, { progress, signal }).catch(
        () => undefined,
      );
      if (last?.phase === 'finished') return last;
      progress.notice?.('the event stream broke off; asking again');
      // The API or Temporal may be restarting: ask plainly, then follow again.
      const status = await askPatiently(ask, signal);
      progress.notice?.(undefined);
      progress.update(status);
      if (status.phase === 'finished') return status;
      await pause(signal);
    }
  } finally {
    progress.end();
  }
}

/** What following a cluster tells: every new status, and each interruption and its end. */
export interface ClusterWatcher {
  tell(status: ClusterView): void;
  note(text: string): void;
}

/**
 * Follows a cluster until `signal`. Rejects when the API refuses, when it is not there at first, or
 * away for about two minutes later.
 */
export async function followCluster(
  api: Api,
  name: string,
  watcher: ClusterWatcher,
  signal: AbortSignal,
): Promise<void> {
  const path = pathOf`/v1/clusters/${name}/events`;
  let told = '';
  try {
    for (let response = await api.open(path, signal); ; ) {
      // The first status after an interruption is often the last one before it.
      for await (const data of statusesOf(response)) {
        if (data !== told) watcher.tell(JSON.parse(data) as ClusterView);
        told = data;
      }
      if (signal.aborted) return;
      watcher.note('the event stream broke off; connecting again');
      await pause(signal);
      response = await askPatiently(() => api.open(path, signal), signal);
      watcher.note('connected again');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Texts of `status` frames until the stream ends or breaks. */
async function* statusesOf(response: Response): AsyncGenerator<string> {
  try {
    for await (const { event, data } of framesOf(response)) if (event === 'status') yield data;
  } catch {
    // The caller asks again, and is told then why there is no answer.
  }
}

const pause = (signal?: AbortSignal): Promise<void> =>
  sleep(1_000, undefined, signal ? { signal } : {});

/** About two minutes of an API or Temporal that is away. */
const triesMax = 120;

/** Asks again while the API is away; a refusal is final at once, and so is the signal. */
async function askPatiently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (isRefusal(error) || tries >= triesMax) throw error;
      await pause(signal);
    }
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof CommandError && (error.problem?.status ?? 503) < 500;

async function readStream(
  api: Api,
  path: string,
  { progress, signal }: { progress: Progress; signal: AbortSignal | undefined },
): Promise<OperationStatus | undefined> {
  const response = await api.open(path, signal);
  let last: OperationStatus | undefined;
  for await (const frame of framesOf(response)) {
    if (frame.event !== 'status') continue;
    last = JSON.parse(frame.data) as OperationStatus;
    progress.update(last);
  }
  return last;
}

/** Frames of a text/event-stream body. */
export async function* framesOf({ body }: Response): AsyncGenerator<EventSourceMessage> {
  if (!body) return;
  const text = body.pipeThrough(new TextDecoderStream() as never) as ReadableStream<string>;
  yield* text.pipeThrough(new EventSourceParserStream());
}

/** Following an operation by its event stream until it ends; a broken stream is taken up again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationStatus } from '../contracts/operations.ts';
import { type Api, CommandError } from './client.ts';
import type { Progress } from './progress.ts';

export interface Started {
  operationId: string;
  runId: string;
  operation: string;
  events: string;
}

/** The operation's last status. Rejects when the API refuses to show it. */
export async function follow(
  api: Api,
  started: Pick<Started, 'operation' | 'events'>,
  progress: Progress,
): Promise<OperationStatus> {
  try {
    for (;;) {
      const last = await readStream(api, started.events, progress).catch(() => undefined);
      if (last?.phase === 'finished') return last;
      // The API or Temporal may be restarting: ask plainly, then follow again.
      const status = await askPatiently(api, started.operation);
      progress.update(status);
      if (status.phase === 'finished') return status;
    }
  } finally {
    progress.end();
  }
}

/** About two minutes of an API or Temporal that is away; a refusal is final at once. */
const triesMax = 120;

async function askPatiently(api: Api, path: string): Promise<OperationStatus> {
  for (let tries = 1; ; tries++) {
    try {
      return await api.get<OperationStatus>(path);
    } catch (error) {
      const refused = error instanceof CommandError && (error.problem?.status ?? 503) < 500;
      if (refused || tries >= triesMax) throw error;
      await sleep(1_000);
    }
  }
}

async function readStream(
  api: Api,
  path: string,
  progress: Progress,
): Promise<OperationStatus | undefined> {
  const response = await api.open(path);
  let last: OperationStatus | undefined;
  for await (const frame of framesOf(response)) {
    if (frame.event !== 'status') continue;
    last = JSON.parse(frame.data) as OperationStatus;
    progress.update(last);
  }
  return last;
}

/** Frames of a text/event-stream body. */
export async function* framesOf(
  response: Response,
): AsyncGenerator<{ event: string; data: string }> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const data = field('data');
      if (data !== undefined) yield { event: field('event') ?? 'message', data };
    }
  }
}

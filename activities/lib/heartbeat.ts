/**
 * Every activity runs inside `beating`: it heartbeats once a second, so that a killed worker is
 * noticed within the heartbeat timeout (5 s) and a cancellation reaches the activity as quickly.
 */
import { Context } from '@temporalio/activity';
import { translate } from './failure.ts';

export interface Beat {
  signal: AbortSignal;
  /** Replaces the text that the next heartbeat carries; people see it as the pending detail. */
  say(text: string): void;
}

const intervalMs = 1_000;

/** Runs `work` with heartbeats and translates its errors. Rejects early with the cancellation. */
export async function beating<T>(work: (beat: Beat) => Promise<T>): Promise<T> {
  const context = Context.current();
  let text: string | undefined;
  const timer = setInterval(() => context.heartbeat(text), intervalMs);
  context.heartbeat(text);
  try {
    return await work({
      signal: context.cancellationSignal,
      say: (next) => {
        text = next;
      },
    });
  } catch (error) {
    context.cancellationSignal.throwIfAborted();
    throw translate(error);
  } finally {
    clearInterval(timer);
  }
}

/** Waits, or rejects at once when the activity is cancelled. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

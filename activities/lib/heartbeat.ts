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
  /** Facts that must outlive this attempt: carried by every heartbeat from now on. */
  keep(facts: string[]): void;
  /** Facts that an attempt before this one kept, whose worker died; else none. */
  kept: readonly string[];
}

/** What a heartbeat carries once facts are kept; before that the text alone. */
export interface KeptBeat {
  text: string;
  facts: string[];
}

const intervalMs = 1_000;

/** Runs `work` with heartbeats and translates its errors. Rejects early with the cancellation. */
export async function beating<T>(work: (beat: Beat) => Promise<T>): Promise<T> {
  const context = Context.current();
  let text: string | undefined;
  let facts: string[] = [];
  const beat = () => {
    const kept: KeptBeat = { text: text ?? '', facts };
    context.heartbeat(facts.length > 0 ? kept : text);
  };
  const timer = setInterval(beat, intervalMs);
  beat();
  try {
    return await work({
      signal: context.cancellationSignal,
      say: (next) => {
        text = next;
      },
      keep: (next) => {
        facts = next;
      },
      kept: (context.info.heartbeatDetails as Partial<KeptBeat> | undefined)?.facts ?? [],
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

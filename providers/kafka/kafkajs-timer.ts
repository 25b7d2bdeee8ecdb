/**
 * A patch of one method of kafkajs 2.2.4, which has had no release since 2023. After every answer
 * it arms a timer of `throttledUntil - now` ms to look at its queue, also when the queue is empty
 * and nothing is throttled; that number is then hugely negative and Node 24 warns on the user's
 * terminal (kafkajs #1751). With an empty queue and no throttle there is nothing to look at: do
 * nothing.
 */
import { createRequire } from 'node:module';

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const patched = Symbol.for('asgard.kafkajs.timer');

/** Applies the patch once per process; safe to repeat. */
export function mendTimer(): void {
  const require = createRequire(import.meta.url);
  const queueClass = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const queue = queueClass.prototype as RequestQueue & { [patched]?: boolean };
  if (queue[patched]) return;
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
  queue[patched] = true;
}

/**
 * Are the workers there that a request needs? Asked of Temporal in parallel, and kept for a few
 * seconds, so that a busy API does not ask the same thing all day.
 */
import type { Client } from '@temporalio/client';
import { type QueueName, searchAttributes, taskQueues } from '../contracts/names.ts';
import { Problem } from './problem.ts';

export interface Readiness {
  /** Throws `Unavailable` naming the first queue that nobody polls, or what else is missing. */
  require(queues: readonly QueueName[]): Promise<void>;
  /** The same as an answer. Rejects with Temporal's error when Temporal cannot be asked. */
  away(queues: readonly QueueName[]): Promise<Problem | undefined>;
  /** Which search attributes the namespace lacks; undefined also when Temporal will not tell. */
  missingAttributes(): Promise<Problem | undefined>;
}

/** A poller seen within this time counts as a worker that is there; they poll once a minute. */
const pollerFreshMs = 75_000;
/** How long an answer holds. A worker that comes up should be seen soon. */
const keepMs = { good: 5_000, bad: 1_000 };
const attributesKeepMs = { good: 600_000, bad: 1_000 };

/** `now` is a clock in ms, for tests. */
export function createReadiness(client: Client, now: () => number = Date.now): Readiness {
  const kept = new Map<string, Kept>();
  const keep = (key: string, times: typeof keepMs, ask: () => Promise<Problem | undefined>) => {
    const before = kept.get(key);
    if (before && now() < before.until) return before.answer;
    const entry: Kept = { until: Number.POSITIVE_INFINITY, answer: ask() };
    kept.set(key, entry);
    entry.answer.then(
      (problem) => {
        entry.until = now() + (problem ? times.bad : times.good);
      },
      () => kept.delete(key),
    );
    return entry.answer;
  };
  const missingAttributes = () =>
    keep('attributes', attributesKeepMs, () => attributesOf(client)).catch(() => undefined);
  const away = async (queues: readonly QueueName[]) => {
    const answers = await Promise.all(
      queues.map((name) => keep(name, keepMs, () => pollerOf(client, name))),
    );
    return answers.find((problem) => problem !== undefined);
  };
  return {
    away,
    missingAttributes,
    require: async (queues) => {
      const [missing, absent] = await Promise.all([missingAttributes(), away(queues)]);
      const problem = missing ?? absent;
      if (problem) throw problem;
    },
  };
}

interface Kept {
  until: number;
  answer: Promise<Problem | undefined>;
}

async function pollerOf(client: Client, queue: QueueName): Promise<Problem | undefined> {
  const name = taskQueues[queue];
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    // Workflow tasks, else activity tasks.
    taskQueueType: queue === 'workflows' ? 1 : 2,
  });
  const fresh = (pollers ?? []).some(
    (p) => Date.now() - Number(p.lastAccessTime?.seconds ?? 0) * 1000 < pollerFreshMs,
  );
  return fresh
    ? undefined
    : new Problem('Unavailable', `no worker polls the task queue \`${name}\``);
}

async function attributesOf(client: Client): Promise<Problem | undefined> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
    namespace: client.options.namespace,
  });
  const there = Object.keys(customAttributes ?? {});
  const missing = Object.values(searchAttributes).filter((name) => !there.includes(name));
  if (missing.length === 0) return undefined;
  const { namespace } = client.options;
  return new Problem(
    'SearchAttributesMissing',
    `the namespace \`${namespace}\` lacks ${missing.join(', ')} (type Keyword)`,
  );
}

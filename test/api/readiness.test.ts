/** Which workers a request needs, and how seldom Temporal is asked for them. It is a stand-in. */
import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { createReadiness } from '../../api/readiness.ts';
import { type QueueName, searchAttributes, taskQueues } from '../../contracts/names.ts';

interface Stub {
  client: Client;
  asked: string[];
  polled: Set<QueueName>;
  attributes: string[];
  /** How many questions were open at the same time. */
  together: number;
}

function stub(): Stub {
  let open = 0;
  const made: Stub = {
    asked: [],
    polled: new Set(['workflows', 'cloud', 'kafka', 'load'] as const),
    attributes: Object.values(searchAttributes),
    together: 0,
    client: undefined as never,
  };
  const nameOf = (queue: string) =>
    (Object.keys(taskQueues) as QueueName[]).find((name) => taskQueues[name] === queue);
  made.client = {
    options: { namespace: 'default' },
    workflowService: {
      describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: string } }) => {
        const name = nameOf(taskQueue.name);
        made.asked.push(name ?? taskQueue.name);
        made.together = Math.max(made.together, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        const there = name !== undefined && made.polled.has(name);
        return { pollers: there ? [{ lastAccessTime: { seconds: Date.now() / 1000 } }] : [] };
      },
    },
    connection: {
      operatorService: {
        listSearchAttributes: async () => ({
          customAttributes: Object.fromEntries(made.attributes.map((name) => [name, 2])),
        }),
      },
    },
  } as unknown as Client;
  return made;
}

const all: QueueName[] = ['workflows', 'cloud', 'kafka', 'load'];

it('a read is not refused because the load worker is away', async () => {
  const made = stub();
  made.polled = new Set(['workflows']);
  const readiness = createReadiness(made.client);
  await readiness.require(['workflows']);
  expect(made.asked).toEqual(['workflows']);
  await expect(readiness.require(all)).rejects.toThrow('no worker polls the task queue `asgard-');
});

it('queues are asked for side by side, once for many requests, and again after some seconds', async () => {
  const made = stub();
  let now = 0;
  const readiness = createReadiness(made.client, () => now);
  await Promise.all(Array.from({ length: 50 }, () => readiness.require(all)));
  expect(made.asked.sort()).toEqual([...all].sort());
  expect(made.together).toBe(4);
  now += 4_999;
  await readiness.require(all);
  expect(made.asked).toHaveLength(4);
  now += 1;
  await readiness.require(all);
  expect(made.asked).toHaveLength(8);
});

it('a worker that comes up is seen within a second', async () => {
  const made = stub();
  let now = 0;
  const readiness = createReadiness(made.client, () => now);
  made.polled = new Set();
  await expect(readiness.require(['kafka'])).rejects.toMatchObject({ type: 'Unavailable' });
  made.polled = new Set(['kafka']);
  now += 1_000;
  await readiness.require(['kafka']);
});

it('missing search attributes are named before anything is started', async () => {
  const made = stub();
  made.attributes = made.attributes.filter((name) => name !== searchAttributes.phase);
  await expect(createReadiness(made.client).require(['workflows'])).rejects.toMatchObject({
    type: 'SearchAttributesMissing',
    message: expect.stringContaining(`lacks ${searchAttributes.phase} `),
  });
});

it('a Temporal that does not tell its search attributes is taken at its word on the rest', async () => {
  const made = stub();
  Object.assign(made.client.connection.operatorService, {
    listSearchAttributes: () => Promise.reject(new Error('not for you')),
  });
  await createReadiness(made.client).require(all);
});

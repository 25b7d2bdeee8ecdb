/** What the API shows of one cluster: decided and now, whatever is away. Temporal is a stand-in. */
import { expect, it } from 'vitest';
import { createViewer } from '../../api/cluster-view.ts';
import { Problem } from '../../api/problem.ts';
import type { Temporal } from '../../api/temporal.ts';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import type { Inspection, NodeStatus } from '../../contracts/http.ts';

const status: ClusterStatus = {
  name: 'orders',
  phase: 'ready',
  since: '2026-11-25T17:02:11.000Z',
  provider: 'local',
  protection: true,
  leases: [],
  waiting: [],
  history: [
    {
      operationId: 'odin/orders/provision-1',
      runId: 'r',
      type: 'provisionCluster',
      requester: 'eve',
      startedAt: '2026-11-25T17:00:00.000Z',
      finishedAt: '2026-11-25T17:02:11.000Z',
      outcome: 'ready',
    },
  ],
};

const node = (nodeId: number, state: NodeStatus['machine']['state']): NodeStatus => ({
  slot: `main-${nodeId}`,
  nodeId,
  rack: 'rack-a',
  roles: ['broker', 'controller'],
  machine: { state },
  broker: { registration: state === 'running' ? 'registered' : 'fenced' },
  controller: 'voter',
});

const inspection: Inspection = {
  lookedAt: '2026-11-25T17:40:03.000Z',
  nodes: [node(0, 'running'), node(1, 'stopped'), node(2, 'stopped')],
  kafka: { answers: true, leaderless: 0, underReplicated: 4 },
};

interface Stub {
  temporal: Temporal;
  looks: number;
}

function stub(over: Partial<Temporal> = {}): Stub {
  const made: Stub = { looks: 0, temporal: undefined as never };
  made.temporal = {
    requireReady: async () => undefined,
    clusterStatus: async () => status,
    clusterSummary: async () => ({
      name: 'orders',
      phase: 'ready',
      since: '2026-11-25T17:02:11.000Z',
    }),
    inspect: async () => {
      made.looks++;
      return inspection;
    },
    ...over,
  } as Temporal;
  return made;
}

const away = (queue: string) => new Problem('Unavailable', `no worker polls \`${queue}\``);

it('stopped machines stand beside the phase that was decided before, each with its time', async () => {
  expect(await createViewer(stub().temporal).view('orders')).toMatchObject({
    phase: 'ready',
    since: '2026-11-25T17:02:11.000Z',
    now: {
      lookedAt: '2026-11-25T17:40:03.000Z',
      summary: expect.stringMatching(/^2 of 3 machines stopped, 1 of 3 brokers registered/),
      remedy: 'the next apply starts stopped machines',
      nodes: [{ slot: 'main-0' }, { machine: { state: 'stopped' } }, { slot: 'main-2' }],
    },
  });
});

it('many callers share one look, for a second', async () => {
  const made = stub();
  let now = 0;
  const viewer = createViewer(made.temporal, () => now);
  await Promise.all(Array.from({ length: 50 }, () => viewer.view('orders')));
  await viewer.view('orders');
  expect(made.looks).toBe(1);
  now += 1_000;
  await viewer.view('orders');
  expect(made.looks).toBe(2);
});

it('a look that does not end holds up nobody who watches, and no second one is begun', async () => {
  const made = stub();
  let now = 0;
  let looks = 0;
  const viewer = createViewer(
    {
      ...made.temporal,
      inspect: () => {
        looks++;
        return looks === 1 ? Promise.resolve(inspection) : new Promise(() => undefined);
      },
    },
    () => now,
  );
  await viewer.view('orders');
  now += 60_000;
  for (let i = 0; i < 3; i++) {
    expect((await viewer.glance('orders')).now.lookedAt).toBe(inspection.lookedAt);
  }
  expect(looks).toBe(2);
});

it('without a worker that can look: says so, guesses nothing, shows what was decided', async () => {
  const { temporal } = stub({
    requireReady: async (queues) => {
      if (queues.includes('kafka')) throw away('asgard-kafka');
    },
  });
  const view = await createViewer(temporal).view('orders');
  expect(view).toMatchObject({
    phase: 'ready',
    history: [{ outcome: 'ready' }],
    now: { summary: 'not known', problem: 'no worker polls `asgard-kafka`' },
  });
  expect(view.now.nodes).toBeUndefined();
});

it('without any worker: what Temporal’s index knows, and nothing that it does not', async () => {
  const { temporal } = stub({
    requireReady: async () => {
      throw away('asgard');
    },
  });
  const view = await createViewer(temporal).view('orders');
  expect(view).toMatchObject({
    phase: 'ready',
    since: '2026-11-25T17:02:11.000Z',
    partial: 'no worker polls `asgard`',
    now: { summary: 'not known' },
  });
  expect(view.history).toBeUndefined();
});

it('without Temporal: the first cause', async () => {
  const { temporal } = stub({
    clusterStatus: async () => {
      throw new Problem('Unavailable', 'no answer from Temporal');
    },
    clusterSummary: async () => {
      throw new Problem('Internal', 'something else');
    },
  });
  await expect(createViewer(temporal).view('orders')).rejects.toThrow('no answer from Temporal');
});

it('a name that nobody used is not found', async () => {
  const { temporal } = stub({
    clusterStatus: async () => ({ ...status, phase: 'absent' }),
    inspect: async () => ({ ...inspection, nodes: [], providers: [] }),
  });
  await expect(createViewer(temporal).view('orders')).rejects.toMatchObject({ type: 'NotFound' });
});

it('a Temporal that has just not answered is not asked once more: the wait would double', async () => {
  let asked = 0;
  const cause = new Error('no answer within 3.9 s');
  const silent = async () => {
    throw new Problem('Unavailable', 'no answer from Temporal', { cause });
  };
  for (const first of ['requireReady', 'clusterStatus'] as const) {
    const { temporal } = stub({
      [first]: silent,
      clusterSummary: async () => {
        asked++;
        return { name: 'orders', phase: 'ready' };
      },
    });
    await expect(createViewer(temporal).view('orders')).rejects.toThrow('no answer from Temporal');
  }
  expect(asked).toBe(0);
});

/**
 * Odin's workflows on a real Temporal server: the saga, the lease, approval, pause, abort, refusal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingObserved } from '../../contracts/observed.ts';
import type { OperationPhase } from '../../contracts/operation.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { simulate } from '../domain/cluster-support/simulate.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { ending, type Lab, openLab } from './lab.ts';
import { failureMatrix } from './matrix.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

let serial = 0;
const named = (change: Partial<ClusterSpec> = {}): ClusterSpec => ({
  ...exampleSpec(),
  name: `w${serial++}`,
  ...change,
});
const stateAfter = (spec: ClusterSpec) =>
  simulate(nothingObserved, planCluster(normal(spec), nothingObserved).steps);

async function phaseOf(handle: Parameters<Lab['status']>[0], phase: OperationPhase) {
  for (let tries = 0; tries < 400; tries++) {
    const status = await lab.status(handle);
    if (status.phase === phase) return status;
    await sleep(25);
  }
  throw new Error(`the operation never came to ${phase}`);
}

describe('the failure matrix', () => {
  failureMatrix('provisionCluster', {
    lab: () => lab,
    type: 'provisionCluster',
    input: () => ({ spec: named() }),
    success: 'ready',
    deeds: [
      'createIdentity#1',
      ...[1, 2, 3].flatMap((n) => [`createInterface#${n}`, `createVolume#${n}`]),
      ...[1, 2, 3].flatMap((n) => [`launchInstance#${n}`, `awaitNode#${n}`]),
      'alterClusterConfig#1',
      'createTopics#1',
    ],
  });

  const wide = (): ClusterSpec => {
    const spec = named();
    const extra = { ...spec.nodes[0], pool: 'extra', count: 1, roles: ['broker' as const] };
    return { ...spec, nodes: [...spec.nodes, extra as ClusterSpec['nodes'][number]] };
  };
  failureMatrix('a scale-out', {
    lab: () => lab,
    type: 'provisionCluster',
    input: () => ({ spec: wide() }),
    before: (world) => {
      world.observed = stateAfter(exampleSpec());
      for (const slot of ['main-0', 'main-1', 'main-2']) world.things.add(`instance ${slot}`);
    },
    success: 'ready',
    deeds: ['createInterface#1', 'createVolume#1', 'launchInstance#1', 'awaitNode#1'],
  });
});

describe('provisionCluster', () => {
  it('refuses a wrong spec before anything else, naming every field', async () => {
    await lab.withWorld(async (world) => {
      const spec = { ...exampleSpec(), name: 'NOT', provider: 'mars' };
      const { outcome, details } = await ending(await lab.start('provisionCluster', { spec }));
      expect(outcome).toBe('InvalidInput');
      const { violations } = details as { violations: { field: string }[] };
      expect(violations.map((v) => v.field)).toEqual(['spec.name', 'spec.provider']);
      expect(world.calls).toEqual([]);
    });
  });

  it.each([{}, { spec: 5 }, { spec: exampleSpec(), approval: 'maybe' }, null])(
    'refuses the input %j',
    async (input) => {
      await lab.withWorld(async (world) => {
        const { outcome } = await ending(await lab.start('provisionCluster', input));
        expect(outcome).toBe('InvalidInput');
        expect(world.calls).toEqual([]);
      });
    },
  );

  it('waits for the approval of exactly its plan', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      const handle = await lab.start('provisionCluster', { spec, approval: 'required' });
      const { plan } = await phaseOf(handle, 'awaiting-approval');
      const wrong = handle.executeUpdate('approve', { args: [{ digest: 'sha256:other' }] });
      await expect(wrong).rejects.toMatchObject({ cause: { type: 'DigestMismatch' } });
      expect(world.things.size).toBe(0);
      await handle.executeUpdate('approve', { args: [{ digest: plan?.digest }] });
      expect((await ending(handle)).outcome).toBe('ready');
    });
  });

  it('refuses an approved plan when the world has moved', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      const handle = await lab.start('provisionCluster', { spec, approval: 'required' });
      const { plan } = await phaseOf(handle, 'awaiting-approval');
      world.observed = { ...nothingObserved, identity: true };
      await handle.executeUpdate('approve', { args: [{ digest: plan?.digest }] });
      expect((await ending(handle)).outcome).toBe('PlanStale');
      expect(world.things.size).toBe(0);
    });
  });

  it('leaves a topic alone that was there before its own failed step', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      world.observed = { ...stateAfter(spec), topics: [] };
      world.things.add('topic orders');
      world.failing = 'createTopics#1';
      expect((await ending(await lab.start('provisionCluster', { spec }))).outcome).toBe(
        'RolledBack',
      );
      expect(world.things.has('topic orders')).toBe(true);
    });
  });

  it('is held, though all was undone, after a failure that a person must see to', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      world.failing = 'awaitNode#1';
      world.failingDetails = { hold: true };
      const end = await ending(await lab.start('provisionCluster', { spec }));
      expect(end).toMatchObject({ outcome: 'Held', message: expect.stringContaining('awaitNode') });
      expect(world.things.size).toBe(0);
    });
  });

  it('keeps a cluster quarantined whose gate fails, and says why', async () => {
    await lab.withWorld(async (world) => {
      world.report = { ...world.report, received: world.report.received - 7, lost: 7 };
      const spec = named();
      const { outcome, message } = await ending(await lab.start('provisionCluster', { spec }));
      expect(outcome).toBe('quarantined');
      expect(message).toContain('7 acknowledged records were not found');
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'quarantined' });
      expect(world.things.has('load user')).toBe(false);
    });
  });

  it('names in the timeline what each call is about', async () => {
    await lab.withWorld(async () => {
      const handle = await lab.start('provisionCluster', { spec: named() });
      await ending(handle);
      const { events } = await handle.fetchHistory();
      const calls = (events ?? []).flatMap((e) => {
        const type = e.activityTaskScheduledEventAttributes?.activityType?.name;
        const { data } = e.userMetadata?.summary ?? {};
        return type ? [`${type}: ${data ? JSON.parse(Buffer.from(data).toString()) : ''}`] : [];
      });
      expect(calls).toContain('launchInstance: main-2 in rack-c');
      expect(calls).toContain('createTopics: orders and 1 more');
      expect(calls).toContain('alterClusterConfig: min.insync.replicas=2');
      expect(calls).toContain('runLoadTest: 2MB/s for 15 s');
    });
  });

  it('calls a gate unknown that cannot be measured', async () => {
    await lab.withWorld(async (world) => {
      world.failing = 'prepareLoadTest#1';
      const spec = named();
      const { outcome, message } = await ending(await lab.start('provisionCluster', { spec }));
      expect(outcome).toBe('quarantined');
      expect(message).toContain('load test unknown: not measured');
      expect(world.things.has('load user')).toBe(false);
    });
  });

  it('changes nothing the second time', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      expect((await ending(await lab.start('provisionCluster', { spec }))).outcome).toBe('ready');
      world.observed = stateAfter(spec);
      const before = world.calls.length;
      expect((await ending(await lab.start('provisionCluster', { spec }))).outcome).toBe(
        'unchanged',
      );
      const calls = ['observeCluster', 'observeTopics', 'describeConnection'];
      expect(world.calls.slice(before)).toEqual(calls);
    });
  });

  it('holds what it has when asked to, and says what failed', async () => {
    await lab.withWorld(async (world) => {
      world.failing = 'launchInstance#2';
      const spec = named();
      const end = await ending(await lab.start('provisionCluster', { spec, onFailure: 'hold' }));
      expect(end).toMatchObject({ outcome: 'Held', message: /launchInstance#2 refused/ });
      expect(world.things.has('volume main-0')).toBe(true);
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'held' });
    });
  });

  it('is held when something begun cannot be taken back', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      world.observed = stateAfter(spec);
      for (const topic of spec.topics ?? []) topic.partitions = 50;
      world.failing = 'addPartitions#1';
      const end = await ending(await lab.start('provisionCluster', { spec }));
      expect(end.outcome).toBe('Held');
      expect(end.message).toContain('Cannot be taken back: grow 2 topics');
    });
  });
});

describe('an operator', () => {
  /** A provision that is held in its first launch until `open` is called. */
  async function heldInLaunch(
    work: (parts: {
      handle: Awaited<ReturnType<Lab['start']>>;
      spec: ClusterSpec;
      open: () => void;
      things: Set<string>;
    }) => Promise<void>,
  ) {
    await lab.withWorld(async (world) => {
      let open = () => {};
      world.gate = {
        call: 'launchInstance',
        open: new Promise((resolve) => {
          open = () => resolve();
        }),
      };
      const spec = named();
      const handle = await lab.start('provisionCluster', { spec });
      await phaseOf(handle, 'applying');
      while (!world.calls.includes('launchInstance')) await sleep(20);
      await work({ handle, spec, open, things: world.things });
    });
  }

  it('can pause and resume', async () => {
    await heldInLaunch(async ({ handle, open }) => {
      await handle.executeUpdate('pause');
      open();
      await phaseOf(handle, 'paused');
      await handle.executeUpdate('resume');
      expect((await ending(handle)).outcome).toBe('ready');
    });
  });

  it('can abort, and everything is undone', async () => {
    await heldInLaunch(async ({ handle, open, spec, things }) => {
      const aborting = handle.executeUpdate('abort');
      open();
      await aborting;
      expect((await ending(handle)).outcome).toBe('Aborted');
      expect([...things]).toEqual([]);
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'absent' });
    });
  });

  it('is told why an update is not accepted now', async () => {
    await heldInLaunch(async ({ handle, open }) => {
      const approve = handle.executeUpdate('approve', { args: [{ digest: 'x' }] });
      await expect(approve).rejects.toMatchObject({ cause: { type: 'NotAwaiting' } });
      const resume = handle.executeUpdate('resume');
      await expect(resume).rejects.toMatchObject({ cause: { type: 'NotAwaiting' } });
      open();
      await ending(handle);
    });
  });

  it('sees one of two concurrent applies wait for the other', async () => {
    await heldInLaunch(async ({ handle, open, spec }) => {
      const second = await lab.start('provisionCluster', { spec });
      await phaseOf(second, 'waiting-for-lease');
      expect((await lab.cluster(spec.name)).leases[0]?.operationId).toBe(handle.workflowId);
      open();
      expect((await ending(handle)).outcome).toBe('ready');
      await ending(second);
    });
  });

  it('gets the lease after the holder was terminated, and the cluster is held until then', async () => {
    await heldInLaunch(async ({ handle, open, spec }) => {
      const second = await lab.start('provisionCluster', { spec });
      await phaseOf(second, 'waiting-for-lease');
      await handle.terminate();
      open();
      expect((await ending(second)).outcome).toBe('ready');
      const { history } = await lab.cluster(spec.name);
      expect(history.map((h) => h.outcome)).toEqual(['interrupted', 'ready']);
    });
  });
});

describe('destroyCluster', () => {
  it('is refused under protection, and done once that is lifted', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      await ending(await lab.start('provisionCluster', { spec }));
      world.observed = stateAfter(spec);
      const input = { cluster: spec.name, confirm: spec.name };
      const refused = await ending(await lab.start('destroyCluster', input));
      expect(refused.outcome).toBe('Protected');
      const entity = lab.env.client.workflow.getHandle(`cluster/${spec.name}`);
      await entity.executeUpdate('setProtection', { args: [{ enabled: false }] });
      expect((await ending(await lab.start('destroyCluster', input))).outcome).toBe('destroyed');
      expect([...world.things].filter((t) => !t.startsWith('topic'))).toEqual([]);
    });
  });

  it('wants the name repeated', async () => {
    await lab.withWorld(async () => {
      const input = { cluster: 'orders', confirm: 'order' };
      const { outcome } = await ending(await lab.start('destroyCluster', input));
      expect(outcome).toBe('ConfirmationMismatch');
    });
  });

  it('is refused for a cluster that nobody knows', async () => {
    await lab.withWorld(async () => {
      const input = { cluster: 'nobody', confirm: 'nobody' };
      expect((await ending(await lab.start('destroyCluster', input))).outcome).toBe('NotFound');
    });
  });
});

describe('the cluster entity', () => {
  it('carries its state over when it continues as new', async () => {
    await lab.withWorld(async () => {
      const spec = named();
      const id = `cluster/${spec.name}`;
      const entity = await lab.start('cluster', { name: spec.name, historyMax: 10 }, id);
      const first = (await entity.describe()).runId;
      await ending(await lab.start('provisionCluster', { spec }));
      for (let tries = 0; tries < 200; tries++) {
        const now = await lab.env.client.workflow.getHandle(id).describe();
        if (now.runId !== first) break;
        await sleep(25);
      }
      const now = await lab.env.client.workflow.getHandle(id).describe();
      expect(now.runId).not.toBe(first);
      expect(await lab.cluster(spec.name)).toMatchObject({
        phase: 'ready',
        protection: true,
        history: [{ outcome: 'ready' }],
      });
    });
  });
});

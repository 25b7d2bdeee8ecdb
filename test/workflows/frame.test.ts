/**
 * The frame of operations and the entity on a real Temporal server: what was made is never lost,
 * inputs and messages of any shape are refused or dropped and nothing else happens, an abort is
 * heard at every moment, a reset run is refused, protection fails closed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingObserved } from '../../contracts/observed.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { simulate } from '../domain/cluster-support/simulate.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { ending, type Lab, openLab } from './lab.ts';
import type { World } from './world.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

let serial = 0;
const named = (change: Partial<ClusterSpec> = {}): ClusterSpec => ({
  ...exampleSpec(),
  name: `f${serial++}`,
  ...change,
});
const stateAfter = (spec: ClusterSpec) =>
  simulate(nothingObserved, planCluster(normal(spec), nothingObserved).steps);
const entityOf = (name: string): WorkflowHandle =>
  lab.env.client.workflow.getHandle(`cluster/${name}`);

/** Until `look` answers something. */
async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 800; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(25);
  }
  throw new Error('it did not come about');
}

/** Workflow tasks that failed: a workflow that spins shows here. */
async function failedTasks(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((e) => e.workflowTaskFailedEventAttributes).length;
}

describe('a cluster that stands', () => {
  /** Every call after the last step of the plan. */
  const after = [
    'describeConnection#1',
    'observeStanding#1',
    'proveCoordination#1',
    'runLoadTest#1',
    'prepareLoadTest#1',
    'cleanLoadTest#1',
  ];

  it.each(after)('is never called absent when %s fails', async (call) => {
    await lab.withWorld(async (world) => {
      world.failing = call;
      const spec = named();
      const { outcome } = await ending(await lab.start('provisionCluster', { spec }));
      expect(['Held', 'quarantined', 'ready']).toContain(outcome);
      const { phase } = await lab.cluster(spec.name);
      expect(['held', 'quarantined', 'ready']).toContain(phase);
      expect(world.things.has('instance main-0')).toBe(true);
      await takeDown(world, spec);
    });
  });

  it('is held, with the cause, when its connection cannot be told', async () => {
    await lab.withWorld(async (world) => {
      world.failing = 'describeConnection#1';
      const spec = named();
      const end = await ending(await lab.start('provisionCluster', { spec }));
      expect(end).toMatchObject({ outcome: 'Held', message: /describeConnection#1 refused/ });
      expect(await lab.cluster(spec.name)).toMatchObject({
        phase: 'held',
        reason: /describeConnection#1 refused.*apply again/,
        spec: { name: spec.name },
        leases: [],
      });
    });
  });

  it('is held when an applied plan’s connection cannot be told', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      const expectDigest = planCluster(normal(spec), nothingObserved).digest;
      world.failing = 'describeConnection#1';
      const end = await ending(await lab.start('applyPlan', { spec, expectDigest }));
      expect(end.outcome).toBe('Held');
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'held' });
    });
  });

  it('is found again after Temporal’s memory of it is gone: never absent, never unprotected', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      await ending(await lab.start('provisionCluster', { spec }));
      world.observed = stateAfter(spec);
      await entityOf(spec.name).terminate();
      world.failing = 'createTopics#2';
      const more = { ...spec, topics: [{ name: 'new', partitions: 1, replicationFactor: 99 }] };
      expect((await ending(await lab.start('provisionCluster', { spec: more }))).outcome).toBe(
        'InvalidInput',
      );
      await entityOf(spec.name)
        .terminate()
        .catch(() => undefined);
      const input = { cluster: spec.name, confirm: spec.name };
      expect((await ending(await lab.start('destroyCluster', input))).outcome).toBe('Protected');
      expect(world.things.has('instance main-0')).toBe(true);
      expect(await lab.cluster(spec.name)).toMatchObject({
        phase: 'held',
        reason: /found standing/,
        protection: true,
      });
      await takeDown(world, spec);
    });
  });

  async function takeDown(world: World, spec: ClusterSpec): Promise<void> {
    delete world.failing;
    world.observed = stateAfter(spec);
    await entityOf(spec.name).executeUpdate('setProtection', { args: [{ enabled: false }] });
    const input = { cluster: spec.name, confirm: spec.name };
    expect((await ending(await lab.start('destroyCluster', input))).outcome).toBe('destroyed');
    // The load user goes with the cluster's disks.
    expect([...world.things].filter((t) => !/^(topic|load user)/.test(t))).toEqual([]);
  }
});

describe('an abort', () => {
  /** Every call of a provision at which somebody may lose patience. */
  const calls = [
    'observeCluster',
    'createIdentity',
    'launchInstance',
    'awaitNode',
    'describeConnection',
    'observeStanding',
    'proveCoordination',
    'runLoadTest',
  ];

  it.each(calls)('is heard while %s is under way', async (call) => {
    await lab.withWorld(async (world) => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      world.gate = { call, open: opened };
      const spec = named();
      const handle = await lab.start('provisionCluster', { spec });
      await until(() => (world.calls.includes(call) ? true : undefined));
      await handle.executeUpdate('abort');
      open();
      expect((await ending(handle)).outcome).toBe('Aborted');
      const { phase } = await lab.cluster(spec.name);
      const stands = world.things.has('instance main-0');
      expect(phase).toBe(stands ? 'quarantined' : 'absent');
      expect(await failedTasks(handle)).toBe(0);
    });
  });

  it('is heard while the plan to be approved is made', async () => {
    await lab.withWorld(async (world) => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      world.gate = { call: 'observeCluster', open: opened };
      const handle = await lab.start('provisionCluster', { spec: named(), approval: 'required' });
      await until(() => (world.calls.includes('observeCluster') ? true : undefined));
      await handle.executeUpdate('abort');
      open();
      expect((await ending(handle)).outcome).toBe('Aborted');
      expect(world.things.size).toBe(0);
    });
  });
});

describe('a message to the entity', () => {
  const junk = [
    undefined,
    null,
    5,
    'x',
    [],
    {},
    { operationId: 5 },
    { operationId: 'x'.repeat(2_000), runId: 'r', type: 'loadTest', requester: 'me' },
    { operationId: 'a', runId: 'b', type: 'nonsense', requester: 'me' },
    { operationId: 'a', runId: 'no uuid', type: 'loadTest', requester: 'me' },
    { operationId: 'a', runId: 'b', summary: null, cluster: null },
    { operationId: 'a', runId: 'b', summary: {}, cluster: { phase: 'nice' } },
  ];

  it('of the wrong shape is dropped, and the entity goes on', async () => {
    await lab.withWorld(async () => {
      const spec = named();
      expect((await ending(await lab.start('provisionCluster', { spec }))).outcome).toBe('ready');
      const entity = entityOf(spec.name);
      for (const name of ['leaseRequested', 'leaseReleased', 'leaseGranted', 'other']) {
        for (const message of junk) await entity.signal(name, ...([message] as [unknown]));
      }
      expect(await lab.cluster(spec.name)).toMatchObject({
        phase: 'ready',
        leases: [],
        waiting: [],
      });
      for (const name of ['submit', 'setProtection', 'approve']) {
        for (const message of junk) {
          const update = entity.executeUpdate(name, { args: [message] as [unknown] });
          await expect(update).rejects.toThrow(/./);
        }
      }
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'ready', protection: true });
      expect(await failedTasks(entity)).toBe(0);
    });
  });

  it('that asks for the lease for somebody who is not there invents no cluster', async () => {
    await lab.withWorld(async () => {
      const spec = named();
      await lab.start('cluster', { name: spec.name }, `cluster/${spec.name}`);
      const forged = {
        operationId: 'nobody',
        runId: randomUUID(),
        type: 'destroyCluster',
        requester: 'me',
      };
      await entityOf(spec.name).signal('leaseRequested', forged);
      const status = await until(async () => {
        const now = await lab.cluster(spec.name);
        return now.history.length > 0 ? now : undefined;
      });
      expect(status).toMatchObject({ phase: 'absent', leases: [] });
    });
  });

  it('does not pass for a release by the holder when another sends it', async () => {
    await lab.withWorld(async () => {
      const spec = named();
      const handle = await lab.start('provisionCluster', { spec });
      expect((await ending(handle)).outcome).toBe('ready');
      const who = { operationId: handle.workflowId, runId: randomUUID() };
      const summary = {
        ...who,
        type: 'provisionCluster',
        requester: 'x',
        startedAt: '2026-01-01T00',
      };
      const released = { ...who, summary, cluster: { phase: 'destroyed' } };
      await entityOf(spec.name).signal('leaseReleased', released);
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'ready' });
    });
  });

  it('that cancels it is not heard: it is the only memory of the cluster', async () => {
    await lab.withWorld(async () => {
      const spec = named();
      await ending(await lab.start('provisionCluster', { spec }));
      await entityOf(spec.name).cancel();
      const operationId = `odin/${spec.name}/after`;
      const submitted = { operationId, type: 'loadTest', input: { cluster: spec.name } };
      await entityOf(spec.name).executeUpdate('submit', {
        args: [{ ...submitted, requester: 'me' }],
      });
      const again = await ending(lab.env.client.workflow.getHandle(operationId));
      expect(again.outcome).toBe('tested');
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'ready' });
    });
  });
});

describe('an entity', () => {
  const wrong: [string, unknown, string?][] = [
    ['no input', undefined],
    ['a name that is no text', { name: 5 }],
    ['a path as name', { name: '../../etc' }],
    ['an empty name', { name: '' }],
    ['a name in another script', { name: 'кластер' }],
    ['a name of 3,000 characters', { name: 'x'.repeat(3_000) }],
    ['another id than its name', { name: 'a' }, 'cluster/b'],
    ['a book of nonsense', { name: 'a', book: 5 }, 'cluster/a'],
    ['a book of another version', { name: 'a', book: { version: 2 } }, 'cluster/a'],
  ];

  it.each(wrong)('refuses %s', async (_, input, id) => {
    await lab.withWorld(async () => {
      const handle = await lab.start('cluster', input, id);
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
      expect(await failedTasks(handle)).toBe(0);
    });
  });
});

describe('an operation', () => {
  it('whose input is refused says so in its status too', async () => {
    await lab.withWorld(async () => {
      const handle = await lab.start('provisionCluster', { spec: { name: 5 } });
      expect((await ending(handle)).outcome).toBe('InvalidInput');
      expect(await lab.status(handle)).toMatchObject({
        phase: 'finished',
        outcome: 'refused',
        reason: /spec.name/,
      });
    });
  });

  it('that is paused before an empty plan’s gate waits before it', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      world.observed = stateAfter(spec);
      const handle = await lab.start('provisionCluster', { spec, approval: 'required' });
      const { plan } = await until(async () => {
        const now = await lab.status(handle);
        return now.phase === 'awaiting-approval' ? now : undefined;
      });
      await handle.executeUpdate('pause');
      await handle.executeUpdate('approve', { args: [{ digest: plan?.digest }] });
      await until(async () => (await lab.status(handle)).phase === 'paused' || undefined);
      expect(world.calls).not.toContain('runLoadTest');
      await handle.executeUpdate('resume');
      expect((await ending(handle)).outcome).toBe('ready');
    });
  });

  it('that takes away does so only where the cluster is', async () => {
    await lab.withWorld(async (world) => {
      const spec = named({ protection: false });
      await ending(await lab.start('provisionCluster', { spec }));
      world.observed = stateAfter(spec);
      const input = { cluster: spec.name, confirm: spec.name, provider: 'ec2' };
      expect(await ending(await lab.start('destroyCluster', input))).toMatchObject({
        outcome: 'InvalidInput',
        message: /is on local, not on ec2/,
      });
      expect(world.things.has('instance main-0')).toBe(true);
    });
  });
});

describe('a reset', () => {
  it('of the entity forgets nothing of how the cluster is', async () => {
    await lab.withWorld(async () => {
      const spec = named();
      expect((await ending(await lab.start('provisionCluster', { spec }))).outcome).toBe('ready');
      const entity = entityOf(spec.name);
      const { runId } = await entity.describe();
      const { events } = await entity.fetchHistory();
      const first = (events ?? []).find((e) => e.workflowTaskCompletedEventAttributes);
      await lab.env.client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: entity.workflowId, runId },
        workflowTaskFinishEventId: first?.eventId ?? 0,
        requestId: 'reset-entity',
        reason: 'a test',
      } as never);
      const status = await until(async () => {
        const now = await lab.cluster(spec.name);
        return now.history.length > 0 ? now : undefined;
      });
      expect(status).toMatchObject({ phase: 'ready', leases: [], spec: { name: spec.name } });
    });
  });

  it('of a finished operation is refused before anything is done', async () => {
    await lab.withWorld(async (world) => {
      const spec = named();
      const handle = await lab.start('provisionCluster', { spec });
      expect((await ending(handle)).outcome).toBe('ready');
      const { events } = await handle.fetchHistory();
      // Right after the grant: the past in which it believes that the cluster is its own.
      const granted = (events ?? []).findIndex(
        (e) => e.workflowExecutionSignaledEventAttributes?.signalName === 'leaseGranted',
      );
      const task = (events ?? []).findIndex(
        (e, i) => i > granted && e.workflowTaskCompletedEventAttributes,
      );
      const before = [...world.calls];
      const { client } = lab.env;
      const { runId } = await client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: {
          workflowId: handle.workflowId,
          runId: (await handle.describe()).runId,
        },
        workflowTaskFinishEventId: events?.[task]?.eventId ?? 0,
        requestId: 'reset-1',
        reason: 'a test',
      } as never);
      const reset = client.workflow.getHandle(handle.workflowId, runId);
      expect(await ending(reset)).toMatchObject({
        outcome: 'NotAwaiting',
        message: /made by a reset.*start the operation anew/,
      });
      expect(world.calls.slice(before.length)).toEqual([]);
      expect(await lab.cluster(spec.name)).toMatchObject({ phase: 'ready', leases: [] });
    });
  });
});

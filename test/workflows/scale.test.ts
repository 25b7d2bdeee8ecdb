/**
 * Operations of the largest specs on a real Temporal server: few activities at a time, payloads
 * that fit, and an abort that is heard at once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationStatus } from '../../contracts/operation.ts';
import { stepsAtOnceMax } from '../../workflows/operation/saga.ts';
import { nodesSpec, topicsSpec } from '../support/big-specs.ts';
import { carriedBy } from '../support/payloads.ts';
import { ending, type Lab, openLab } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

const patience = { timeout: 60_000, interval: 50 };
const payloadBytesMax = 500_000;
const states = (status: OperationStatus, state: string) =>
  status.steps.filter((s) => s.state === state).length;

describe('a stage of many steps', () => {
  /** Held in 50 calls of the first stage that has more. */
  async function heldInMany(
    name: string,
    work: (
      r: Awaited<ReturnType<Lab['start']>>,
      open: () => void,
      calls: string[],
    ) => Promise<void>,
  ) {
    await lab.withWorld(async (world) => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      world.gate = { call: 'createVolume', open: opened };
      const handle = await lab.start('provisionCluster', { spec: nodesSpec(name, 70) });
      try {
        await expect.poll(() => count(world.calls, 'createVolume'), patience).toBe(stepsAtOnceMax);
        await work(handle, open, world.calls);
      } finally {
        open();
      }
    });
  }
  const count = (calls: string[], call: string) => calls.filter((c) => c === call).length;

  it('has no more under way than is stated; the others wait their turn', async () => {
    await heldInMany('turns', async (handle, open) => {
      const { raw } = await handle.describe();
      expect(raw.pendingActivities?.length).toBe(stepsAtOnceMax);
      const status = await lab.status(handle);
      expect(states(status, 'running')).toBe(stepsAtOnceMax);
      expect(states(status, 'pending')).toBeGreaterThan(70);
      open();
      expect((await ending(handle)).outcome).toBe('untested');
    });
  });

  it('is stopped by an abort: what waits is never begun, what was begun is undone', async () => {
    await heldInMany('stopped', async (handle, open, calls) => {
      await handle.executeUpdate('abort');
      open();
      expect((await ending(handle)).outcome).toBe('Aborted');
      expect(count(calls, 'createVolume')).toBe(stepsAtOnceMax);
      expect(count(calls, 'deleteVolume')).toBe(stepsAtOnceMax);
      const status = await lab.status(handle);
      expect(states(status, 'skipped')).toBeGreaterThan(70);
      expect(states(status, 'undone')).toBe(count(calls, 'deleteVolume') + undoneElse(calls));
    });
  });
  const undoneElse = (calls: string[]) =>
    count(calls, 'deleteInterface') + count(calls, 'deleteIdentity');

  it('begins nothing more while it is paused', async () => {
    await heldInMany('paused', async (handle, open, calls) => {
      await handle.executeUpdate('pause');
      open();
      await expect.poll(async () => states(await lab.status(handle), 'running'), patience).toBe(0);
      expect(count(calls, 'createVolume')).toBe(stepsAtOnceMax);
      await handle.executeUpdate('resume');
      expect((await ending(handle)).outcome).toBe('untested');
    });
  });
});

describe('an operation of', () => {
  it.each([
    ['5,000 topics', () => topicsSpec('topics', 5_000, 10), 400],
    ['200 nodes', () => nodesSpec('nodes', 200), 9_000],
  ])('%s carries nothing that is too large, nor too much', async (_, specOf, eventsMax) => {
    await lab.withWorld(async (world) => {
      const spec = specOf();
      const handle = await lab.start('provisionCluster', { spec });
      expect((await ending(handle)).outcome).toBe('untested');
      const { bytes, events } = await carriedBy(handle);
      expect(bytes).toBeLessThan(payloadBytesMax);
      expect(events).toBeLessThan(eventsMax);
      const status = await lab.status(handle);
      expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThan(payloadBytesMax);
      const entity = lab.env.client.workflow.getHandle(`cluster/${spec.name}`);
      expect((await carriedBy(entity)).bytes).toBeLessThan(payloadBytesMax);
      const topics = [...world.things].filter((thing) => thing.startsWith('topic'));
      expect(topics.length).toBe(spec.topics?.length);
    });
  });
});

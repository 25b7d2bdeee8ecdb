/**
 * A step that needs Kafka while Kafka is away: machines are started again by a call of its own, at
 * most three times, and the step goes on or the operation rolls back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleSpec } from '../support/specs.ts';
import { ending, type Lab, openLab } from './lab.ts';
import type { World } from './world.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

let serial = 0;
const provision = () =>
  lab.start('provisionCluster', { spec: { ...exampleSpec(), name: `away${serial++}` } });
const revivals = (world: World) => world.calls.filter((call) => call === 'reviveNodes').length;
const call = 'alterClusterConfig';

describe('a step that finds Kafka away', () => {
  it('has crashed machines started again, and goes on', async () => {
    await lab.withWorld(async (world) => {
      world.away = { call, times: 1 };
      world.crashed = ['main-0'];
      expect((await ending(await provision())).outcome).toBe('ready');
      expect(revivals(world)).toBe(1);
      const around = world.calls.filter((c) => [call, 'reviveNodes'].includes(c));
      expect(around.slice(0, 3)).toEqual([call, 'reviveNodes', call]);
    });
  });

  it('asks again without end of its own while nothing has crashed', async () => {
    await lab.withWorld(async (world) => {
      world.away = { call, times: 6 };
      expect((await ending(await provision())).outcome).toBe('ready');
      expect(revivals(world)).toBe(6);
    });
  });

  it('fails when machines were started three times in vain, and all is undone', async () => {
    await lab.withWorld(async (world) => {
      world.away = { call, times: 99 };
      world.crashed = new Proxy([], { get: (_, name) => name === 'splice' && (() => ['main-0']) });
      const { outcome, message } = await ending(await provision());
      expect(outcome).toBe('RolledBack');
      expect(message).toContain('away');
      expect(revivals(world)).toBe(3);
      expect([...world.things]).toEqual([]);
    });
  });

  it('starts nothing when Kafka refuses', async () => {
    await lab.withWorld(async (world) => {
      world.failing = `${call}#1`;
      expect((await ending(await provision())).outcome).toBe('RolledBack');
      expect(revivals(world)).toBe(0);
    });
  });
});

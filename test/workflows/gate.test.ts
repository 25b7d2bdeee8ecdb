/**
 * The gate's workflow part on a real Temporal server: a disturbed measurement is never a pass, a
 * repeated one says so, and nothing of a test is left whatever happens to it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadVerdict } from '../../contracts/load.ts';
import type { OperationResult } from '../../contracts/operation.ts';
import { exampleSpec } from '../support/specs.ts';
import { type Lab, openLab } from './lab.ts';
import type { World } from './world.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

let serial = 0;

interface Gated {
  outcome: string;
  verdict: LoadVerdict;
  world: World;
  events: string[];
}

/** Provisions a cluster whose world is prepared so; the gate's verdict and what was said. */
const gated = (prepare: (world: World) => void): Promise<Gated> =>
  lab.withWorld(async (world) => {
    prepare(world);
    const spec = { ...exampleSpec(), name: `g${serial++}` };
    const handle = await lab.start('provisionCluster', { spec });
    const { outcome, verdict } = (await handle.result()) as OperationResult;
    const { events } = await lab.status(handle);
    if (!verdict) throw new Error('no verdict');
    return { outcome, verdict, world, events: events.map((e) => e.text) };
  });

const gateCalls = ({ world }: Gated): string[] =>
  world.calls.filter((c) => /LoadTest|Standing|Coordination/.test(c));
const gone = 'broker 2 (main-2): not registered; its machine is stopped';
const heartbeat = { facts: [`${gone} (seen at 10:00:01, warming up)`], text: 'warming up' };

describe('the gate', () => {
  it('looks at the cluster before and after, and proves coordinators once', async () => {
    const run = await gated(() => {});
    expect(run).toMatchObject({ outcome: 'ready', verdict: { verdict: 'pass', reasons: [] } });
    expect(gateCalls(run)).toEqual([
      'observeStanding',
      'prepareLoadTest',
      'observeStanding',
      'proveCoordination',
      'runLoadTest',
      'observeStanding',
      'cleanLoadTest',
    ]);
    expect(run.world.things.has('load user')).toBe(false);
  });

  it('makes nothing when a broker is missing before', async () => {
    const run = await gated((world) => {
      world.missing = [[gone]];
    });
    expect(run.outcome).toBe('quarantined');
    expect(run.verdict).toMatchObject({
      verdict: 'unknown',
      reasons: [`${gone} (seen at 10:00:00, before the test)`],
    });
    expect(gateCalls(run)).toEqual(['observeStanding']);
  });

  it.each([
    ['when its topic is there', [[], [gone]], 'before the test'],
    ['after it', [[], [], [gone]], 'after the test'],
  ])('never passes with a broker missing %s', async (_, missing, when) => {
    const run = await gated((world) => {
      world.missing = missing;
    });
    expect(run.outcome).toBe('quarantined');
    expect(run.verdict.verdict).toBe('unknown');
    expect(run.verdict.reasons).toEqual([`${gone} (seen at 10:00:00, ${when})`]);
    expect(run.world.things.has('load user')).toBe(false);
  });

  it('never passes when the measurement saw a broker missing meanwhile', async () => {
    const run = await gated((world) => {
      world.disturbances = [gone];
    });
    expect(run.verdict).toMatchObject({ verdict: 'unknown', reasons: [gone] });
    expect(run.verdict.report?.lost).toBe(0);
  });
});

describe('a measurement that broke', () => {
  it('is repeated on an unchanged cluster, and the pass says so', async () => {
    const run = await gated((world) => {
      world.failing = 'runLoadTest#1';
    });
    expect(run.outcome).toBe('ready');
    expect(run.verdict.notes).toEqual([
      'measured at attempt 2; attempt 1 brought no report: runLoadTest#1 refused',
    ]);
    expect(run.world.calls.filter((c) => c === 'runLoadTest')).toHaveLength(2);
  });

  it('is not repeated when the cluster is no longer the same', async () => {
    const run = await gated((world) => {
      world.failing = 'runLoadTest#1';
      world.missing = [[], [], [gone]];
    });
    expect(run.verdict.verdict).toBe('unknown');
    expect(run.verdict.reasons[0]).toBe(`${gone} (seen at 10:00:00, after attempt 1 of the test)`);
    expect(run.verdict.reasons[1]).toBe('attempt 1 brought no report: runLoadTest#1 refused');
    expect(run.world.calls.filter((c) => c === 'runLoadTest')).toHaveLength(1);
  });

  it('is not repeated when it saw a broker missing, though the broker is back', async () => {
    const run = await gated((world) => {
      world.failing = 'runLoadTest#1';
      world.failingDetails = { disturbances: [gone] };
    });
    expect(run.verdict).toMatchObject({ verdict: 'unknown' });
    expect(run.verdict.reasons[0]).toBe(gone);
  });

  it('counts by its last heartbeat when its worker died', async () => {
    const run = await gated((world) => {
      world.dying = { call: 'runLoadTest', heartbeat };
    });
    expect(run.verdict.verdict).toBe('unknown');
    expect(run.verdict.reasons[0]).toBe(heartbeat.facts[0]);
    expect(run.verdict.reasons[1]).toMatch(/attempt 1 brought no report: .*timeout/i);
  }, 60_000);

  it('is given up after three attempts', async () => {
    const run = await gated((world) => {
      world.failing = 'runLoadTest';
    });
    expect(run.verdict).toMatchObject({ verdict: 'unknown', reasons: { length: 3 } });
    expect(run.world.things.has('load user')).toBe(false);
  });
});

describe('coordinators', () => {
  const problem = 'no consumer group can work: COORDINATOR_NOT_AVAILABLE';

  it('that do not work fail the gate with Kafka’s reason, and nothing is measured', async () => {
    const run = await gated((world) => {
      world.coordination = { problem, answered: true };
    });
    expect(run.verdict).toMatchObject({ verdict: 'fail', reasons: [problem] });
    expect(run.world.calls).not.toContain('runLoadTest');
    expect(run.world.things.has('load user')).toBe(false);
  });

  it('leave it unknown when a broker is missing', async () => {
    const run = await gated((world) => {
      world.coordination = { problem, answered: true };
      world.missing = [[], [], [gone]];
    });
    expect(run.verdict).toMatchObject({ verdict: 'unknown', reasons: [/main-2/, problem] });
  });
});

describe('an abort while the load runs', () => {
  it('cleans up and leaves the cluster quarantined, without a verdict', async () => {
    await lab.withWorld(async (world) => {
      let open = () => {};
      world.gate = {
        call: 'runLoadTest',
        open: new Promise((resolve) => {
          open = () => resolve();
        }),
      };
      const spec = { ...exampleSpec(), name: `g${serial++}` };
      const handle = await lab.start('provisionCluster', { spec });
      while (!world.calls.includes('runLoadTest')) await sleep(20);
      await handle.executeUpdate('abort');
      open();
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Aborted' } });
      expect(world.things.has('load user')).toBe(false);
      expect(world.calls.filter((call) => call === 'runLoadTest')).toHaveLength(1);
      // It stands, so it says how it is reached.
      expect(await lab.cluster(spec.name)).toMatchObject({
        phase: 'quarantined',
        connection: { bootstrap: 'b:1' },
      });
    });
  });
});

describe('what an earlier test left', () => {
  it('is told when it is removed', async () => {
    const run = await gated((world) => {
      world.leftovers = ['topic asgard-load-old'];
    });
    expect(run.events).toContain(
      'load test: removed what an earlier one left: topic asgard-load-old',
    );
  });
});

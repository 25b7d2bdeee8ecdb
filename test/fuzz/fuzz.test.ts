/**
 * Goal: any JSON to any workflow, update, signal, query and route gets InvalidInput at once or the
 * right answer; no failed workflow task, no 5xx, nothing made; list and entity go on. Method: a
 * seeded campaign (`npm run test:fuzz -- --runs N --seed S` runs more and prints the figures).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzBench, openFuzzBench } from './bench.ts';
import { fuzzMessages, fuzzRoutes, fuzzWorkflow, victims } from './campaign.ts';
import { goodInputs } from './inputs.ts';

let bench: FuzzBench;
beforeAll(async () => {
  bench = await openFuzzBench(7);
});
afterAll(() => bench.close());

const types = Object.keys(goodInputs).filter((type) => type !== 'cluster');

describe('any JSON', () => {
  it.each(types)('as the input of %s is refused or rightly answered', async (type) => {
    const { faults, sent } = await fuzzWorkflow(bench.campaign, type, 60);
    expect(faults).toEqual([]);
    expect(sent).toBe(60);
  });

  it('as messages to an entity and to a waiting operation leaves both as they were', async () => {
    const { entity, waiting } = await victims(bench.campaign);
    for (const victim of [entity, waiting]) {
      expect((await fuzzMessages(bench.campaign, victim, 15)).faults).toEqual([]);
    }
    const { lab } = bench.campaign;
    expect(await lab.cluster('victim')).toMatchObject({ phase: 'untested', leases: [] });
    expect(await lab.status(waiting)).toMatchObject({ phase: 'awaiting-approval' });
    const { plan } = await lab.status(waiting);
    await waiting.executeUpdate('approve', { args: [{ digest: plan?.digest }] });
    expect(await waiting.result()).toMatchObject({ outcome: 'untested' });
  });

  it('to any route is no 5xx, and the list goes on', async () => {
    const { faults } = await fuzzRoutes(bench.campaign, 400);
    expect(faults).toEqual([]);
    const list = await bench.ask('/v1/clusters');
    expect(list.statusCode).toBe(200);
    expect(JSON.stringify(list.json())).toContain('victim');
  });
});

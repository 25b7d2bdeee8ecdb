/**
 * What a plan is made from when the world is broken: credentials that cannot be read, providers
 * that are none, and machines whose Kafka has not had its time.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { type ActivityLab, nodeOf, openActivityLab, run, scope } from '../support/activity-lab.ts';

let lab: ActivityLab;
let activities: ReturnType<typeof createActivities>;
beforeEach(() => {
  lab = openActivityLab();
  activities = createActivities(lab.deps);
});
afterEach(() => lab.close());

describe('credentials that cannot be read', () => {
  const file = () => join(lab.dir, 'secrets/orders.json');
  const breaks: [string, (path: string) => void][] = [
    ['no JSON', (path) => writeFileSync(path, '{bad')],
    ['an empty file', (path) => writeFileSync(path, '')],
    ['a directory', (path) => mkdirSync(path)],
  ];
  const breakIt = async (make: (path: string) => void) => {
    await run(() => activities.cloud.createIdentity({ scope }));
    await run(() => activities.cloud.createVolume({ scope, node: nodeOf(0) }));
    rmSync(file());
    make(file());
  };

  it.each(breaks)('(%s) end an observation at once, by their path', async (_, make) => {
    await breakIt(make);
    await expect(run(() => activities.kafka.observeCluster({ scope }))).rejects.toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      message: expect.stringContaining(file()),
    });
  });

  it.each(breaks)('(%s) are no obstacle to a destruction, which counts them', async (_, make) => {
    await breakIt(make);
    const observed = await run(() => activities.kafka.observeCluster({ scope, kafka: false }));
    expect(observed).toMatchObject({ identity: true, nodes: [{ slot: 'main-0' }] });
  });
});

describe('a look', () => {
  const broken: [string, (path: string) => void][] = [
    ['gone', () => undefined],
    ['broken', (path) => writeFileSync(path, '{bad')],
  ];

  it.each(broken)(
    'at machines whose credentials are %s says that none could ask',
    async (_, make) => {
      const node = nodeOf(0);
      await run(() => activities.cloud.createIdentity({ scope }));
      await run(() => activities.cloud.createInterface({ scope, node }));
      await run(() => activities.cloud.createVolume({ scope, node }));
      await run(() => activities.cloud.launchInstance({ scope, node, staticConfig: {} }));
      rmSync(join(lab.dir, 'secrets/orders.json'));
      make(join(lab.dir, 'secrets/orders.json'));
      await vi.waitFor(async () => {
        const look = await run(() => activities.kafka.inspectCluster(scope));
        expect(look.nodes[0]?.machine.state).toBe('running');
        expect(look.kafka).toMatchObject({ answers: false, asked: false });
        expect(look.kafka.reason).toMatch(/orders/);
      });
    },
  );
});

describe('a provider that nobody has', () => {
  it.each(['mars', '__proto__', 'constructor'])(
    '`%s` ends every read at once',
    async (provider) => {
      const of = { cluster: 'orders', provider };
      const refused = { type: 'InvalidInput', nonRetryable: true };
      const asked = [
        () => activities.kafka.observeCluster({ scope: of }),
        () => activities.kafka.observeCluster({ scope: of, kafka: false }),
        () => activities.kafka.inspectCluster(of),
      ];
      for (const ask of asked) await expect(run<unknown>(ask)).rejects.toMatchObject(refused);
    },
  );
});

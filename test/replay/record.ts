/**
 * Records one history per workflow and ending into test/replay/histories/<version>, by the
 * `temporal` CLI as an operator would export them. Run once per release: `node
 * test/replay/record.ts 0.2.0`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nothingObserved } from '../../contracts/observed.ts';
import { inspectWorkflowType, planWorkflowType } from '../../contracts/services/odin.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { simulate } from '../domain/cluster-support/simulate.ts';
import { root, temporalPath } from '../support/processes.ts';
import { exampleSpec, normal } from '../support/specs.ts';
import { ending, openLab } from '../workflows/lab.ts';
import type { World } from '../workflows/world.ts';

const version = process.argv[2];
if (!version) throw new Error('usage: node test/replay/record.ts VERSION');
const dir = join(root, 'test/replay/histories', version);
mkdirSync(dir, { recursive: true });
const lab = await openLab();
let serial = 0;

interface Recording {
  name: string;
  type: string;
  input: (cluster: string) => unknown;
  prepare?: (world: World) => void;
  /** A provision that goes before. */
  first?: (cluster: string) => unknown;
  update?: { phase: string; name: string; args: (digest: string) => unknown[] };
}

const spec = (cluster: string) => ({ ...exampleSpec(), name: cluster });
const built = () =>
  simulate(nothingObserved, planCluster(normal(exampleSpec()), nothingObserved).steps);

/** Workflows that are no operations: their result has no outcome. */
const readers = [planWorkflowType, inspectWorkflowType];

const recordings: Recording[] = [
  { name: 'provision-ready', type: 'provisionCluster', input: (c) => ({ spec: spec(c) }) },
  {
    name: 'provision-unchanged-gate',
    type: 'provisionCluster',
    input: (c) => ({ spec: spec(c) }),
    prepare: (world) => {
      world.observed = built();
    },
  },
  {
    name: 'provision-rolled-back',
    type: 'provisionCluster',
    input: (c) => ({ spec: spec(c) }),
    prepare: (world) => {
      world.failing = 'launchInstance#2';
    },
  },
  {
    name: 'provision-held',
    type: 'provisionCluster',
    input: (c) => ({ spec: spec(c), onFailure: 'hold' }),
    prepare: (world) => {
      world.failing = 'createVolume#2';
    },
  },
  {
    name: 'provision-quarantined',
    type: 'provisionCluster',
    input: (c) => ({ spec: spec(c) }),
    prepare: (world) => {
      world.report = { ...world.report, lost: 1 };
    },
  },
  {
    name: 'provision-approved',
    type: 'provisionCluster',
    input: (c) => ({ spec: spec(c), approval: 'required' }),
    update: { phase: 'awaiting-approval', name: 'approve', args: (digest) => [{ digest }] },
  },
  {
    name: 'provision-aborted',
    type: 'provisionCluster',
    input: (c) => ({ spec: spec(c), approval: 'required' }),
    update: { phase: 'awaiting-approval', name: 'abort', args: () => [] },
  },
  { name: 'provision-refused', type: 'provisionCluster', input: () => ({ spec: { name: 'X' } }) },
  { name: 'plan', type: 'planCluster', input: (c) => ({ spec: spec(c) }) },
  {
    name: 'apply',
    type: 'applyPlan',
    input: (c) => ({
      spec: spec(c),
      expectDigest: planCluster(normal(spec(c)), nothingObserved).digest,
    }),
  },
  {
    name: 'destroy',
    type: 'destroyCluster',
    input: (c) => ({ cluster: c, confirm: c }),
    first: (c) => ({ spec: { ...spec(c), protection: false } }),
    prepare: (world) => {
      world.observed = built();
    },
  },
  { name: 'load-test-refused', type: 'loadTest', input: (c) => ({ cluster: c }) },
  {
    name: 'load-test-passed',
    type: 'loadTest',
    input: (c) => ({ cluster: c }),
    first: (c) => ({ spec: spec(c) }),
  },
  {
    name: 'inspect',
    type: 'inspectCluster',
    input: (c) => ({ cluster: c, provider: 'local' }),
    prepare: (world) => {
      world.observed = built();
    },
  },
  {
    name: 'scale-out-rolled-back',
    type: 'provisionCluster',
    input: (c) => {
      const { nodes, ...rest } = spec(c);
      const [main] = nodes;
      if (!main) throw new Error('the example has no pool');
      const extra = { ...main, pool: 'extra', count: 1, roles: ['broker' as const] };
      return { spec: { ...rest, nodes: [...nodes, extra] } };
    },
    prepare: (world) => {
      world.observed = built();
      world.failing = 'awaitNode#1';
    },
  },
];

for (const recording of recordings) {
  await lab.withWorld(async (world) => {
    const cluster = `r${serial++}`;
    if (recording.first) {
      await ending(await lab.start('provisionCluster', recording.first(cluster)));
    }
    recording.prepare?.(world);
    const handle = await lab.start(recording.type, recording.input(cluster));
    if (recording.update) {
      const { phase, name, args } = recording.update;
      let status = await lab.status(handle);
      while (status.phase !== phase) {
        await sleep(50);
        status = await lab.status(handle);
      }
      await handle.executeUpdate(name, { args: args(status.plan?.digest ?? '') as [unknown] });
    }
    const { outcome } = readers.includes(recording.type)
      ? { outcome: 'read', ...(await handle.result()) }
      : await ending(handle);
    process.stdout.write(`${recording.name}: ${outcome}\n`);
    save(recording.name, handle.workflowId);
    if (recording.name === 'provision-ready') save('cluster', `cluster/${cluster}`);
  });
}
await lab.close();
process.exit();

function save(name: string, workflowId: string): void {
  const address = lab.env.address ?? '';
  const history = execFileSync(
    temporalPath(),
    ['workflow', 'show', '--address', address, '--workflow-id', workflowId, '-o', 'json'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  // Traces hold the paths of the machine that recorded; replay does not read them.
  const text = history
    .toString()
    .replaceAll(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
  writeFileSync(join(dir, `${name}.json`), text);
}

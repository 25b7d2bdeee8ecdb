/**
 * The fault-injecting wrapper: each fault does what its name says, once, also over restarts, and a
 * plan that could never strike is refused.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Cloud } from '../../providers/cloud/cloud.ts';
import {
  type Fault,
  type FaultPlan,
  parseFaultPlan,
  withFaults,
} from '../../providers/cloud/faults.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { until } from './cloud-contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'asgard-faults-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const volume = { token: 't', diskGiB: 1, rack: 'r', tags: {} };
let serial = 0;

function lab(faults: Fault[], visibilityMs = 0) {
  const name = `lab-${serial++}`;
  const plan: FaultPlan = { faults, visibilityMs, traceFile: join(dir, `${name}.trace`) };
  const inner = createLocalCloud({ dir: join(dir, name), kafkaLibs: '/nowhere' });
  const open = (): Cloud => withFaults(inner, () => plan);
  return { name, plan, inner, open };
}
const count = async (cloud: Cloud) => (await cloud.listVolumes({ tags: {} })).length;

describe('a fault', () => {
  it.each([
    ['lost-request', 'Unavailable', 0],
    ['throttle', 'Throttled', 0],
    ['lost-answer', 'Unavailable', 1],
  ] as const)('%s throws %s and leaves %i volumes', async (kind, code, made) => {
    const { inner, open } = lab([{ call: 'createVolume', nth: 1, kind }]);
    await expect(open().createVolume(volume)).rejects.toMatchObject({ code });
    expect(await count(inner)).toBe(made);
    await open().createVolume(volume);
    expect(await count(inner)).toBe(1);
  });

  it('strikes at its occurrence only, counted per call, and a new process counts on', async () => {
    const { plan, open } = lab([{ call: 'createVolume', nth: 3, kind: 'throttle' }]);
    const ends: boolean[] = [];
    for (let i = 0; i < 5; i++) {
      await open().listVolumes({ tags: {} });
      ends.push(
        await open()
          .createVolume(volume)
          .then(
            () => true,
            () => false,
          ),
      );
    }
    expect(ends).toEqual([true, true, false, true, true]);
    const traced = readFileSync(plan.traceFile, 'utf8').trim().split('\n');
    expect(traced.slice(0, 2).map((line) => line.split(' ')[0])).toEqual([
      'listVolumes',
      'createVolume',
    ]);
  });

  it.each([
    ['crash-before', 0],
    ['crash-after', 1],
  ] as const)('%s kills the process and leaves %i volumes', async (kind, made) => {
    const { name, plan, inner } = lab([{ call: 'createVolume', nth: 1, kind }]);
    const ended = await inProcess(name, plan);
    expect(ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await count(inner)).toBe(made);
    expect(await inProcess(name, plan)).toEqual({ code: 0, signal: null });
    expect(await count(inner)).toBe(1);
  });

  it('hides new things from every process until their time has come', async () => {
    const { plan, inner, open } = lab([], 60_000);
    await open().createVolume(volume);
    expect(await count(open())).toBe(0);
    expect(await count(inner)).toBe(1);
    expect(open().visibilityMs).toBe(60_000);
    plan.visibilityMs = 1;
    await until(async () => (await count(open())) === 1);
  });
});

/** One createVolume in a process of its own. */
function inProcess(name: string, plan: FaultPlan) {
  const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const planFile = join(dir, `${name}.json`);
  if (!existsSync(planFile)) writeFileSync(planFile, JSON.stringify(plan));
  const program = `
    import { readFileSync } from 'node:fs';
    import { parseFaultPlan, withFaults } from '${file('providers/cloud/faults.ts')}';
    import { createLocalCloud } from '${file('providers/cloud/local/cloud.ts')}';
    const cloud = createLocalCloud({ dir: '${join(dir, name)}', kafkaLibs: '/nowhere' });
    const plan = () => parseFaultPlan(readFileSync('${planFile}', 'utf8'));
    await withFaults(cloud, plan).createVolume(${JSON.stringify(volume)});
  `;
  const args = ['--input-type=module-typescript', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

describe('a fault plan', () => {
  const fault = (change: object) =>
    JSON.stringify({
      traceFile: 'x',
      faults: [{ call: 'runInstance', nth: 1, kind: 'throttle', ...change }],
    });

  it.each([
    ['no json', 'the plan is not JSON'],
    ['null', 'traceFile must be a path'],
    ['{"traceFile":"x","faults":{}}', 'faults must be a list'],
    ['{"traceFile":"x","visibilityMs":-1}', 'visibilityMs must be'],
    [fault({ kind: 'boom' }), 'faults[0].kind: `boom` is none of lost-request'],
    [fault({ nth: 0 }), 'faults[0].nth: must be a whole number'],
    [fault({ nth: 1.5 }), 'faults[0].nth: must be a whole number'],
    [fault({ call: 'runInstances' }), 'faults[0].call: `runInstances` is none of createVolume'],
  ])('%s is refused, naming the field', (text, told) => {
    expect(() => parseFaultPlan(text)).toThrow(told);
  });

  it('that is right is taken', () => {
    expect(parseFaultPlan(fault({})).faults).toHaveLength(1);
  });
});

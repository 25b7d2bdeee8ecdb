/**
 * Goal: a part of the stack is there once, whatever its process does. Method: shells in the place
 * of workers, that die, hang or come late.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Part, type PartOptions } from '../../deploy/dev/part.ts';
import { watchdog } from '../support/processes.ts';

let dir: string;
let part: Part;
let said: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'asgard-part-'));
  said = [];
});
afterEach(async () => {
  await part.stop();
  rmSync(dir, { recursive: true, force: true });
});

function partOf(script: string, more: Partial<PartOptions> = {}): Part {
  const args = ['-c', script];
  const options = { name: 'it', command: 'sh', args, env: { ...process.env, DIR: dir }, ...more };
  part = new Part(options, dir, (text) => void said.push(text));
  return part;
}

/** Pids of all processes that there were; each notes itself. */
const pids = (): number[] =>
  existsSync(join(dir, 'pids'))
    ? readFileSync(join(dir, 'pids'), 'utf8').trim().split('\n').map(Number)
    : [];
const note = 'echo $$ >> "$DIR/pids";';
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20);
}

it('one that hangs while it comes up is ended, so that it never runs beside the next', async () => {
  const hangs = partOf(`${note} exec sleep 60`, { patienceMs: { ready: 500 } });
  await expect(hangs.start()).rejects.toThrow('did not come up (no answer)');
  const [first = 0] = pids();
  watchdog(first);
  await until(() => !existsSync(`/proc/${first}`));
});

it('one that dies as soon as it is ready is a failure, not a part that is up for ever', async () => {
  const ready = async () => {
    await until(() => pids().length > 0 && pids().every((pid) => !existsSync(`/proc/${pid}`)));
    return true;
  };
  await expect(partOf(`${note} exit 0`, { isReady: ready }).start()).rejects.toThrow(
    'did not come up (exit 0)',
  );
});

it('one that stayed up is started again as quickly as the first time', async () => {
  const runs = `${note} echo '{"ready":true}'; exec sleep 60`;
  await restarts(partOf(runs, { patienceMs: { recovered: -1 } }), 3);
  expect(said.filter((s) => s.includes('ended'))).toEqual(
    Array(3).fill('it ended (SIGKILL); starting it again in 0.5 s'),
  );
  expect(new Set(pids()).size).toBe(4);
});

it('one that keeps dying is started again more slowly each time', async () => {
  await restarts(partOf(`${note} echo '{"ready":true}'; exec sleep 60`), 2);
  expect(said.filter((s) => s.includes('ended'))).toEqual([
    'it ended (SIGKILL); starting it again in 0.5 s',
    'it ended (SIGKILL); starting it again in 1 s',
  ]);
});

async function restarts(of: Part, deaths: number): Promise<void> {
  await of.start();
  for (let death = 1; death <= deaths; death++) {
    watchdog(of.pid);
    process.kill(of.pid, 'SIGKILL');
    await until(() => said.filter((s) => s === 'it is up again').length === death);
  }
  watchdog(of.pid);
}

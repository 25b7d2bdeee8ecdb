/**
 * Goal: whatever happens to stack.json, the stack is found, started once, and ended whole. Method:
 * the real supervisor with its real parts; the file is cut off, replaced or removed.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, newHome, type Supervised, until } from './supervised.ts';

const damages: [string, string | undefined][] = [
  ['cut off', '{\n  "temporalAddress": "127.0.0.1:7233",\n  "pi'],
  ['empty', ''],
  ['not an object', 'null'],
  ['of another shape', '{"pids": {"supervisor": "1"}, "apiUrl": "http://127.0.0.1:1"}'],
  ['missing', undefined],
];
let home: Home;
const damage = (text: string | undefined): void => {
  if (text === undefined) rmSync(home.settings.paths.stackFile, { force: true });
  else writeFileSync(home.settings.paths.stackFile, text);
};
const modeOf = (path: string): number => statSync(path).mode & 0o777;
/** Temporal, two control workers, the load worker and the API. */
const partsOfAStack = 5;

beforeAll(() => {
  home = newHome();
});
afterAll(() => home.remove());

describe('while the stack runs', () => {
  let stack: Supervised;
  beforeAll(async () => {
    stack = home.start();
    await stack.up;
  });

  it('it has two control workers, so that one can die', () => {
    expect(home.file().pids.workers).toHaveLength(3);
    expect(new Set(home.processes()).size).toBe(partsOfAStack);
  });

  it('it says that its Temporal asks nobody who one is', async () => {
    const said = /every user of this machine may use .*\n.*security\.md/;
    await until('it is said', () => said.test(stack.said()));
  });

  it('everything it has written is for its user only', () => {
    for (const path of ['stackFile', 'tokenFile', 'temporalDatabase', 'workflowBundle'] as const) {
      expect(modeOf(home.settings.paths[path]), path).toBe(0o600);
    }
  });

  it.each(damages)(
    'a file that is %s is written anew, and a second start sees it',
    async (_, text) => {
      const before = home.file();
      damage(text);
      const second = home.start();
      expect(await second.ended).toBe(1);
      expect(second.said()).toContain(
        `a stack runs already on ${home.dir} (pid ${stack.child.pid}`,
      );
      await until('the file is whole again', () => {
        try {
          return JSON.stringify(home.file()) === JSON.stringify(before);
        } catch {
          return false;
        }
      });
      expect(await home.cli('status')).toMatchObject({ code: 0, out: /^no clusters are known/ });
    },
  );

  it('clean ends it, though the file is damaged', async () => {
    damage('{"pids');
    expect((await home.clean()).code).toBe(0);
    expect(await stack.ended).toBe(0);
    expect(home.processes()).toEqual([]);
    expect(existsSync(home.settings.paths.temporalDatabase)).toBe(false);
  });
});

describe('after its supervisor was killed', () => {
  const killed = async (): Promise<number[]> => {
    const stack = home.start();
    await stack.up;
    stack.child.kill('SIGKILL');
    await stack.ended;
    const left = home.processes();
    expect(left).toHaveLength(partsOfAStack);
    return left;
  };

  it('the next start ends what is left, though the file is damaged, and comes up', async () => {
    const left = await killed();
    damage('{"pids": {"supervisor": 1');
    const next = home.start();
    await next.up;
    expect(home.processes().filter((pid) => left.includes(pid))).toEqual([]);
    expect(home.processes()).toHaveLength(partsOfAStack);
    expect(await home.cli('status')).toMatchObject({ code: 0 });
    next.child.kill('SIGTERM');
    expect(await next.ended).toBe(0);
    expect(home.processes()).toEqual([]);
  });

  it('clean ends what is left, though the file is missing', async () => {
    await killed();
    damage(undefined);
    expect((await home.clean()).code).toBe(0);
    expect(home.processes()).toEqual([]);
  });
});

it('of two that start at the same time one comes up', async () => {
  const both = [home.start(), home.start()];
  const one = await Promise.any(both.map(({ up }, i) => up.then(() => both[i])));
  const other = both.find((s) => s !== one);
  expect(await other?.ended).toBe(1);
  expect(home.processes()).toHaveLength(partsOfAStack);
  one?.child.kill('SIGINT');
  expect(await one?.ended).toBe(0);
});

it('another home is left alone', async () => {
  const neighbour = newHome();
  try {
    const stack = neighbour.start();
    await stack.up;
    const running = neighbour.processes();
    expect((await home.clean()).code).toBe(0);
    expect(neighbour.processes()).toEqual(running);
    expect(readFileSync(neighbour.settings.paths.stackFile, 'utf8')).toContain('apiUrl');
  } finally {
    await neighbour.remove();
  }
});

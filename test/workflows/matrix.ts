/**
 * The failure matrix that every saga passes through: fail each of its deeds in turn, lose the
 * answer of every deed and every undo (so that each runs twice), and nothing may be left behind.
 */
import { expect, it } from 'vitest';
import { ending, type Lab } from './lab.ts';
import type { World } from './world.ts';

export interface Saga {
  lab: () => Lab;
  type: string;
  /** A fresh input on each call: clusters must not share a name. */
  input: () => unknown;
  /** Deeds to fail, as `<activity>#<occurrence>`. */
  deeds: string[];
  /** What is there before, and must be there after a rollback. */
  before?: (world: World) => void;
  /** Outcome when nothing fails. */
  success: string;
}

/** Defines the matrix's tests. */
export function failureMatrix(name: string, saga: Saga): void {
  const run = (prepare: (world: World) => void) =>
    saga.lab().withWorld(async (world) => {
      saga.before?.(world);
      const before = [...world.things].sort();
      prepare(world);
      const end = await ending(await saga.lab().start(saga.type, saga.input()));
      return { end, before, after: [...world.things].sort(), calls: world.calls };
    });

  it(`${name} succeeds when nothing fails`, async () => {
    expect((await run(() => {})).end.outcome).toBe(saga.success);
  });

  it.each(saga.deeds)(`${name} leaves nothing behind when %s fails`, async (deed) => {
    const { end, before, after } = await run((world) => {
      world.failing = deed;
    });
    expect(end.outcome).toBe('RolledBack');
    expect(end.message).toContain(`${deed} refused`);
    expect(after).toEqual(before);
  });

  it(`${name} does every deed once though every answer is lost once`, async () => {
    const { end, calls } = await run((world) => {
      world.losing = () => true;
    });
    expect(end.outcome).toBe(saga.success);
    expect(calls.length).toBeGreaterThan(saga.deeds.length);
  });

  it(`${name} undoes everything though every undo runs twice`, async () => {
    const { end, before, after } = await run((world) => {
      world.failing = saga.deeds.at(-1) ?? '';
      world.losing = (call) => /^(delete|terminate|unregister)/.test(call);
    });
    expect(end.outcome).toBe('RolledBack');
    expect(after).toEqual(before);
  });
}

/** The lease book: every transition by itself; random lives of a book against a small model. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../contracts/cluster.ts';
import {
  LeaseBook,
  type LeaseHolder,
  type LeaseReleased,
  type LeaseRequested,
} from '../../contracts/lease.ts';
import { definitionOf } from '../../contracts/services/index.ts';
import * as lease from '../../domain/cluster/lease.ts';
import { checkInput } from '../../domain/cluster/rules.ts';

const at = '2026-11-25T17:00:00.000Z';
const later = '2026-11-25T18:00:00.000Z';

/** Two more types than there are today: a drill that runs beside tests, a heal that goes first. */
const definitions: lease.Definitions = (type) =>
  ({
    drill: { mutates: true, beside: ['loadTest', 'heal'] },
    heal: { mutates: true, rank: 1 },
  })[type] ?? definitionOf(type);

const runOf = (id: string): string =>
  `00000000-0000-4000-8000-${[...id]
    .map((c) => c.charCodeAt(0).toString(16))
    .join('')
    .padStart(12, '0')}`;
const asked = (id: string, type = 'provisionCluster', runId = runOf(id)): LeaseRequested => ({
  operationId: `odin/c/${id}`,
  runId,
  type,
  requester: 'me',
});
const ended = (
  id: string,
  cluster: LeaseReleased['cluster'],
  { type = 'provisionCluster', runId = runOf(id) } = {},
): LeaseReleased => ({
  operationId: `odin/c/${id}`,
  runId,
  summary: { ...asked(id, type, runId), startedAt: at, outcome: 'ready' },
  cluster,
});

/** A book in which these hold a lease and know it. */
function heldBy(...holders: [id: string, type?: string][]): LeaseBook {
  const book = lease.newBook('c', at);
  for (const [id, type] of holders) lease.request(book, asked(id, type), at);
  for (const holder of lease.grant(book, definitions)) {
    Object.assign(holder, { told: true, knows: true });
  }
  return book;
}
const holdersOf = (book: LeaseBook): string[] => book.holders.map((h) => h.operationId.slice(7));
const waitingOf = (book: LeaseBook): string[] => book.waiting.map((h) => h.operationId.slice(7));

describe('a request', () => {
  it('is granted at once when nobody holds the cluster', () => {
    const book = lease.newBook('c', at);
    lease.request(book, asked('a'), at);
    expect(lease.grant(book).map((h) => h.operationId)).toEqual(['odin/c/a']);
    expect(holdersOf(book)).toEqual(['a']);
  });

  it('waits its turn, first come, first served', () => {
    const book = heldBy(['a']);
    for (const id of ['b', 'c']) lease.request(book, asked(id), at);
    expect(lease.grant(book)).toEqual([]);
    expect(waitingOf(book)).toEqual(['b', 'c']);
    lease.release(book, ended('a', { phase: 'ready' }), later);
    expect(lease.grant(book).map((h) => h.operationId)).toEqual(['odin/c/b']);
  });

  it('that is repeated changes nothing, and by the holder has the grant told again', () => {
    const book = heldBy(['a']);
    for (const id of ['b', 'b', 'a']) lease.request(book, asked(id), at);
    expect(waitingOf(book)).toEqual(['b']);
    expect(lease.grant(book).map((h) => h.operationId)).toEqual(['odin/c/a']);
  });

  it('by another run of the holder’s id proves that the holder is gone', () => {
    const book = heldBy(['a']);
    lease.request(book, asked('a', 'provisionCluster', runOf('2')), later);
    expect(book.history).toMatchObject([{ runId: runOf('a'), outcome: 'interrupted' }]);
    expect(lease.grant(book).map((h) => h.runId)).toEqual([runOf('2')]);
  });

  it('by another run of one that waits takes its place', () => {
    const book = heldBy(['a']);
    lease.request(book, asked('b'), at);
    lease.request(book, asked('b', 'provisionCluster', runOf('2')), at);
    expect(book.waiting.map((w) => w.runId)).toEqual([runOf('2')]);
  });

  it('is dropped when the line is too long', () => {
    const book = heldBy(['a']);
    const taken = Array.from({ length: 150 }, (_, i) => lease.request(book, asked(`w${i}`), at));
    expect(taken.filter(Boolean).length).toBe(100);
    expect(book.waiting.length).toBe(100);
  });

  it('tells where the cluster runs as soon as it is granted, and not before', () => {
    const book = lease.newBook('c', at);
    lease.request(book, { ...asked('a'), provider: 'mars', kafkaVersion: '9' }, at);
    expect(book.provider).toBeUndefined();
    lease.grant(book);
    expect(lease.statusOf(book)).toMatchObject({ provider: 'mars', kafkaVersion: '9' });
  });
});

describe('two holders', () => {
  it('are side by side only where a definition names the other', () => {
    expect(lease.mayRunBeside('drill', 'loadTest', definitions)).toBe(true);
    expect(lease.mayRunBeside('loadTest', 'drill', definitions)).toBe(true);
    expect(lease.mayRunBeside('loadTest', 'loadTest', definitions)).toBe(false);
    expect(lease.mayRunBeside('drill', 'provisionCluster', definitions)).toBe(false);
    expect(holdersOf(heldBy(['t', 'loadTest'], ['d', 'drill']))).toEqual(['t', 'd']);
  });

  it('must both allow a third', () => {
    const book = heldBy(['t', 'loadTest'], ['d', 'drill']);
    lease.request(book, asked('h', 'heal'), at);
    expect(lease.grant(book, definitions)).toEqual([]);
    expect(holdersOf(book)).toEqual(['t', 'd']);
    expect(waitingOf(book)).toEqual(['h']);
  });

  it('let nobody overtake the first in line', () => {
    const book = heldBy(['t', 'loadTest']);
    for (const [id, type] of [
      ['p', 'provisionCluster'],
      ['d', 'drill'],
    ] as const) {
      lease.request(book, asked(id, type), at);
    }
    expect(lease.grant(book, definitions)).toEqual([]);
    expect(waitingOf(book)).toEqual(['p', 'd']);
  });
});

describe('a higher rank', () => {
  it('goes to the head of the line, and the holder is asked once to give way', () => {
    const book = heldBy(['a']);
    lease.request(book, asked('b'), at);
    lease.request(book, asked('h', 'heal'), at);
    expect(lease.grant(book, definitions)).toEqual([]);
    expect(waitingOf(book)).toEqual(['h', 'b']);
    expect(lease.recall(book, definitions)).toMatchObject([
      { operationId: 'odin/c/a', recalledBy: 'odin/c/h' },
    ]);
    expect(lease.recall(book, definitions)).toEqual([]);
  });

  it('recalls nobody who may run beside it, nor an equal', () => {
    const drill = heldBy(['d', 'drill']);
    lease.request(drill, asked('h', 'heal'), at);
    expect(lease.grant(drill, definitions).map((h) => h.type)).toEqual(['heal']);
    const heal = heldBy(['h', 'heal']);
    lease.request(heal, asked('i', 'heal'), at);
    lease.grant(heal, definitions);
    expect(lease.recall(heal, definitions)).toEqual([]);
  });
});

describe('a reservation', () => {
  it('keeps others out, is told nothing until its operation asks, and gets its run id', () => {
    const book = lease.newBook('c', at);
    const { runId: _, ...who } = asked('a');
    lease.reserve(book, { ...who, since: at });
    lease.request(book, asked('b'), at);
    expect(lease.grant(book)).toEqual([]);
    lease.confirm(book, 'odin/c/a', runOf('a'));
    lease.request(book, asked('a'), at);
    expect(lease.grant(book).map((h) => h.runId)).toEqual([runOf('a')]);
  });

  it('takes the run id from its operation when that asks first', () => {
    const book = lease.newBook('c', at);
    const { runId: _, ...who } = asked('a');
    lease.reserve(book, { ...who, since: at });
    lease.request(book, asked('a'), at);
    lease.confirm(book, 'odin/c/a', 'another');
    expect(book.holders.map((h) => h.runId)).toEqual([runOf('a')]);
  });

  it('is gone when the operation could not be started, unless it runs after all', () => {
    const book = lease.newBook('c', at);
    const { runId: _, ...who } = asked('a');
    lease.reserve(book, { ...who, since: at });
    lease.cancelReservation(book, 'odin/c/a');
    expect(book.holders).toEqual([]);
    const running = heldBy(['a']);
    lease.cancelReservation(running, 'odin/c/a');
    expect(holdersOf(running)).toEqual(['a']);
  });
});

describe('a release', () => {
  it('says how the cluster is now, and since when', () => {
    const book = heldBy(['a']);
    lease.release(book, ended('a', { phase: 'ready', reason: '', protection: false }), later);
    expect(book).toMatchObject({ known: true, protection: false, holders: [] });
    expect(lease.statusOf(book)).toMatchObject({ phase: 'ready', since: later });
    expect(lease.statusOf(book)).not.toHaveProperty('reason');
  });

  it('keeps what it does not speak of', () => {
    const book = heldBy(['a']);
    lease.release(book, ended('a', { phase: 'quarantined', reason: 'slow' }), at);
    lease.request(book, asked('t', 'loadTest'), later);
    lease.grant(book);
    lease.release(book, ended('t', {}, { type: 'loadTest' }), later);
    expect(lease.statusOf(book)).toMatchObject({ phase: 'quarantined', since: at, reason: 'slow' });
  });

  it('is heard from a holder only, and only of its own run', () => {
    const book = heldBy(['a']);
    lease.release(book, ended('b', { phase: 'destroyed' }), later);
    lease.release(book, ended('a', { phase: 'destroyed' }, { runId: 'another' }), later);
    expect(holdersOf(book)).toEqual(['a']);
    expect(book.rest.phase).toBe('absent');
  });

  it('that a forgetful book is told again counts, while nobody else holds the cluster', () => {
    const reset = lease.newBook('c', at);
    lease.request(reset, asked('a'), at);
    lease.release(reset, ended('a', { phase: 'ready' }), later);
    expect(reset).toMatchObject({ known: true, rest: { phase: 'ready' }, waiting: [] });
    const late = heldBy(['a']);
    lease.interrupt(late, late.holders[0] as LeaseHolder, at);
    lease.release(late, ended('a', { phase: 'ready' }), later);
    expect(late).toMatchObject({ rest: { phase: 'ready' }, history: [{ outcome: 'ready' }] });
    const taken = heldBy(['b']);
    lease.request(taken, asked('a'), at);
    lease.release(taken, ended('a', { phase: 'destroyed' }), later);
    expect(holdersOf(taken)).toEqual(['b']);
    expect(taken.rest.phase).toBe('absent');
  });

  it('of a destroyed cluster leaves nothing to connect to', () => {
    const connection: Connection = {
      bootstrap: 'b:1',
      securityProtocol: 'SASL_PLAINTEXT',
      mechanism: 'SCRAM-SHA-512',
      username: 'u',
      clientPropertiesFile: '/c',
    };
    const book = heldBy(['a']);
    lease.release(book, ended('a', { phase: 'ready', connection }), at);
    lease.request(book, asked('d', 'destroyCluster'), at);
    lease.grant(book);
    lease.release(book, ended('d', { phase: 'destroyed' }, { type: 'destroyCluster' }), later);
    expect(lease.statusOf(book)).toMatchObject({ phase: 'destroyed' });
    expect(lease.statusOf(book)).not.toHaveProperty('connection');
  });

  it('of a destroyed cluster lets the entity end', () => {
    const book = heldBy(['a', 'destroyCluster']);
    expect(lease.isOver(book)).toBe(false);
    lease.release(book, ended('a', { phase: 'destroyed' }), later);
    expect(lease.isOver(book)).toBe(true);
  });
});

describe('an interruption', () => {
  it('leaves the cluster held and known, with the reason', () => {
    const book = heldBy(['a']);
    lease.interrupt(book, book.holders[0] as LeaseHolder, later);
    expect(lease.statusOf(book)).toMatchObject({ phase: 'held', since: later, leases: [] });
    expect(lease.statusOf(book).reason).toContain('odin/c/a was interrupted');
    expect(book.known).toBe(true);
  });

  it('of one that changes nothing leaves the cluster as it was', () => {
    const book = heldBy(['t', 'loadTest']);
    lease.interrupt(book, book.holders[0] as LeaseHolder, later);
    expect(lease.statusOf(book)).toMatchObject({ phase: 'absent', leases: [] });
    expect(book.history).toMatchObject([{ outcome: 'interrupted' }]);
  });

  it('of one that no grant has reached invents no cluster', () => {
    const book = lease.newBook('c', at);
    lease.request(book, asked('forged'), at);
    for (const holder of lease.grant(book)) lease.interrupt(book, holder, later);
    expect(book).toMatchObject({ known: false, rest: { phase: 'absent' } });
    expect(lease.isOver(book)).toBe(true);
  });

  it('of one that is no holder any more is nothing', () => {
    const book = heldBy(['a']);
    const [holder] = book.holders;
    lease.release(book, ended('a', { phase: 'ready' }), later);
    lease.interrupt(book, holder as LeaseHolder, later);
    expect(book.rest.phase).toBe('ready');
  });
});

describe('the status', () => {
  it('shows the phase of the operation that runs, after whether the cluster stood before', () => {
    expect(lease.statusOf(heldBy(['a'])).phase).toBe('provisioning');
    expect(lease.statusOf(heldBy(['t', 'loadTest'])).phase).toBe('absent');
    const known = heldBy(['a']);
    lease.release(known, ended('a', { phase: 'ready' }), at);
    lease.request(known, asked('b'), later);
    lease.grant(known);
    expect(lease.statusOf(known).phase).toBe('changing');
  });

  it('holds no more history than it may, nor longer reasons', () => {
    const book = lease.newBook('c', at);
    for (let i = 0; i < 70; i++) {
      lease.request(book, asked(`${i}`), at);
      lease.grant(book);
      const end = ended(`${i}`, { phase: 'ready' });
      lease.release(book, { ...end, summary: { ...end.summary, reason: 'x'.repeat(2_000) } }, at);
    }
    expect(book.history.length).toBe(50);
    expect(JSON.stringify(book.history).length).toBeLessThan(50 * 700);
  });
});

/** What the model knows of each operation: where it is. */
type Place = 'nowhere' | 'waiting' | 'holding';
interface Model {
  places: Map<number, Place>;
}
const types = ['provisionCluster', 'loadTest', 'destroyCluster', 'drill', 'heal'];
const typeOf = (op: number): string => types[op % types.length] ?? 'heal';
const idOf = (op: number): string => `odin/c/${op}`;

/** What holds in every state, whatever has happened. */
function invariants(model: Model, book: LeaseBook): void {
  const all = [...book.holders, ...book.waiting].map((l) => l.operationId);
  expect(new Set(all).size).toBe(all.length);
  for (const a of book.holders) {
    for (const b of book.holders) {
      if (a !== b) expect(lease.mayRunBeside(a.type, b.type, definitions)).toBe(true);
    }
  }
  const placed = (place: Place) =>
    [...model.places].flatMap(([op, p]) => (p === place ? idOf(op) : [])).sort();
  expect(book.holders.map((h) => h.operationId).sort()).toEqual(placed('holding'));
  expect(book.waiting.map((h) => h.operationId).sort()).toEqual(placed('waiting'));
  expect(checkInput(LeaseBook, JSON.parse(JSON.stringify(book)))).toEqual([]);
}

/** Grants, tells all who are due, and moves the model along; nobody in line could hold now. */
function serve(model: Model, book: LeaseBook): void {
  for (const holder of lease.grant(book, definitions)) {
    Object.assign(holder, { told: true, knows: true });
  }
  for (const { operationId } of book.holders) {
    model.places.set(Number(operationId.slice(7)), 'holding');
  }
  const [first] = book.waiting;
  const beside = (h: LeaseHolder) => lease.mayRunBeside(h.type, first?.type ?? '', definitions);
  expect(first !== undefined && book.holders.every(beside)).toBe(false);
}

type Step = (model: Model, book: LeaseBook, op: number) => void;
const steps: Record<string, Step> = {
  request(model, book, op) {
    lease.request(book, asked(`${op}`, typeOf(op)), at);
    if (model.places.get(op) !== 'holding') model.places.set(op, 'waiting');
  },
  release(model, book, op) {
    lease.release(book, ended(`${op}`, { phase: 'ready' }, { type: typeOf(op) }), at);
    if (model.places.get(op) !== 'holding') return;
    model.places.set(op, 'nowhere');
    expect(book.rest.phase).toBe('ready');
  },
  interrupt(model, book, op) {
    const holder = book.holders.find((h) => h.operationId === idOf(op));
    if (!holder) return;
    const before = book.rest.phase;
    lease.interrupt(book, holder, at, definitions);
    model.places.set(op, 'nowhere');
    expect(book.rest.phase).toBe(typeOf(op) === 'loadTest' ? before : 'held');
  },
  recall(_, book) {
    for (const { type } of lease.recall(book, definitions)) expect(type).not.toBe('heal');
  },
};

describe('any life of a book', () => {
  it('keeps to the rules of who may hold at once, loses nobody and stays small', () => {
    const command = fc
      .tuple(fc.constantFrom(...Object.keys(steps)), fc.integer({ min: 0, max: 11 }))
      .map(([name, op]) => ({
        check: () => true,
        run: (model: Model, book: LeaseBook) => {
          steps[name]?.(model, book, op);
          serve(model, book);
          invariants(model, book);
        },
        toString: () => `${name} ${op} (${typeOf(op)})`,
      }));
    fc.assert(
      fc.property(fc.commands([command], { maxCommands: 60 }), (commands) => {
        const setup = () => ({ model: { places: new Map() }, real: lease.newBook('c', at) });
        fc.modelRun(setup, commands);
      }),
      { numRuns: 400 },
    );
  });
});

/**
 * The lease book of one cluster: who may change it, who waits, how it is at rest. Pure: times come
 * in as arguments. A book is changed in place, by one message at a time.
 *
 *   request ─▶ waiting ─grant─▶ holder ─release─▶ (history, rest as the holder says)
 *                                  └──interrupt─▶ (history, rest `held` if it mutates)
 *
 * First come, first served, those of a higher rank before others; two hold side by side only where
 * a definition allows it. Nobody overtakes the first in line of his rank, so nobody starves.
 */
import type { ClusterPhase, ClusterStatus } from '../../contracts/cluster.ts';
import type {
  LeaseBook,
  LeaseGranted,
  LeaseHolder,
  LeaseReleased,
  LeaseRequested,
} from '../../contracts/lease.ts';
import type { OperationDefinition } from '../../contracts/operation.ts';
import { definitionOf } from '../../contracts/services/index.ts';
import { clip } from '../../contracts/text.ts';

const historyMax = 50;
const submittedMax = 100;
const waitingMax = 100;
const reasonMax = 300;

/** What the book must know of operations; a parameter so that tests can bring their own. */
export type Definitions = (
  type: string,
) =>
  | Pick<OperationDefinition, 'beside' | 'rank' | 'mutates' | 'phase' | 'phaseOfKnown'>
  | undefined;

/** The book of a name that nobody has used: nothing is known, and deletion is protected. */
export const newBook = (name: string, at: string): LeaseBook => ({
  version: 1,
  name,
  known: false,
  protection: true,
  rest: { phase: 'absent', since: at },
  holders: [],
  waiting: [],
  history: [],
  submitted: [],
});

/** True when either definition names the other. */
export function mayRunBeside(
  a: string,
  b: string,
  definitions: Definitions = definitionOf,
): boolean {
  const names = (x: string, y: string) => definitions(x)?.beside?.includes(y) ?? false;
  return names(a, b) || names(b, a);
}

/**
 * Queues a request. One by the holder itself, or a repeated one, only makes the grant be told
 * again. An id runs once at a time: a request by another run of the holder's id proves that the
 * holder is gone. False: the queue is full and the request was dropped.
 */
export function request(book: LeaseBook, asked: LeaseRequested, at: string): boolean {
  const holder = book.holders.find((h) => h.operationId === asked.operationId);
  if (holder && isRun(holder, asked.runId)) {
    Object.assign(holder, asked, { told: false });
    notePlace(book, asked);
    return true;
  }
  if (holder) interrupt(book, holder, at);
  book.waiting = book.waiting.filter(
    (w) => w.operationId !== asked.operationId || w.runId === asked.runId,
  );
  if (book.waiting.some((w) => w.operationId === asked.operationId)) return true;
  if (book.waiting.length >= waitingMax) return false;
  book.waiting.push({ ...asked, since: at });
  return true;
}

/** A reservation has no run id until its operation has started. */
const isRun = (holder: LeaseHolder, runId: string): boolean =>
  holder.runId === runId || holder.runId === '';

/** Where the cluster runs is known as soon as somebody who knows it holds the lease. */
function notePlace(book: LeaseBook, { provider, kafkaVersion }: Partial<LeaseRequested>): void {
  if (provider !== undefined) book.provider = provider;
  if (kafkaVersion !== undefined) book.kafkaVersion = kafkaVersion;
}

/** Hands leases to those in line who may have one now; returns all holders that must be told. */
export function grant(book: LeaseBook, definitions: Definitions = definitionOf): LeaseHolder[] {
  const rank = (type: string) => definitions(type)?.rank ?? 0;
  book.waiting.sort((a, b) => rank(b.type) - rank(a.type));
  for (let next = book.waiting[0]; next; next = book.waiting[0]) {
    const { type } = next;
    if (!book.holders.every((h) => mayRunBeside(h.type, type, definitions))) break;
    book.waiting.shift();
    book.holders.push({ ...next, told: false, knows: false });
    notePlace(book, next);
  }
  return book.holders.filter((h) => !h.told && h.runId !== '');
}

/** Holders that stand in the way of a higher rank and were not asked to stop yet; marks them. */
export function recall(book: LeaseBook, definitions: Definitions = definitionOf): LeaseHolder[] {
  const rank = (type: string) => definitions(type)?.rank ?? 0;
  const [first] = book.waiting;
  if (!first) return [];
  const due = book.holders.filter(
    (h) =>
      h.recalledBy === undefined &&
      h.runId !== '' &&
      rank(first.type) > rank(h.type) &&
      !mayRunBeside(h.type, first.type, definitions),
  );
  for (const holder of due) holder.recalledBy = first.operationId;
  return due;
}

/** Reserves the lease for an operation that is about to be started; it then asks by itself. */
export function reserve(
  book: LeaseBook,
  lease: Omit<LeaseHolder, 'told' | 'knows' | 'runId'>,
): void {
  book.holders.push({ ...lease, runId: '', told: true, knows: false });
}

/** The reserved operation runs; it may have asked already and so filled in its run id itself. */
export function confirm(book: LeaseBook, operationId: string, runId: string): void {
  const holder = book.holders.find((h) => h.operationId === operationId);
  if (holder?.runId === '') holder.runId = runId;
}

/** The reserved operation could not be started. */
export function cancelReservation(book: LeaseBook, operationId: string): void {
  book.holders = book.holders.filter((h) => h.operationId !== operationId || h.runId !== '');
}

/** Takes note of how the operation ended. Only who holds the lease changes how the cluster is. */
export function release(book: LeaseBook, released: LeaseReleased, at: string): void {
  const { summary, cluster } = released;
  if (!takeBack(book, released)) return;
  remember(book, summary);
  const { protection, ...rest } = cluster;
  if (protection !== undefined) book.protection = protection;
  settle(book, rest, at);
  book.known = book.rest.phase !== 'absent' && book.rest.phase !== 'destroyed';
}

/**
 * Ends the lease that is released. One that this book does not remember to have granted counts too,
 * while nobody else holds one: a reset of the entity is told its past messages again, in a book
 * that has forgotten what it did upon them.
 */
function takeBack(book: LeaseBook, { operationId, runId }: LeaseReleased): boolean {
  const isSame = (l: { operationId: string; runId: string }) =>
    l.operationId === operationId && l.runId === runId;
  const holder = book.holders.find((h) => h.operationId === operationId && isRun(h, runId));
  if (holder) {
    remove(book, holder);
    return true;
  }
  const interrupted = book.history.findIndex((h) => isSame(h) && h.outcome === 'interrupted');
  const forgotten = interrupted >= 0 || book.waiting.some(isSame);
  if (!forgotten || book.holders.length > 0) return false;
  book.waiting = book.waiting.filter((w) => !isSame(w));
  book.history = book.history.filter((_, i) => i !== interrupted);
  return true;
}

function settle(book: LeaseBook, rest: Partial<LeaseBook['rest']>, at: string): void {
  const moved = rest.phase !== undefined && rest.phase !== book.rest.phase;
  Object.assign(book.rest, rest, moved ? { since: at } : {});
  if (!book.rest.reason) delete book.rest.reason;
  if (book.rest.phase !== 'destroyed') return;
  // Nobody reaches it any more, and what was measured is of what is gone.
  delete book.rest.connection;
  delete book.rest.lastVerdict;
}

/**
 * The holder is gone without a word: nobody knows how far one that mutates got. One that no grant
 * has reached has changed nothing.
 */
export function interrupt(
  book: LeaseBook,
  holder: LeaseHolder,
  at: string,
  definitions: Definitions = definitionOf,
): void {
  if (!book.holders.includes(holder)) return;
  remove(book, holder);
  const { operationId, runId, type, requester, since } = holder;
  const reason = `${type} ${operationId} was interrupted; apply again to go on`;
  remember(book, {
    ...{ operationId, runId: runId || '-', type, requester, startedAt: since, finishedAt: at },
    outcome: 'interrupted',
    reason,
  });
  if (!holder.knows || definitions(type)?.mutates === false) return;
  settle(book, { phase: 'held', reason }, at);
  book.known = true;
}

const remove = (book: LeaseBook, holder: LeaseHolder): void => {
  book.holders = book.holders.filter((h) => h !== holder);
};

function remember(book: LeaseBook, summary: LeaseBook['history'][number]): void {
  const short = summary.reason ? { reason: clip(summary.reason, reasonMax) } : {};
  book.history = [...book.history, { ...summary, ...short }].slice(-historyMax);
}

/** Keeps the newest submissions, so that a repeated one gets the first answer. */
export function rememberSubmitted(book: LeaseBook, entry: LeaseBook['submitted'][number]): void {
  book.submitted = [...book.submitted, entry].slice(-submittedMax);
}

/** True when nothing exists, nobody wants anything, and nobody said anything worth keeping. */
export const isOver = (book: LeaseBook): boolean =>
  !book.known && book.holders.length === 0 && book.waiting.length === 0;

/** What a holder may rely on. */
export function grantOf(book: LeaseBook, holder: LeaseHolder): LeaseGranted {
  const { name, protection, provider, kafkaVersion } = book;
  const { phase, reason, spec } = book.rest;
  return {
    operationId: holder.operationId,
    runId: holder.runId,
    known: book.known,
    cluster: {
      name,
      phase,
      protection,
      ...(reason ? { reason } : {}),
      ...(provider ? { provider } : {}),
      ...(kafkaVersion ? { kafkaVersion } : {}),
      ...(spec ? { spec } : {}),
    },
  };
}

/** What people see: the phase is that of a running operation while one has a phase of its own. */
export function statusOf(book: LeaseBook, definitions: Definitions = definitionOf): ClusterStatus {
  const { name, protection, provider, kafkaVersion } = book;
  const busy = book.holders
    .map((h) => ({ since: h.since, phase: phaseWhile(h.type, book.known, definitions) }))
    .find((h): h is { since: string; phase: ClusterPhase } => h.phase !== undefined);
  return {
    name,
    ...book.rest,
    ...busy,
    protection,
    ...(provider ? { provider } : {}),
    ...(kafkaVersion ? { kafkaVersion } : {}),
    leases: book.holders.map(({ operationId, runId, type, requester, since }) => ({
      ...{ operationId, runId, type, requester, since },
    })),
    waiting: book.waiting.map(({ operationId, type, since }) => ({ operationId, type, since })),
    history: book.history,
  };
}

function phaseWhile(
  type: string,
  known: boolean,
  definitions: Definitions,
): ClusterPhase | undefined {
  const definition = definitions(type);
  return known ? (definition?.phaseOfKnown ?? definition?.phase) : definition?.phase;
}

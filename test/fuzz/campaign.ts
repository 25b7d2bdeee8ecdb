/**
 * The fuzz campaign: any JSON to every workflow, update, signal, query and route, on a real
 * Temporal server, the real workflows and the real API, with a world of names behind the
 * activities. Seeded: the same seed sends the same things.
 */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { errorCatalogue } from '../../contracts/errors.ts';
import { leaseSignals } from '../../contracts/lease.ts';
import { updates } from '../../contracts/operation.ts';
import { definitionOf } from '../../contracts/services/index.ts';
import { checkInput, checkSpec } from '../../domain/cluster/rules.ts';
import { oneNodeSpec } from '../support/specs.ts';
import { ending, type Lab } from '../workflows/lab.ts';
import type { World } from '../workflows/world.ts';
import { anyJson, goodInputs, inputOf, spoilt } from './inputs.ts';

export interface Campaign {
  lab: Lab;
  world: World;
  app: FastifyInstance;
  token: string;
  seed: number;
}

/** What was sent, how it was answered, and every answer that must not be. */
export interface Figures {
  sent: number;
  /** Answers by name: outcomes and error types, or HTTP statuses. */
  answers: Record<string, number>;
  faults: string[];
}

const newFigures = (): Figures => ({ sent: 0, answers: {}, faults: [] });

function note(figures: Figures, answer: string, fault?: string): void {
  figures.sent += 1;
  figures.answers[answer] = (figures.answers[answer] ?? 0) + 1;
  if (fault) figures.faults.push(fault);
}

const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number, seed: number): T[] =>
  fc.sample(arbitrary, { numRuns: count, seed });

const show = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 300);

/** Longer than any answer should take, so that a workflow that spins is told from a slow one. */
const patienceMs = 60_000;
const together = 20;

async function inGroups<T>(
  all: T[],
  work: (one: T, index: number) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < all.length; i += together) {
    await Promise.all(all.slice(i, i + together).map((one, j) => work(one, i + j)));
  }
}

/** Is the input one that the rules refuse? Judged by the same pure rules, apart from workflows. */
function isWrong(type: string, input: unknown): boolean {
  const schema = definitionOf(type)?.input;
  if (!schema) return false;
  if (checkInput(schema, input).length > 0) return true;
  const { spec } = input as { spec?: unknown };
  return spec !== undefined && checkSpec(spec).violations.length > 0;
}

/** Any JSON as the input of a workflow type. */
export async function fuzzWorkflow(c: Campaign, type: string, count: number): Promise<Figures> {
  const figures = newFigures();
  await inGroups(sample(inputOf(type), count, c.seed), async (input) => {
    const handle = await c.lab.start(type, input, `fuzz/${randomUUID()}`);
    const answer = await within(endOf(type, handle));
    const wrong = isWrong(type, input);
    const { tasks, began } = await traceOf(handle);
    const bad =
      (answer === 'no answer' && 'gave no answer') ||
      (tasks > 0 && `failed ${tasks} workflow tasks`) ||
      (wrong && answer !== 'InvalidInput' && `answered ${answer} to what the rules refuse`) ||
      (!isAnswer(answer) && `answered ${answer}`) ||
      (wrong && began > 0 && `began ${began} things`) ||
      undefined;
    note(figures, answer, bad ? `${type} ${bad}: ${show(input)}` : undefined);
    if (answer === 'no answer') await handle.terminate();
  });
  return figures;
}

/** The entity lives as long as its cluster: a good name is answered by its status. */
async function endOf(type: string, handle: WorkflowHandle): Promise<string> {
  if (type !== 'cluster') return (await ending(handle)).outcome ?? 'done';
  const ended = handle.result().then(
    () => 'done',
    (error: { cause?: { type?: string } }) => error.cause?.type ?? String(error),
  );
  return ended;
}

const isAnswer = (answer: string): boolean =>
  Object.hasOwn(errorCatalogue, answer) ? answer !== 'Internal' : /^[a-z-]+$/.test(answer);

async function within(answer: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer'), patienceMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Failed workflow tasks, and activities and children that were begun. */
async function traceOf(handle: WorkflowHandle): Promise<{ tasks: number; began: number }> {
  const events = (await handle.fetchHistory()).events ?? [];
  return {
    tasks: events.filter((e) => e.workflowTaskFailedEventAttributes).length,
    began: events.filter(
      (e) =>
        e.activityTaskScheduledEventAttributes ||
        e.startChildWorkflowExecutionInitiatedEventAttributes,
    ).length,
  };
}

/** Messages worth spoiling, by name. */
const goodMessages: Record<string, object> = {
  [updates.approve]: { digest: 'sha256:0', by: 'me' },
  [updates.setProtection]: { enabled: true, by: 'me' },
  [updates.submit]: {
    // A good one is accepted, and rightly: it must not be one that takes the victim away.
    operationId: 'odin/victim/x',
    type: 'loadTest',
    input: { cluster: 'victim' },
    requester: 'me',
  },
  [leaseSignals.requested]: {
    ...{ operationId: 'x', runId: randomUUID(), type: 'loadTest', requester: 'me' },
  },
  [leaseSignals.granted]: { operationId: 'x', runId: randomUUID(), known: true, cluster: {} },
  [leaseSignals.recalled]: { runId: randomUUID(), by: 'x' },
  [leaseSignals.released]: {
    ...{ operationId: 'x', runId: randomUUID(), cluster: { phase: 'destroyed' } },
    summary: {
      ...{ operationId: 'x', runId: '-', type: 'loadTest', requester: 'me' },
      startedAt: '2026-11-25T00:00:00Z',
    },
  },
};

/** Any JSON as updates, signals and queries to one workflow that must not mind. */
export async function fuzzMessages(
  c: Campaign,
  handle: WorkflowHandle,
  count: number,
): Promise<Figures> {
  const figures = newFigures();
  const messages = (name: string) =>
    fc.oneof(anyJson, spoilt(fc.constant(goodMessages[name] ?? {})));
  for (const name of [...Object.values(leaseSignals), 'nobodyKnowsThis']) {
    await inGroups(sample(messages(name), count, c.seed), async (message) => {
      await handle.signal(name, message);
      note(figures, 'signal sent');
    });
  }
  const harmless = Object.values(updates).filter((name) => name !== 'abort' && name !== 'pause');
  for (const name of [...harmless, 'nobodyKnowsThis']) {
    await inGroups(sample(messages(name), count, c.seed), async (message) => {
      const update = handle.executeUpdate(name, { args: [message] });
      const answer = await within(update.then(() => 'accepted', typeOfRefusal));
      const bad = answer === 'no answer' || answer === 'Internal';
      note(figures, answer, bad ? `update ${name} ${answer}: ${show(message)}` : undefined);
    });
  }
  await inGroups(sample(anyJson, count, c.seed), async (message) => {
    const answer = await within(handle.query('status', message).then(() => 'status', String));
    const bad = answer !== 'status';
    note(figures, answer, bad ? `query ${answer}: ${show(message)}` : undefined);
  });
  const { tasks } = await traceOf(handle);
  if (tasks > 0) figures.faults.push(`${handle.workflowId} failed ${tasks} workflow tasks`);
  return figures;
}

const typeOfRefusal = (error: { cause?: { type?: string; message?: string } }): string =>
  error.cause?.type ??
  (String(error.cause?.message).includes('registered handler') ? 'unknown update' : `${error}`);

/** Any JSON, any path and any header to every route of the API. */
export async function fuzzRoutes(c: Campaign, count: number): Promise<Figures> {
  const figures = newFigures();
  const { paths } = c.app.swagger() as { paths: Record<string, Record<string, unknown>> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    // Streams do not end by themselves; this world has whatever cluster is asked for.
    path.endsWith('/events')
      ? []
      : Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
  );
  const part = fc.oneof(
    fc.constantFrom('victim', 'nobody', '..%2F..', 'x'.repeat(500), '%00', 'odin', '%F0%9F%98%80'),
    fc.string({ minLength: 1, maxLength: 20 }).map(encodeURIComponent),
  );
  const body = fc.oneof(anyJson, ...Object.values(goodInputs).map(spoilt));
  const request = fc.record({
    route: fc.constantFrom(...routes),
    parts: fc.array(part, { minLength: 4, maxLength: 4 }),
    body,
    key: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
    last: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
  });
  await inGroups(sample(request, count, c.seed), async ({ route, parts, body, key, last }) => {
    let used = 0;
    const url = route.path.replace(/\{\w+\}/g, () => parts[used++] ?? 'x');
    const response = await c.app.inject({
      method: route.method as 'GET',
      url,
      headers: {
        authorization: `Bearer ${c.token}`,
        ...(route.method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': headerSafe(key) }),
        ...(last === undefined ? {} : { 'last-event-id': headerSafe(last) }),
      },
      ...(route.method === 'GET' ? {} : { payload: JSON.stringify(body) ?? '' }),
    });
    const type = String(response.headers['content-type']);
    const bad =
      (response.statusCode >= 500 && `is ${response.statusCode} ${response.body.slice(0, 200)}`) ||
      (response.statusCode >= 400 && !type.includes('problem+json') && `answers with ${type}`) ||
      undefined;
    const what = `${route.method} ${url.slice(0, 120)}`;
    note(figures, String(response.statusCode), bad ? `${what} ${bad}: ${show(body)}` : undefined);
  });
  return figures;
}

const headerSafe = (text: string): string => text.replace(/[^\x21-\x7e]/g, '~');

/** A cluster and an operation that wait through the campaign; both must go on afterwards. */
export async function victims(c: Campaign): Promise<{
  entity: WorkflowHandle;
  waiting: WorkflowHandle;
}> {
  await ending(await c.lab.start('provisionCluster', { spec: oneNodeSpec('victim') }));
  const input = { spec: oneNodeSpec('waiting'), approval: 'required' };
  const waiting = await c.lab.start('provisionCluster', input);
  for (;;) {
    const { phase } = await c.lab.status(waiting);
    if (phase === 'awaiting-approval') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { entity: c.lab.env.client.workflow.getHandle('cluster/victim'), waiting };
}

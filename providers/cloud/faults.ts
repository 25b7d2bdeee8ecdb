/**
 * A cloud that misbehaves on purpose: lost requests, lost answers, throttling, late visibility, and
 * a worker that is killed before or after a call. For contract and crash tests; ASGARD_FAULTS names
 * the plan's file for a real worker process. What happened is kept in files, so a restart neither
 * repeats a fault nor makes a hidden thing show early.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { type Cloud, CloudError, type Tags } from './cloud.ts';

const kinds = ['lost-request', 'lost-answer', 'throttle', 'crash-before', 'crash-after'] as const;

/** Done and not answered: `lost-answer`, `crash-after`. The others come before anything is done. */
export type FaultKind = (typeof kinds)[number];

export interface Fault {
  /** Method of Cloud, for example `runInstance`. */
  call: string;
  /** Which occurrence of the call, counted from 1 over all processes. */
  nth: number;
  kind: FaultKind;
}

export interface FaultPlan {
  faults: Fault[];
  /** New things stay out of `list*` for this many ms, in every process. Default 0. */
  visibilityMs?: number;
  /**
   * One line per call, appended before it is made: `<call> <unique id>`. Counts occurrences and
   * tells a harness what is going on. `<traceFile>.made` holds when things were made.
   */
  traceFile: string;
}

/** Every method of Cloud: one that is missing here does not compile. */
const calls: Record<Exclude<keyof Cloud, 'name' | 'visibilityMs'>, true> = {
  createVolume: true,
  growVolume: true,
  deleteVolume: true,
  listVolumes: true,
  createInterface: true,
  deleteInterface: true,
  listInterfaces: true,
  runInstance: true,
  startInstance: true,
  stopInstance: true,
  modifyInstance: true,
  terminateInstance: true,
  listInstances: true,
  consoleOutput: true,
  listStrangers: true,
  instanceTypes: true,
};

/** Reads a plan from JSON; throws an Error that names the wrong field and what it may be. */
export function parseFaultPlan(text: string): FaultPlan {
  const { traceFile, faults = [], visibilityMs = 0 } = parseObject(text);
  if (typeof traceFile !== 'string') throw new Error('faults: traceFile must be a path');
  if (!Array.isArray(faults)) throw new Error('faults: faults must be a list');
  if (!(typeof visibilityMs === 'number' && visibilityMs >= 0)) {
    throw new Error('faults: visibilityMs must be a number of ms, 0 or more');
  }
  for (const [i, fault] of faults.entries()) checkFault(`faults[${i}]`, fault ?? {});
  return { faults, visibilityMs, traceFile };
}

function parseObject(text: string): Partial<Record<keyof FaultPlan, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    throw new Error('faults: the plan is not JSON', { cause });
  }
}

function checkFault(field: string, { call, nth, kind }: Partial<Fault>): void {
  if (!kinds.some((known) => known === kind)) {
    throw new Error(`${field}.kind: \`${kind}\` is none of ${kinds.join(', ')}`);
  }
  if (!(Number.isInteger(nth) && Number(nth) >= 1)) {
    throw new Error(`${field}.nth: must be a whole number, 1 or more`);
  }
  // A misspelt call would never come, and a test with it would prove nothing.
  if (!Object.hasOwn(calls, call ?? '')) {
    throw new Error(`${field}.call: \`${call}\` is none of ${Object.keys(calls).join(', ')}`);
  }
}

/** The same cloud, with the plan's faults in front of it. `read` is asked at every call. */
export function withFaults(cloud: Cloud, read: () => FaultPlan): Cloud {
  const wrap = async (call: string, work: () => Promise<unknown>): Promise<unknown> => {
    const plan = read();
    const fault = next(plan, call);
    if (fault === 'crash-before') process.kill(process.pid, 'SIGKILL');
    if (fault === 'lost-request') throw new CloudError('Unavailable', `${call}: request lost`);
    if (fault === 'throttle') throw new CloudError('Throttled', `${call}: slow down`);
    const result = await work();
    remember(plan, call, result);
    if (fault === 'crash-after') process.kill(process.pid, 'SIGKILL');
    if (fault === 'lost-answer') throw new CloudError('Unavailable', `${call}: answer lost`);
    return call.startsWith('list') ? visible(plan, result) : result;
  };
  return new Proxy(cloud, {
    get(target, name: string) {
      if (name === 'visibilityMs') return read().visibilityMs ?? 0;
      const member = target[name as keyof Cloud] as unknown;
      if (typeof member !== 'function') return member;
      return (argument: { tags?: Tags }) =>
        wrap(name, () => (member as (a: unknown) => Promise<unknown>).call(target, argument));
    },
  });
}

/** Counts this call and answers the fault due for it; its own line says which occurrence it is. */
function next(plan: FaultPlan, call: string): FaultKind | undefined {
  const mine = `${call} ${randomUUID()}`;
  appendFileSync(plan.traceFile, `${mine}\n`);
  const same = linesOf(plan.traceFile).filter((line) => line.startsWith(`${call} `));
  const nth = same.indexOf(mine) + 1;
  return plan.faults.find((f) => f.call === call && f.nth === nth)?.kind;
}

const madeFile = (plan: FaultPlan): string => `${plan.traceFile}.made`;

function remember(plan: FaultPlan, call: string, result: unknown): void {
  const made = call.startsWith('create') || call === 'runInstance';
  const id = (result as { id?: string } | undefined)?.id;
  if (made && id && plan.visibilityMs) appendFileSync(madeFile(plan), `${id} ${Date.now()}\n`);
}

function visible(plan: FaultPlan, result: unknown): unknown {
  const { visibilityMs } = plan;
  if (!visibilityMs) return result;
  const madeAt = new Map<string, number>();
  for (const line of linesOf(madeFile(plan))) {
    const [id = '', at] = line.split(' ');
    // A repeated create answers the same thing, which is no younger for it.
    if (!madeAt.has(id)) madeAt.set(id, Number(at));
  }
  const shows = ({ id }: { id: string }) => Date.now() - (madeAt.get(id) ?? 0) >= visibilityMs;
  return (result as { id: string }[]).filter(shows);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

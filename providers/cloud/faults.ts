/**
 * A cloud that misbehaves on purpose: lost requests, lost answers, throttling, late visibility, and
 * a worker that is killed before or after a call. For contract and crash tests; ASGARD_FAULTS names
 * the plan's file for a real worker process. Calls are counted in a file, so a restart repeats no
 * fault.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { type Cloud, CloudError, type Tags } from './cloud.ts';

export type FaultKind =
  | 'lost-request'
  | 'lost-answer'
  | 'throttle'
  | 'crash-before'
  | 'crash-after';

export interface Fault {
  /** Method of Cloud, for example `runInstance`. */
  call: string;
  /** Which occurrence of the call, counted from 1 over all processes. */
  nth: number;
  kind: FaultKind;
}

export interface FaultPlan {
  faults: Fault[];
  /** New things stay out of `list*` for this long. Default 0. */
  visibilityMs?: number;
  /** One line per call made, appended: counts occurrences and tells a harness what is going on. */
  traceFile: string;
}

const kinds: FaultKind[] = [
  'lost-request',
  'lost-answer',
  'throttle',
  'crash-before',
  'crash-after',
];

/** Reads a plan from JSON; throws with the field that is wrong. */
export function parseFaultPlan(text: string): FaultPlan {
  const plan = JSON.parse(text) as FaultPlan;
  if (typeof plan.traceFile !== 'string') throw new Error('faults: traceFile must be a path');
  for (const [i, fault] of (plan.faults ?? []).entries()) {
    if (!kinds.includes(fault.kind)) {
      throw new Error(`faults[${i}].kind: \`${fault.kind}\` is none of ${kinds.join(', ')}`);
    }
    if (!(fault.nth >= 1)) throw new Error(`faults[${i}].nth: must be 1 or more`);
  }
  return { ...plan, faults: plan.faults ?? [] };
}

/** The same cloud, with the plan's faults in front of it. `read` is asked at every call. */
export function withFaults(cloud: Cloud, read: () => FaultPlan): Cloud {
  const madeAt = new Map<string, number>();
  const wrap = async (call: string, work: () => Promise<unknown>): Promise<unknown> => {
    const plan = read();
    const fault = next(plan, call);
    if (fault === 'crash-before') process.kill(process.pid, 'SIGKILL');
    if (fault === 'lost-request') throw new CloudError('Unavailable', `${call}: request lost`);
    if (fault === 'throttle') throw new CloudError('Throttled', `${call}: slow down`);
    const result = await work();
    if (fault === 'crash-after') process.kill(process.pid, 'SIGKILL');
    remember(madeAt, call, result);
    if (fault === 'lost-answer') throw new CloudError('Unavailable', `${call}: answer lost`);
    return call.startsWith('list') ? visible(madeAt, result, plan.visibilityMs ?? 0) : result;
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

/** Counts this call and answers the fault due for it. */
function next(plan: FaultPlan, call: string): FaultKind | undefined {
  appendFileSync(plan.traceFile, `${call}\n`);
  const nth = readFileSync(plan.traceFile, 'utf8')
    .split('\n')
    .filter((line) => line === call).length;
  return plan.faults.find((f) => f.call === call && f.nth === nth)?.kind;
}

function remember(madeAt: Map<string, number>, call: string, result: unknown): void {
  const made = call.startsWith('create') || call === 'runInstance';
  const id = (result as { id?: string } | undefined)?.id;
  if (made && id && !madeAt.has(id)) madeAt.set(id, Date.now());
}

function visible(madeAt: Map<string, number>, result: unknown, visibilityMs: number): unknown {
  const shows = ({ id }: { id: string }) => Date.now() - (madeAt.get(id) ?? 0) >= visibilityMs;
  return (result as { id: string }[]).filter(shows);
}

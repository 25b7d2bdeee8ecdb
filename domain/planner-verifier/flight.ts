/**
 * Checks on the batches: every change is made by its steps, in order; one copy at a time of each
 * partition, from a leader in sync; caps; partitions at risk first; no limit broken while a batch
 * runs, whatever the order in which its steps end; and the durations told. Pure.
 */
import { type Case, isAbove, type Load, names, num, type Part, replicaLoad } from './case.ts';
import { secondsOf } from './flow.ts';

interface State {
  part: Part;
  ids: number[];
  leader: number;
  synced: Set<number>;
  isAtRisk: boolean;
}

interface Copy {
  from: number;
  to: number;
  bytes: number;
}

export function checkBatches(c: Case): string[] {
  const parts = new Map(c.parts.map((part) => [part.key, part]));
  const states = c.plan.reassignments.map((r) => stateOf(parts.get(`${r.topic}/${r.partition}`)!));
  const loads = new Map([...c.before].map(([id, load]) => [id, [...load] as Load]));
  const found: string[] = [];
  let total = 0;
  for (const [i, batch] of c.plan.batches.entries()) {
    const at = `batch ${i}`;
    if (batch.steps.length === 0) found.push(`${at}: is empty`);
    const seen = new Set<number>();
    for (const step of batch.steps) {
      if (seen.has(step.change)) found.push(`${at}: change ${step.change} is in it twice`);
      seen.add(step.change);
      if (!states[step.change]) found.push(`${at}: there is no change ${step.change}`);
    }
    if (found.length > 0) return found;
    found.push(...checkOne(c, at, states, batch, loads));
    total += batch.durationS;
    if (found.length > 20) return found;
  }
  for (const [i, state] of states.entries()) {
    const wanted = c.plan.reassignments[i]!.replicas;
    if (state.ids.join() !== wanted.join())
      found.push(`${state.part.key}: steps end at ${state.ids}`);
  }
  if (Math.abs(total - c.plan.durationS) > 1e-6 * Math.max(1, total)) {
    found.push(`durationS: told ${c.plan.durationS}, the batches have ${total}`);
  }
  return [...found, ...checkStepped(c)];
}

/** A change without any step is never made. */
function checkStepped(c: Case): string[] {
  const stepped = new Set(c.plan.batches.flatMap((b) => b.steps.map((s) => s.change)));
  return c.plan.reassignments.flatMap((r, i) =>
    stepped.has(i) ? [] : [`${r.topic}/${r.partition}: is in no batch`],
  );
}

function stateOf(part: Part): State {
  const synced = new Set([...part.was].filter(([, state]) => state === 'synced').map(([id]) => id));
  const { p } = part;
  const isAtRisk = synced.size < p.replicas.length && synced.size <= (p.minInSync ?? 1);
  return { part, ids: p.replicas, leader: part.leaderBefore, synced, isAtRisk };
}

interface Effect {
  state: State;
  next: number[];
  added: number[];
  leader: number;
}

function checkOne(
  c: Case,
  at: string,
  states: State[],
  batch: Case['plan']['batches'][number],
  loads: Map<number, Load>,
): string[] {
  const effects = batch.steps.map((step): Effect => {
    const state = states[step.change]!;
    const added = step.replicas.filter((id) => !state.ids.includes(id));
    return { state, next: step.replicas, added, leader: step.replicas[0] ?? -1 };
  });
  const found = [
    ...effects.flatMap((e) => checkStep(c, at, e)),
    ...checkCaps(c, at, effects),
    ...checkRisk(c, at, states, effects, loads),
    ...checkLoads(c, at, effects, loads),
    ...checkDuration(c, at, effects, batch.durationS),
  ];
  for (const effect of effects) land(effect, loads);
  return found;
}

function checkStep(c: Case, at: string, { state, next, added, leader }: Effect): string[] {
  const { part, ids, synced } = state;
  const say = (what: string) => [`${at}: ${part.key} ${what}`];
  if (new Set(next).size !== next.length) return say('names a broker twice');
  if (added.length > 1) return say(`copies ${added.length} replicas at a time`);
  if (added.length > 0 && !synced.has(state.leader)) return say('is copied from no leader in sync');
  const stay = next.filter((id) => ids.includes(id) && synced.has(id));
  if (stay.length > 0 && !synced.has(leader))
    return say(`puts ${leader} first before it is in sync`);
  if (c.leaving.has(leader) && leader !== state.leader) return say(`is led by leaving ${leader}`);
  const final = part.after;
  if (added.some((id) => !final.includes(id))) return say('copies to where nothing is to stay');
  if (ids.some((id) => final.includes(id) && !next.includes(id)))
    return say('drops what is to stay');
  return [];
}

function checkCaps(c: Case, at: string, effects: Effect[]): string[] {
  const cap = c.options.copiesPerBroker ?? 5;
  const into = new Map<number, number>();
  const outOf = new Map<number, number>();
  for (const { state, added } of effects) {
    for (const id of added) {
      into.set(id, (into.get(id) ?? 0) + 1);
      outOf.set(state.leader, (outOf.get(state.leader) ?? 0) + 1);
    }
  }
  const over = (counts: Map<number, number>, way: string) =>
    [...counts].filter(([, n]) => n > cap).map(([id, n]) => `${at}: ${n} copies ${way} ${id}`);
  return [...over(into, 'into'), ...over(outOf, 'out of')];
}

/** What a step brings upon brokers when it begins. */
function arrivals({ state, next, added, leader }: Effect): [number, Load][] {
  const { p } = state.part;
  const more: [number, Load][] = [];
  const count = Math.max(next.length, state.ids.length);
  for (const id of added) more.push([id, replicaLoad(p, false, count)]);
  const inflow = num(p.inBytesPerS);
  if (added.length > 0) {
    // Who reads from the leader while the copy runs, beyond what its outflow counts.
    const readers = [...state.ids, ...added].filter(
      (id) => state.part.was.get(id) !== 'lost',
    ).length;
    const extra = Math.max(0, readers - Math.max(state.ids.length, state.part.p.replicas.length));
    more.push([state.leader, [0, 0, extra * inflow, 0, 0, 0]]);
  }
  if (leader !== state.leader) {
    const led = replicaLoad(p, true, count);
    const followed = replicaLoad(p, false, count);
    more.push([
      leader,
      led.map((x, r) => (r === 0 || r === 1 || r === 5 ? 0 : x - followed[r]!)) as Load,
    ]);
  }
  return more;
}

/** All that arrives and nothing of what leaves: no order of the steps can be worse. */
function checkLoads(c: Case, at: string, effects: Effect[], loads: Map<number, Load>): string[] {
  const worst = new Map([...loads].map(([id, load]) => [id, [...load]]));
  for (const effect of effects) {
    for (const [id, more] of arrivals(effect)) {
      const load = worst.get(id);
      if (load) for (let r = 0; r < 6; r++) load[r]! += Math.max(0, more[r]!);
    }
  }
  return c.live.flatMap(({ id }) =>
    c.limits.get(id)!.flatMap((limit, r) => {
      const wasOver = isAbove(c.before.get(id)![r]!, limit) || isAbove(c.after.get(id)![r]!, limit);
      if (wasOver || !isAbove(worst.get(id)![r]!, limit)) return [];
      return [`${at}: broker ${id} ${names[r]} may reach ${worst.get(id)![r]} over ${limit}`];
    }),
  );
}

/** No copy of a partition that is safe while one that is at risk could have been made. */
function checkRisk(
  c: Case,
  at: string,
  states: State[],
  effects: Effect[],
  loads: Map<number, Load>,
): string[] {
  const isSafe = effects.some(({ state, added }) => added.length > 0 && !state.isAtRisk);
  const isRisky = effects.some(({ state, added }) => added.length > 0 && state.isAtRisk);
  if (!isSafe) return [];
  if (isRisky) return [`${at}: copies of partitions at risk share it with others`];
  const left = (s: State) => s.part.after.filter((id) => !s.ids.includes(id)).length;
  const later = states.filter((s) => s.isAtRisk && left(s) === 1);
  const could = later.find((state) => {
    const added = state.part.after.filter((id) => !state.ids.includes(id)).slice(0, 1);
    const next = [state.leader, ...state.ids.filter((id) => id !== state.leader), ...added];
    return arrivals({ state, next, added, leader: state.leader }).every(([id, more]) => {
      const load = loads.get(id);
      const limit = c.limits.get(id)!;
      return load?.every((x, r) => more[r]! <= 0 || x + more[r]! <= limit[r]! * (1 - 1e-9));
    });
  });
  return could ? [`${at}: ${could.part.key} is at risk and waits`] : [];
}

function land({ state, next, leader }: Effect, loads: Map<number, Load>): void {
  const { p } = state.part;
  const put = (ids: number[], lead: number, sign: number) => {
    for (const id of ids) {
      const load = loads.get(id);
      const mine = replicaLoad(p, id === lead, ids.length);
      if (load) for (let r = 0; r < 6; r++) load[r]! += sign * mine[r]!;
    }
  };
  put(state.ids, state.leader, -1);
  put(next, leader, 1);
  for (const id of next) if (!state.ids.includes(id)) state.synced.add(id);
  state.ids = next;
  state.leader = leader;
}

/** Larger batches would take minutes to simulate. */
const simulatedMost = 300;

/** Of a large batch: no less than its busiest broker needs, and not twice as much. */
function checkBusiest(at: string, copies: Copy[], throttle: number, told: number): string[] {
  const bytes = new Map<string, number>();
  for (const copy of copies) {
    for (const end of [`out ${copy.from}`, `in ${copy.to}`]) {
      bytes.set(end, (bytes.get(end) ?? 0) + copy.bytes);
    }
  }
  const least = [...bytes.values()].reduce((a, x) => Math.max(a, x), 0) / throttle;
  const isRight = told >= least * (1 - 1e-9) && told <= 2 * least;
  return isRight ? [] : [`${at}: told ${told} s, its busiest broker needs ${least} s`];
}

/** Within 20 % of a simulated execution at the throttle. */
function checkDuration(c: Case, at: string, effects: Effect[], told: number): string[] {
  if (c.plan.intent === 'logDirs') return [];
  const copies: Copy[] = effects.flatMap(({ state, added }) =>
    added.map((to) => ({ from: state.leader, to, bytes: num(state.part.p.sizeBytes) })),
  );
  const throttle = c.options.throttleBytesPerS ?? 50_000_000;
  if (copies.length > simulatedMost) return checkBusiest(at, copies, throttle, told);
  const is = secondsOf(copies, throttle);
  if (Math.abs(told - is) <= 0.2 * is + 1e-6) return [];
  return [`${at}: told ${told} s, a simulated execution takes ${is} s`];
}

/** Every figure that the plan prints, computed anew from the snapshot and the lists. Pure. */
import type { LoadSummary, MovePlan } from '../../contracts/rebalance.ts';
import {
  type Case,
  isAbove,
  isInSet,
  type Load,
  names,
  num,
  type Part,
  rackOf,
  racksOf,
  replicaLoad,
} from './case.ts';
import { type Even, leastBytes } from './even.ts';

const isNear = (told: number, is: number): boolean =>
  told === is || Math.abs(told - is) <= 1e-6 * Math.max(1, Math.abs(is));
const differ = (what: string, told: number, is: number): string[] =>
  isNear(told, is) ? [] : [`${what}: told ${told}, is ${is}`];

export function checkCounts(c: Case): string[] {
  let [moves, bytes, leaders, only, pending] = [0, 0, 0, 0, 0];
  for (const part of c.parts) {
    const added = part.after.filter((id) => !part.was.has(id)).length;
    moves += added;
    bytes += added * num(part.p.sizeBytes);
    const isLed = part.leaderAfter !== part.leaderBefore;
    leaders += isLed ? 1 : 0;
    only += isLed && added === 0 ? 1 : 0;
    pending += part.leaderBefore !== part.leaderNow && part.leaderBefore >= 0 ? 1 : 0;
  }
  const { plan } = c;
  return [
    ...differ('moves', plan.moves, moves),
    ...differ('movedBytes', plan.movedBytes, bytes),
    ...differ('leaderChanges', plan.leaderChanges, leaders),
    ...differ('leadershipOnly', plan.leadershipOnly, only),
    ...differ('electionsPending', plan.electionsPending, pending),
    ...differ(
      'rackDebt.before',
      plan.rackDebt.before,
      debtOf(c, (part) => part.p.replicas),
    ),
    ...differ(
      'rackDebt.after',
      plan.rackDebt.after,
      debtOf(c, (part) => part.after),
    ),
  ];
}

/** Replicas that would have to change racks, one at a time from the fullest to the emptiest. */
function debtOf(c: Case, lists: (part: Part) => number[]): number {
  let debt = 0;
  for (const part of c.parts) {
    const ids = lists(part);
    const { counts } = racksOf(c, part, ids);
    if ([...counts.values()].every((n) => n < 2)) continue;
    const room = new Map<string, number>();
    for (const b of c.live) {
      if (c.leaving.has(b.id) || !isInSet(c, part.p.topic, b.id)) continue;
      room.set(rackOf(c, b.id), (room.get(rackOf(c, b.id)) ?? 0) + 1);
    }
    for (;;) {
      const full = [...counts].reduce((a, x) => (x[1] > a[1] ? x : a));
      const free = [...room]
        .map(([rack, brokers]): [string, number, number] => [rack, counts.get(rack) ?? 0, brokers])
        .filter(([, count, brokers]) => brokers > count)
        .reduce<[string, number, number] | undefined>(
          (a, x) => (a && a[1] <= x[1] ? a : x),
          undefined,
        );
      if (!free || full[1] < free[1] + 2) break;
      counts.set(full[0], full[1] - 1);
      counts.set(free[0], free[1] + 1);
      debt += 1;
    }
  }
  return debt;
}

export function checkSummaries(c: Case, even: Even): string[] {
  return [
    ...compare(c, even, 'before', c.plan.before, c.now),
    ...compare(c, even, 'after', c.plan.after, c.after),
  ];
}

function compare(
  c: Case,
  even: Even,
  when: string,
  told: MovePlan['after'],
  loads: Map<number, Load>,
): string[] {
  return names.flatMap((name, r) => {
    const summary = told[name];
    if (!c.known[r]) return summary === null ? [] : [`${when}.${name}: told, though not known`];
    if (!summary) return [`${when}.${name}: not told, though known`];
    const is = summaryOf(c, even, loads, r);
    const at = `${when}.${name}`;
    const worst = c.live.length === 0 ? -1 : summary.worstBroker;
    const isWorst = worst < 0 || isNear(is.ratios.get(worst) ?? Number.NaN, is.maxOverMean);
    return [
      ...(['maxOverMean', 'minOverMean', 'forcedOverMean'] as const).flatMap((figure) =>
        differ(`${at}.${figure}`, summary[figure], is[figure]),
      ),
      ...(summary.outside >= is.outsideLeast && summary.outside <= is.outsideMost
        ? []
        : [`${at}.outside: told ${summary.outside}, is ${is.outsideMost}`]),
      ...checkOfLimit(at, summary, is.ofLimit),
      ...(isWorst ? [] : [`${at}.worstBroker: told ${worst}, which is not the worst`]),
    ];
  });
}

function checkOfLimit(at: string, summary: LoadSummary, is: number | null): string[] {
  if (is === null || summary.ofLimit === null) {
    return is === summary.ofLimit ? [] : [`${at}.ofLimit: told ${summary.ofLimit}, is ${is}`];
  }
  return differ(`${at}.ofLimit`, summary.ofLimit, is);
}

function summaryOf(c: Case, even: Even, loads: Map<number, Load>, r: number) {
  const value = (id: number) => loads.get(id)?.[r] ?? 0;
  const mean = c.live.reduce((sum, b) => sum + value(b.id), 0) / Math.max(1, c.live.length);
  const ratios = new Map(
    c.live.map((b) => [b.id, mean > 0 ? value(b.id) / (mean * even.weight.get(b.id)![r]!) : 1]),
  );
  const all = [...ratios.values()];
  const isOut = (by: number) => all.filter((x) => x > 1.1 + by || x < 0.9 - by).length;
  const shares = c.live.map((b) => {
    const limit = c.limits.get(b.id)![r]!;
    return limit > 0 ? value(b.id) / limit : value(b.id) > 0 ? 1 + value(b.id) : 0;
  });
  return {
    ratios,
    maxOverMean: all.length > 0 ? all.reduce((a, x) => Math.max(a, x)) : 1,
    minOverMean: all.length > 0 ? all.reduce((a, x) => Math.min(a, x)) : 1,
    outsideLeast: isOut(1e-7),
    outsideMost: isOut(-1e-7),
    forcedOverMean: even.forced[r]!,
    ofLimit: c.live.some((b) => Number.isFinite(c.limits.get(b.id)![r]!))
      ? shares.reduce((a, x) => Math.max(a, x), 0)
      : null,
  };
}

/** Limits: all that are broken are told, none that is not, and nobody is pushed over one. */
export function checkLimits(c: Case): string[] {
  const told = new Set(c.plan.overLimit.map((o) => `${o.broker} ${o.resource}`));
  const found: string[] = [];
  if (told.size < c.plan.overLimit.length) found.push('overLimit: names one twice');
  for (const b of c.live) {
    for (const [r, limit] of c.limits.get(b.id)!.entries()) {
      const now = c.after.get(b.id)![r]!;
      const was = Math.max(c.before.get(b.id)![r]!, c.now.get(b.id)![r]!);
      const label = `${b.id} ${names[r]}`;
      const isOver = isAbove(now, limit);
      if (isOver && isAbove(now, was)) found.push(`${label}: pushed to ${now} over ${limit}`);
      if (!c.known[r]) {
        if (told.has(label)) found.push(`${label}: told over a limit, though not known`);
      } else if (isOver && now > limit * (1 + 1e-7) && !told.has(label)) {
        found.push(`${label}: over its limit, and not told`);
      } else if (now < limit * (1 - 1e-7) && told.has(label)) {
        found.push(`${label}: told over its limit, and is not`);
      }
      told.delete(label);
    }
  }
  return [...found, ...[...told].map((label) => `overLimit: ${label} is no load of a live broker`)];
}

export function checkUnknown(c: Case): string[] {
  const is = names.filter((_, r) => !c.known[r]).join();
  const told = c.plan.unknownLoads.join();
  return is === told ? [] : [`unknownLoads: told ${told || 'none'}, is ${is || 'none'}`];
}

/** The bound is the one that the documentation defines, and the budget was kept. */
export function checkBytes(c: Case, even: Even): string[] {
  const { plan, options } = c;
  const moved = c.parts.reduce(
    (sum, part) =>
      sum + num(part.p.sizeBytes) * part.after.filter((id) => !part.was.has(id)).length,
    0,
  );
  const isBand = options.intent === 'rebalance' || options.intent === 'add';
  const bound = isBand
    ? bandBound(c, (b, r) => reached(c, even, r, b))
    : options.intent === 'fit'
      ? limitBound(c)
      : moved;
  const found = differ('lowerBoundBytes', plan.lowerBoundBytes, bound);
  if (!isBand) {
    return plan.budgetBytes === null
      ? found
      : [...found, 'budgetBytes: told, though there is none'];
  }
  const all = new Set([...c.brokers.keys(), ...c.parts.flatMap((part) => [...part.was.keys()])]);
  const rebalance = even.forced[0]! > 1.001 ? 1.25 : Math.min(1.12, 1.07 + 2.5 / all.size);
  const usual = options.intent === 'add' ? 1.01 : rebalance;
  const factor = options.bytesOverBound ?? usual;
  const band = bandBound(c, (b, r) => [0.9, 1.1].map((x) => x * even.target.get(b)![r]!) as Band);
  const budget = factor * band;
  const wasOver = c.live.some((b) =>
    c.limits.get(b.id)!.some((limit, r) => isAbove(c.before.get(b.id)![r]!, limit)),
  );
  const told = plan.budgetBytes ?? Number.NaN;
  // Limits are repaired whatever the budget says; the budget told is then what was moved.
  const isTold = isNear(told, budget) || (wasOver && told >= budget && isNear(told, moved));
  if (!isTold) found.push(`budgetBytes: told ${told}, is ${budget}`);
  if (!(moved <= told * (1 + 1e-9) + 1))
    found.push(`movedBytes: ${moved} is over the budget ${told}`);
  return found;
}

type Band = [low: number, high: number];

/** 0.9 to 1.1 of the mean, or as far from it as the plan leaves some broker. */
function reached(c: Case, even: Even, r: number, broker: number): Band {
  const ratio = (id: number) => {
    const share = even.mean[r]! * even.weight.get(id)![r]!;
    return share > 0 ? c.after.get(id)![r]! / share : 1;
  };
  const [low, high] = c.live.reduce<Band>(
    ([a, b], { id }) => [Math.min(a, ratio(id)), Math.max(b, ratio(id))],
    [0.9, 1.1],
  );
  const share = even.mean[r]! * even.weight.get(broker)![r]!;
  return [low * share, high * share];
}

function bandBound(c: Case, band: (broker: number, r: number) => Band): number {
  const held = heldBy(c);
  const cached = new Map<string, Band>();
  const bandOf = (id: number, r: number) => {
    const key = `${id} ${r}`;
    const known = cached.get(key) ?? band(id, r);
    cached.set(key, known);
    return known;
  };
  let [over, under, inflow, count] = [0, 0, 0, 0];
  for (const { id } of c.live) {
    const load = c.before.get(id)!;
    const [low, high] = bandOf(id, 0);
    over += c.known[0] ? Math.max(0, load[0] - high) : 0;
    under += c.known[0] ? Math.max(0, low - load[0]) : 0;
    const items = (r: number) =>
      (held.get(id) ?? []).map(({ p }) => {
        const mine = replicaLoad(p, false, p.replicas.length);
        return { load: mine[r]!, size: mine[0] };
      });
    const excess = (r: number) => (c.known[r] ? load[r]! - bandOf(id, r)[1] : 0);
    if (excess(1) > 1e-9 * load[1]) inflow += leastBytes(items(1), excess(1));
    if (excess(5) > 1e-9 * load[5]) count += leastBytes(items(5), excess(5));
  }
  return Math.max(over, under, inflow, count);
}

function heldBy(c: Case): Map<number, Part[]> {
  const held = new Map<number, Part[]>(c.live.map((b) => [b.id, []]));
  for (const part of c.parts) for (const id of part.p.replicas) held.get(id)?.push(part);
  return held;
}

/** Per broker the dearest of its broken limits, what leadership can cure not counted. */
function limitBound(c: Case): number {
  const held = heldBy(c);
  let total = 0;
  for (const { id } of c.live) {
    const before = c.before.get(id)!;
    let most = 0;
    for (const [r, limit] of c.limits.get(id)!.entries()) {
      const goal = Math.max(limit, c.after.get(id)![r]!);
      if (!c.known[r] || before[r]! <= goal * (1 + 1e-9)) continue;
      const items = held.get(id)!.map((part) => {
        const alone = part.p.replicas.length === 1 && part.leaderBefore === id;
        const mine = replicaLoad(part.p, alone, part.p.replicas.length);
        return { load: mine[r]!, size: mine[0] };
      });
      const stays = items.reduce((sum, { load }) => sum + load, 0);
      const excess = stays - goal;
      if (excess > 1e-9 * stays) most = Math.max(most, leastBytes(items, excess));
    }
    total += most;
  }
  return total;
}

/**
 * Checks on whether the plan does what its intent asks, no less and no more: nothing needless in
 * fit, no fit or add that leaves what one more change would mend; and Cruise Control's own
 * comparators for what must not get worse. Pure.
 */
import { fits } from './assignment.ts';
import {
  type Case,
  isAbove,
  type Load,
  mayLead,
  mayReceive,
  named,
  names,
  num,
  type Part,
  racksOf,
  replicaLoad,
} from './case.ts';
import type { Even } from './even.ts';

export function checkIntents(c: Case, even: Even): string[] {
  const { intent } = c.options;
  if (intent === 'fit') return [...checkNeedless(c), ...checkLazyFit(c)];
  if (intent === 'add') return [...checkLazyAdd(c, even)];
  if (intent === 'rebalance') return [...checkRegression(c, even), ...checkLazyFit(c)];
  if (intent === 'repairRacks' && c.plan.rackDebt.after > 0) return checkLazyRepair(c);
  return [];
}

const isMutable = (c: Case, part: Part): boolean =>
  !named(c.options.excludedTopics, part.p.topic) && [...part.was.values()].includes('synced');
const isFree = (c: Case, part: Part): boolean =>
  isMutable(c, part) && ![...part.was.values()].includes('lost');

/** Every change of a fit that could be taken back alone was needless. */
function checkNeedless(c: Case): string[] {
  return c.parts.flatMap((part) => {
    if (!part.isChanged || part.was.get(part.p.replicas[0] ?? -1) === 'lost') return [];
    const { replicas } = part.p;
    const concerned = new Set([...replicas, ...part.after]);
    const isNeeded = [...concerned].some((id) => {
      const load = c.after.get(id);
      if (!load) return false;
      const undone = shift(load, part, part.p.replicas, part.leaderBefore, id);
      return c.limits
        .get(id)!
        .some((limit, r) => isAbove(undone[r]!, limit) && isAbove(undone[r]!, load[r]!));
    });
    return isNeeded ? [] : [`${part.key}: fit changes it without need`];
  });
}

/** A broker's load when the partition has these replicas and this leader instead. */
function shift(load: Load, part: Part, ids: number[], leader: number, id: number): number[] {
  const now = part.after.includes(id)
    ? replicaLoad(part.p, part.leaderAfter === id, part.after.length)
    : [0, 0, 0, 0, 0, 0];
  const then = ids.includes(id)
    ? replicaLoad(part.p, leader === id, ids.length)
    : [0, 0, 0, 0, 0, 0];
  return load.map((x, r) => x - now[r]! + then[r]!);
}

/** One move or one change of leader that would still lower a broken limit, and harm nobody. */
function checkLazyFit(c: Case): string[] {
  const found: string[] = [];
  for (const { id } of c.live) {
    for (const [r, limit] of c.limits.get(id)!.entries()) {
      if (!isAbove(c.after.get(id)![r]!, limit * (1 + 1e-6))) continue;
      const part = c.parts.find((x) => x.after.includes(id) && canHelp(c, x, id, r));
      if (part) found.push(`${part.key}: could leave broker ${id}, over its limit of ${names[r]}`);
    }
  }
  return found;
}

function canHelp(c: Case, part: Part, id: number, r: number): boolean {
  if (!isMutable(c, part)) return false;
  const leads = part.leaderAfter === id;
  const mine = replicaLoad(part.p, leads, part.after.length);
  if (mine[r]! <= 0) return false;
  const follower = replicaLoad(part.p, false, part.after.length);
  const led = replicaLoad(part.p, true, part.after.length).map((x, i) => x - follower[i]!);
  if (leads && led[r]! > 0) {
    const able = (x: number) => part.was.get(x) === 'synced' || !part.was.has(x);
    if (part.after.some((x) => x !== id && able(x) && mayLead(c, x) && fits(c, x, led))) {
      return true;
    }
  }
  return isFree(c, part) && c.live.some((b) => couldMove(c, part, id, b.id, mine));
}

function couldMove(c: Case, part: Part, from: number, to: number, load: Load): boolean {
  if (part.after.includes(to) || !mayReceive(c, part.p.topic, to)) return false;
  // A step with a copy is read by one more, and a leader that moves hands over in between.
  const leads = part.leaderAfter === from;
  if (leads && part.after.length > 1) return false;
  const source = c.after.get(part.leaderAfter);
  const inflow = num(part.p.inBytesPerS);
  const limit = c.limits.get(part.leaderAfter)?.[2] ?? 0;
  if (source && !isAbove(source[2], limit) && source[2] + inflow > limit * (1 - 1e-9)) return false;
  if (leads && !mayLead(c, to)) return false;
  const next = part.after.map((id) => (id === from ? to : id));
  const sum = (ids: number[]) =>
    [...racksOf(c, part, ids).counts.values()].reduce((s, n) => s + n * n, 0);
  if (sum(next) > sum(part.after)) return false;
  return fits(c, to, load);
}

/** A new broker far from its share, bytes left, and a replica that would suit it. */
function checkLazyAdd(c: Case, even: Even): string[] {
  const fresh = (c.snapshot.newBrokers ?? []).filter((id) => c.isLive(id) && c.known[0]);
  const left = (c.plan.budgetBytes ?? 0) - c.plan.movedBytes;
  return fresh.flatMap((to) => {
    const share = even.target.get(to)![0];
    const has = c.after.get(to)![0];
    if (has >= 0.7 * share || c.plan.movedBytes > 0.8 * (c.plan.budgetBytes ?? 0)) return [];
    const suits = (part: Part, from: number) => {
      const size = num(part.p.sizeBytes);
      const source = c.after.get(from);
      const mean = even.target.get(from)?.[0] ?? 0;
      if (!source || size <= 0 || size > left || has + size > share) return false;
      if (source[0] - size < mean || part.leaderAfter === from || !isFree(c, part)) return false;
      const load = replicaLoad(part.p, false, part.after.length);
      const isEven = [1, 5].every(
        (r) => c.after.get(to)![r]! + load[r]! <= even.target.get(to)![r]!,
      );
      return isEven && couldMove(c, part, from, to, load);
    };
    const part = c.parts.find((x) => x.after.some((from) => suits(x, from)));
    return part ? [`${part.key}: could go to new broker ${to}, which has ${has} of ${share}`] : [];
  });
}

function checkLazyRepair(c: Case): string[] {
  const told = new Set(c.plan.blocked.map((b) => `${b.topic}/${b.partition}`));
  return c.parts.flatMap((part) => {
    if (!isFree(c, part) || told.has(part.key)) return [];
    const { counts, open } = racksOf(c, part, part.after);
    const most = Math.max(0, ...counts.values());
    const isIndebted = [...open].some((rack) => (counts.get(rack) ?? 0) + 2 <= most);
    return isIndebted ? [`${part.key}: its racks could be more even, and it is not blocked`] : [];
  });
}

/** Cruise Control counts a broker as balanced within 9 % of the mean utilisation. */
const ccBand = 0.09;

/** Cruise Control's order of goals: what comes later may pay for what comes earlier. */
const priority = [0, 1, 2, 3, 5, 4];

/**
 * Its comparators, goal by goal in its order: of a resource, no fewer balanced brokers unless the
 * deviation fell; of replicas and leaders, no larger deviation. A goal may only be worse when an
 * earlier one got better, when all its brokers are within the band, or when limits forced moves.
 */
function checkRegression(c: Case, even: Even): string[] {
  const wasOver = c.live.some((b) =>
    c.limits.get(b.id)!.some((limit, r) => isAbove(c.before.get(b.id)![r]!, limit)),
  );
  if (wasOver) return [];
  for (const r of priority) {
    if (!c.known[r]) continue;
    const [was, now] = [statsOf(c, even, c.before, r), statsOf(c, even, c.after, r)];
    const isBetter = now.balanced > was.balanced || now.deviation < was.deviation * (1 - 1e-6);
    const isWorse = now.deviation > was.deviation * (1 + 1e-6) + 1e-9;
    const isFewer = r > 3 || now.balanced < was.balanced;
    if (isWorse && isFewer && now.balanced < c.live.length) {
      return [`${names[r]}: got worse, deviation ${was.deviation} → ${now.deviation}`];
    }
    if (isBetter) return [];
  }
  return [];
}

function statsOf(c: Case, even: Even, loads: Map<number, Load>, r: number) {
  const mean = c.live.reduce((sum, b) => sum + loads.get(b.id)![r]!, 0) / c.live.length;
  const ratios = c.live.map((b) => {
    const share = mean * even.weight.get(b.id)![r]!;
    return share > 0 ? loads.get(b.id)![r]! / share : 1;
  });
  const balanced = ratios.filter((x) => Math.abs(x - 1) <= ccBand + 1e-9).length;
  const deviation = Math.sqrt(ratios.reduce((sum, x) => sum + (x - 1) ** 2, 0) / c.live.length);
  return { balanced, deviation };
}

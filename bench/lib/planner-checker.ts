/**
 * A third opinion on plans: sources and leaders, racks, limits, and what happens in flight, step by
 * step on lists and maps. Shares code with neither planner nor verifier, and trusts no figure of a
 * plan.
 */
import type { ClusterSnapshot, MovePlan, PlanOptions } from '../../contracts/rebalance.ts';

type Six = number[];

/** Every violation; empty for a plan that is safe. */
export function violationsOf(
  snapshot: ClusterSnapshot,
  options: PlanOptions,
  plan: MovePlan,
): string[] {
  const world = new World(snapshot, options);
  return [...finalViolations(world, plan), ...flightViolations(world, plan)];
}

const value = (x: number | 'unknown'): number => (x === 'unknown' ? 0 : x);

class World {
  readonly snapshot: ClusterSnapshot;
  readonly options: PlanOptions;
  readonly alive = new Set<number>();
  readonly rackOf = new Map<number, string>();
  readonly limit = new Map<number, Six>();
  readonly lists = new Map<string, number[]>();
  readonly leader = new Map<string, number>();
  readonly good = new Map<string, Set<number>>();
  readonly bad = new Map<string, Set<number>>();
  readonly data = new Map<string, ClusterSnapshot['partitions'][number]>();

  constructor(snapshot: ClusterSnapshot, options: PlanOptions) {
    this.snapshot = snapshot;
    this.options = options;
    const { limits: l = {} } = options;
    for (const b of snapshot.brokers) {
      if (!(snapshot.deadBrokers ?? []).includes(b.id)) this.alive.add(b.id);
      this.rackOf.set(b.id, b.rack ?? `alone-${b.id}`);
      const c = b.capacity;
      const most = (x: number | 'unknown', share: number) =>
        x === 'unknown' ? Number.POSITIVE_INFINITY : x * share;
      this.limit.set(b.id, [
        most(c.diskBytes, l.diskShare ?? 0.8),
        most(c.inBytesPerS, l.networkInShare ?? 0.8),
        most(c.outBytesPerS, l.networkOutShare ?? 0.8),
        most(c.cpuPct, l.cpuShare ?? 0.7),
        l.leaders ?? Number.POSITIVE_INFINITY,
        l.replicas ?? 10_000,
      ]);
    }
    for (const p of snapshot.partitions) this.read(p);
  }

  private read(p: ClusterSnapshot['partitions'][number]): void {
    const key = `${p.topic}#${p.partition}`;
    const lost = (this.snapshot.lostReplicas ?? [])
      .filter((r) => r.topic === p.topic && r.partition === p.partition)
      .map((r) => r.broker);
    const bad = p.replicas.filter((id) => !this.alive.has(id) || lost.includes(id));
    const good = p.replicas.filter((id) => !bad.includes(id) && (p.inSync ?? [id]).includes(id));
    this.data.set(key, p);
    this.lists.set(key, p.replicas);
    this.good.set(key, new Set(good));
    this.bad.set(key, new Set(bad));
    const first = p.replicas[0]!;
    const current = p.leader ?? -1;
    const leads = good.includes(first) ? first : good.includes(current) ? current : good[0];
    this.leader.set(key, leads ?? -1);
  }

  /** What one replica of `count` puts on its broker. */
  share(key: string, leads: boolean, count: number): Six {
    const p = this.data.get(key)!;
    const [inflow, out] = [value(p.inBytesPerS), value(p.outBytesPerS)];
    const total = 0.7 * inflow + 0.15 * (out + (p.replicas.length - 1) * inflow);
    const follower = total === 0 ? 0 : (value(p.cpuPct) * 0.15 * inflow) / total;
    return leads
      ? [value(p.sizeBytes), inflow, out + (count - 1) * inflow, value(p.cpuPct), 1, 1]
      : [value(p.sizeBytes), inflow, 0, follower, 0, 1];
  }

  loads(lists: Map<string, number[]>, leaders: Map<string, number>): Map<number, Six> {
    const loads = new Map([...this.alive].map((id): [number, Six] => [id, [0, 0, 0, 0, 0, 0]]));
    for (const [key, ids] of lists) {
      for (const id of ids) {
        const load = loads.get(id);
        const more = this.share(key, leaders.get(key) === id, ids.length);
        if (load) for (const [r, x] of more.entries()) load[r]! += x;
      }
    }
    return loads;
  }

  isStaying(id: number): boolean {
    const isDrained = this.options.intent === 'drain' && this.options.brokers?.includes(id);
    return this.alive.has(id) && !isDrained;
  }
}

const above = (x: number, limit: number): boolean => x > limit * (1 + 1e-8) + 1e-8;

function finalViolations(w: World, plan: MovePlan): string[] {
  const found: string[] = [];
  const lists = new Map(w.lists);
  const leaders = new Map(w.leader);
  for (const { topic, partition, replicas } of plan.reassignments) {
    const key = `${topic}#${partition}`;
    lists.set(key, replicas);
    const able = (id: number) => w.good.get(key)!.has(id) || !w.lists.get(key)!.includes(id);
    const leader = replicas.find(able) ?? -1;
    if (leader !== replicas[0] && replicas[0] !== w.lists.get(key)![0]) {
      found.push(`${key}: leadership goes to ${replicas[0]}, which cannot lead`);
    }
    leaders.set(key, leader);
    found.push(...partitionViolations(w, key, replicas));
  }
  for (const [key, ids] of lists) {
    const isFixed = !plan.reassignments.some((r) => `${r.topic}#${r.partition}` === key);
    const topic = w.data.get(key)!.topic;
    const isExcluded = (w.options.excludedTopics ?? []).some(
      (name) => name === topic || (name.startsWith('*') && topic.endsWith(name.slice(1))),
    );
    const isLost = w.bad.get(key)!.has(ids[0]!) && w.good.get(key)!.size > 0;
    if (isFixed && isLost && !isExcluded) found.push(`${key}: a lost broker stays its leader`);
  }
  const before = w.loads(w.lists, w.leader);
  const now = w.loads(w.lists, currentLeaders(w));
  for (const [id, load] of w.loads(lists, leaders)) {
    for (const [r, limit] of w.limit.get(id)!.entries()) {
      const was = Math.max(before.get(id)![r]!, now.get(id)![r]!);
      if (above(load[r]!, limit) && above(load[r]!, was)) {
        found.push(`broker ${id}: load ${r} is pushed over its limit`);
      }
    }
  }
  return found;
}

function currentLeaders(w: World): Map<string, number> {
  const leaders = new Map<string, number>();
  for (const [key, p] of w.data) {
    const good = w.good.get(key)!;
    const first = p.replicas.find((id) => good.has(id)) ?? -1;
    leaders.set(
      key,
      p.leader === null ? -1 : p.leader !== undefined && good.has(p.leader) ? p.leader : first,
    );
  }
  return leaders;
}

function partitionViolations(w: World, key: string, ids: number[]): string[] {
  const found: string[] = [];
  const old = w.lists.get(key)!;
  const added = ids.filter((id) => !old.includes(id));
  if (new Set(ids).size < ids.length) found.push(`${key}: a broker twice`);
  for (const id of added) {
    if (!w.isStaying(id)) found.push(`${key}: goes to ${id}, which does not stay`);
    if (w.options.excludedBrokers?.includes(id)) found.push(`${key}: goes to excluded ${id}`);
  }
  if (added.length > 0 && w.good.get(key)!.size === 0) found.push(`${key}: has no source`);
  if (added.length > 0) found.push(...rackViolations(w, key, ids, added));
  return found;
}

function counts(w: World, ids: number[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const id of ids) {
    const rack = w.rackOf.get(id);
    if (rack !== undefined) found.set(rack, (found.get(rack) ?? 0) + 1);
  }
  return found;
}

/** Floor and ceiling for what must move; never less even for what need not. */
function rackViolations(w: World, key: string, ids: number[], added: number[]): string[] {
  const bad = w.bad.get(key)!;
  const stay = (list: number[]) => list.filter((id) => w.isStaying(id) && !bad.has(id));
  const after = counts(w, stay(ids));
  const isForced = ['heal', 'drain', 'replicationFactor'].includes(w.options.intent);
  if (!isForced) {
    const squares = (m: Map<string, number>) => [...m.values()].reduce((s, n) => s + n * n, 0);
    const before = counts(w, stay(w.lists.get(key)!));
    return squares(after) > squares(before) ? [`${key}: racks got less even`] : [];
  }
  if (w.options.rackDebt === 'temporary' && w.options.intent === 'heal') return [];
  const free = [...w.alive].filter((id) => w.isStaying(id) && !ids.includes(id) && !bad.has(id));
  return added.flatMap((id) => {
    const mine = after.get(w.rackOf.get(id)!) ?? 0;
    const better = free.find((other) => (after.get(w.rackOf.get(other)!) ?? 0) + 1 < mine);
    return better === undefined ? [] : [`${key}: ${id} is in a fuller rack than ${better}`];
  });
}

function flightViolations(w: World, plan: MovePlan): string[] {
  const found: string[] = [];
  const lists = new Map(w.lists);
  const leaders = new Map(w.leader);
  const good = new Map([...w.good].map(([key, ids]) => [key, new Set(ids)]));
  const first = w.loads(lists, leaders);
  const last = finalLoads(w, plan);
  for (const [i, { steps }] of plan.batches.entries()) {
    const load = w.loads(lists, leaders);
    const begun = w.loads(lists, leaders);
    const into = new Map<number, number>();
    const outOf = new Map<number, number>();
    const keys = new Set<string>();
    for (const step of steps) {
      const change = plan.reassignments[step.change];
      if (!change) return [...found, `batch ${i}: no change ${step.change}`];
      const key = `${change.topic}#${change.partition}`;
      if (keys.has(key)) found.push(`batch ${i}: ${key} twice`);
      keys.add(key);
      found.push(
        ...startStep(w, {
          i,
          key,
          next: step.replicas,
          load,
          begun,
          lists,
          leaders,
          good,
          into,
          outOf,
        }),
      );
    }
    for (const [id, now] of load) {
      for (const [r, limit] of w.limit.get(id)!.entries()) {
        const isHeld = !above(first.get(id)![r]!, limit) && !above(last.get(id)![r]!, limit);
        if (isHeld && above(now[r]!, limit)) found.push(`batch ${i}: broker ${id} load ${r} over`);
      }
    }
    const cap = w.options.copiesPerBroker ?? 5;
    for (const [id, n] of [...into, ...outOf]) if (n > cap) found.push(`batch ${i}: ${n} at ${id}`);
    for (const step of steps) {
      const { topic, partition } = plan.reassignments[step.change]!;
      const key = `${topic}#${partition}`;
      for (const id of step.replicas) if (!lists.get(key)!.includes(id)) good.get(key)!.add(id);
      lists.set(key, step.replicas);
      leaders.set(key, step.replicas[0]!);
    }
  }
  for (const { topic, partition, replicas } of plan.reassignments) {
    const key = `${topic}#${partition}`;
    if (lists.get(key)!.join() !== replicas.join()) found.push(`${key}: the steps end elsewhere`);
  }
  return found;
}

function finalLoads(w: World, plan: MovePlan): Map<number, Six> {
  const lists = new Map(w.lists);
  const leaders = new Map(w.leader);
  for (const { topic, partition, replicas } of plan.reassignments) {
    lists.set(`${topic}#${partition}`, replicas);
    leaders.set(`${topic}#${partition}`, replicas[0]!);
  }
  return w.loads(lists, leaders);
}

interface Start {
  i: number;
  key: string;
  next: number[];
  load: Map<number, Six>;
  /** Loads when the batch began. */
  begun: Map<number, Six>;
  lists: Map<string, number[]>;
  leaders: Map<string, number>;
  good: Map<string, Set<number>>;
  into: Map<number, number>;
  outOf: Map<number, number>;
}

/** Adds what the step brings upon brokers from its first moment, and checks its leader. */
function startStep(w: World, s: Start): string[] {
  const { i, key, next, load } = s;
  const found: string[] = [];
  const now = s.lists.get(key)!;
  const leader = s.leaders.get(key)!;
  const good = s.good.get(key)!;
  const added = next.filter((id) => !now.includes(id));
  if (added.length > 1) found.push(`batch ${i}: ${key} copies ${added.length} at once`);
  if (added.length > 0 && !good.has(leader)) found.push(`batch ${i}: ${key} has no leader in sync`);
  if (next.some((id) => now.includes(id) && good.has(id)) && !good.has(next[0]!)) {
    found.push(`batch ${i}: ${key} prefers ${next[0]} before it is in sync`);
  }
  const put = (id: number, more: Six) => {
    const mine = load.get(id);
    if (mine) for (const [r, x] of more.entries()) mine[r]! += Math.max(0, x);
  };
  const size = Math.max(now.length, next.length);
  for (const id of added) {
    put(id, w.share(key, false, size));
    s.into.set(id, (s.into.get(id) ?? 0) + 1);
    s.outOf.set(leader, (s.outOf.get(leader) ?? 0) + 1);
    const live = [...now, ...added].filter((x) => !w.bad.get(key)!.has(x)).length;
    const limit = w.limit.get(leader)?.[2] ?? 0;
    const isOver = above(s.begun.get(leader)?.[2] ?? 0, limit);
    const extra = Math.max(0, live - size) * w.share(key, false, size)[1]!;
    if (!isOver) put(leader, [0, 0, extra, 0, 0, 0]);
  }
  if (next[0] !== leader) {
    const led = w.share(key, true, size);
    const followed = w.share(key, false, size);
    put(next[0]!, [0, 0, led[2]!, led[3]! - followed[3]!, 1, 0]);
  }
  return found;
}

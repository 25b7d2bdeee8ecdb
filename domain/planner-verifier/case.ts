/**
 * A plan and its cluster, looked up in maps: what every check reads. Written for being plain, not
 * for speed; shares no code with the planner. Pure.
 */
import type {
  BrokerSnapshot,
  ClusterSnapshot,
  Known,
  MovePlan,
  PartitionSnapshot,
  PlanOptions,
} from '../../contracts/rebalance.ts';

export type Load = [
  disk: number,
  networkIn: number,
  networkOut: number,
  cpu: number,
  leaders: number,
  replicas: number,
];
export const names = ['disk', 'networkIn', 'networkOut', 'cpu', 'leaders', 'replicas'] as const;

export interface Part {
  p: PartitionSnapshot;
  key: string;
  /** What each replica was: in sync, behind, or lost. */
  was: Map<number, 'synced' | 'behind' | 'lost'>;
  /** Leader now, and when every preferred leader that can lead does; -1: nobody. */
  leaderNow: number;
  leaderBefore: number;
  after: number[];
  leaderAfter: number;
  isChanged: boolean;
}

export interface Case {
  snapshot: ClusterSnapshot;
  options: PlanOptions;
  plan: MovePlan;
  brokers: Map<number, BrokerSnapshot>;
  live: BrokerSnapshot[];
  isLive: (id: number) => boolean;
  leaving: Set<number>;
  parts: Part[];
  before: Map<number, Load>;
  now: Map<number, Load>;
  after: Map<number, Load>;
  known: boolean[];
  limits: Map<number, Load>;
}

export const keyOf = (p: { topic: string; partition: number }): string =>
  `${p.topic}/${p.partition}`;
export const num = (value: Known): number => (value === 'unknown' ? 0 : value);

/** Does a name, or a pattern with `*`, match the topic? */
export function named(list: string[] | undefined, topic: string): boolean {
  return (list ?? []).some((entry) => {
    const parts = entry.split('*');
    if (parts.length === 1) return entry === topic;
    let at = 0;
    for (const [i, part] of parts.entries()) {
      if (i === parts.length - 1) return topic.length - part.length >= at && topic.endsWith(part);
      const found = i === 0 ? (topic.startsWith(part) ? 0 : -1) : topic.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return false;
  });
}

export function buildCase(snapshot: ClusterSnapshot, options: PlanOptions, plan: MovePlan): Case {
  const dead = new Set(snapshot.deadBrokers ?? []);
  const brokers = new Map(snapshot.brokers.map((b) => [b.id, b]));
  const isLive = (id: number) => brokers.has(id) && !dead.has(id);
  const live = snapshot.brokers.filter((b) => isLive(b.id));
  const lost = new Set((snapshot.lostReplicas ?? []).map((r) => `${keyOf(r)}@${r.broker}`));
  const changed = new Map(plan.reassignments.map((r) => [keyOf(r), r.replicas]));
  const parts = snapshot.partitions.map((p) => partOf(p, { isLive, lost, changed }));
  const c: Case = {
    ...{ snapshot, options, plan, brokers, live, isLive, parts },
    leaving: new Set(options.intent === 'drain' ? options.brokers : []),
    known: knownOf(snapshot, live),
    limits: new Map(live.map((b) => [b.id, limitsOf(options, b)])),
    before: new Map(),
    now: new Map(),
    after: new Map(),
  };
  const replicas = (part: Part) => part.p.replicas;
  c.before = loadsOf(c, replicas, (part) => part.leaderBefore);
  c.now = loadsOf(c, replicas, (part) => part.leaderNow);
  c.after = loadsOf(
    c,
    (part) => part.after,
    (part) => part.leaderAfter,
  );
  return c;
}

interface Facts {
  isLive: (id: number) => boolean;
  lost: Set<string>;
  changed: Map<string, number[]>;
}

function partOf(p: PartitionSnapshot, { isLive, lost, changed }: Facts): Part {
  const key = keyOf(p);
  const was = new Map<number, 'synced' | 'behind' | 'lost'>();
  for (const id of p.replicas) {
    const isLost = !isLive(id) || lost.has(`${key}@${id}`);
    was.set(id, isLost ? 'lost' : p.inSync && !p.inSync.includes(id) ? 'behind' : 'synced');
  }
  const synced = p.replicas.filter((id) => was.get(id) === 'synced');
  const first = synced[0] ?? -1;
  const current = p.leader != null && synced.includes(p.leader) ? p.leader : -1;
  const leaderNow = current >= 0 ? current : p.leader === null ? -1 : first;
  const head = p.replicas[0] ?? -1;
  const leaderBefore = synced.includes(head) ? head : current >= 0 ? current : first;
  const after = changed.get(key) ?? p.replicas;
  const isChanged = changed.has(key);
  const able = (id: number | undefined) =>
    id !== undefined && (was.get(id) === 'synced' || (!was.has(id) && isLive(id)));
  const elected = able(after[0]) ? after[0] : after.find((id) => able(id));
  const leaderAfter = !isChanged ? leaderBefore : first < 0 ? -1 : (elected ?? -1);
  return { p, key, was, leaderNow, leaderBefore, after, leaderAfter, isChanged };
}

/** What one replica of a partition with `count` replicas puts on its broker. */
export function replicaLoad(p: PartitionSnapshot, leads: boolean, count: number): Load {
  const inflow = num(p.inBytesPerS);
  const out = num(p.outBytesPerS) + (count - 1) * inflow;
  const measured = num(p.outBytesPerS) + (p.replicas.length - 1) * inflow;
  const weight = 0.7 * inflow + 0.15 * measured;
  const follower = weight > 0 ? (num(p.cpuPct) * 0.15 * inflow) / weight : 0;
  const size = num(p.sizeBytes);
  return leads ? [size, inflow, out, num(p.cpuPct), 1, 1] : [size, inflow, 0, follower, 0, 1];
}

function loadsOf(
  c: Case,
  replicas: (part: Part) => number[],
  leader: (part: Part) => number,
): Map<number, Load> {
  const loads = new Map<number, Load>(c.live.map((b) => [b.id, [0, 0, 0, 0, 0, 0]]));
  for (const part of c.parts) {
    const ids = replicas(part);
    for (const id of ids) {
      const load = loads.get(id);
      if (!load) continue;
      const more = replicaLoad(part.p, id === leader(part), ids.length);
      for (let r = 0; r < 6; r++) load[r]! += more[r]!;
    }
  }
  return loads;
}

function limitsOf({ limits: l = {} }: PlanOptions, { capacity: c }: BrokerSnapshot): Load {
  const of = (value: Known, share: number) =>
    value === 'unknown' ? Number.POSITIVE_INFINITY : value * share;
  return [
    of(c.diskBytes, l.diskShare ?? 0.8),
    of(c.inBytesPerS, l.networkInShare ?? 0.8),
    of(c.outBytesPerS, l.networkOutShare ?? 0.8),
    of(c.cpuPct, l.cpuShare ?? 0.7),
    l.leaders ?? Number.POSITIVE_INFINITY,
    l.replicas ?? 10_000,
  ];
}

function knownOf({ partitions }: ClusterSnapshot, live: BrokerSnapshot[]): boolean[] {
  const all = (of: (p: PartitionSnapshot) => Known) => partitions.every((p) => of(p) !== 'unknown');
  const has = (of: (b: BrokerSnapshot) => Known) => live.every((b) => of(b) !== 'unknown');
  const inflow = all((p) => p.inBytesPerS);
  const out = inflow && all((p) => p.outBytesPerS);
  return [
    all((p) => p.sizeBytes) && has((b) => b.capacity.diskBytes),
    inflow && has((b) => b.capacity.inBytesPerS),
    out && has((b) => b.capacity.outBytesPerS),
    out && all((p) => p.cpuPct) && has((b) => b.capacity.cpuPct),
    true,
    true,
  ];
}

/** Is more than a limit, beyond rounding? */
export const isAbove = (value: number, limit: number): boolean =>
  value > limit + Math.abs(limit) * 1e-9 + 1e-9;

/** Broker set of a topic: its place in the options, -1 for none. */
const setOf = (c: Case, topic: string): number =>
  (c.options.brokerSets ?? []).findIndex((set) => named(set.topics, topic));

export function isInSet(c: Case, topic: string, id: number): boolean {
  const sets = c.options.brokerSets ?? [];
  const set = sets[setOf(c, topic)];
  return set ? set.brokers.includes(id) : !sets.some((s) => s.brokers.includes(id));
}

/** Must the replica that was on this broker leave it, or is it lost? */
export function mustGo(c: Case, part: Part, id: number): boolean {
  if (part.was.get(id) === 'lost' || c.leaving.has(id)) return true;
  return c.options.intent === 'brokerSets' && !isInSet(c, part.p.topic, id);
}

export function mayReceive(c: Case, topic: string, id: number): boolean {
  const { options } = c;
  return (
    c.isLive(id) &&
    !c.leaving.has(id) &&
    !options.excludedBrokers?.includes(id) &&
    (!options.allowedDestinations || options.allowedDestinations.includes(id)) &&
    isInSet(c, topic, id)
  );
}

export const mayLead = (c: Case, id: number): boolean =>
  c.isLive(id) && !c.leaving.has(id) && !c.options.excludedBrokers?.includes(id);

export const rackOf = (c: Case, id: number): string => {
  const rack = c.brokers.get(id)?.rack;
  return rack == null ? `broker ${id}` : `rack ${rack}`;
};

/** Replicas by rack, those that must go not counted; racks with a live broker free for one, too. */
export function racksOf(c: Case, part: Part, ids: number[]) {
  const counts = new Map<string, number>();
  for (const id of ids) {
    if (mustGo(c, part, id)) continue;
    counts.set(rackOf(c, id), (counts.get(rackOf(c, id)) ?? 0) + 1);
  }
  const open = new Set<string>();
  for (const b of c.live) {
    const isPlace = !c.leaving.has(b.id) && isInSet(c, part.p.topic, b.id);
    const isTaken = ids.includes(b.id) || part.was.get(b.id) === 'lost';
    if (isPlace && !isTaken) open.add(rackOf(c, b.id));
  }
  return { counts, open };
}

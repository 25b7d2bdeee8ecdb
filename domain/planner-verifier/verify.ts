/**
 * The verifier: checks a plan against its snapshot from first principles. It shares no code with
 * the planner (types of the data apart): racks, replication factor, duplicates, limits, loads,
 * bytes and bounds are computed anew, the slow and plain way. Pure.
 */
import type {
  Blocked,
  BrokerSnapshot,
  ClusterSnapshot,
  MovePlan,
  PartitionSnapshot,
  PlanOptions,
} from '../planner/snapshot.ts';

type Load = [
  disk: number,
  inflow: number,
  out: number,
  cpu: number,
  leaders: number,
  count: number,
];
const names = ['disk', 'networkIn', 'networkOut', 'cpu', 'leaders', 'replicas'] as const;

interface Case {
  snapshot: ClusterSnapshot;
  options: PlanOptions;
  plan: MovePlan;
  brokers: Map<number, BrokerSnapshot>;
  live: BrokerSnapshot[];
  dead: Set<number>;
  before: Map<string, number[]>;
  after: Map<string, number[]>;
}

const keyOf = (p: { topic: string; partition: number }): string => `${p.topic}/${p.partition}`;

/** Every way in which the plan is wrong; empty for a right one. */
export function verifyPlan(
  snapshot: ClusterSnapshot,
  options: PlanOptions,
  plan: MovePlan,
): string[] {
  const before = new Map(snapshot.partitions.map((p) => [keyOf(p), p.replicas]));
  const after = new Map(before);
  const unknown: string[] = [];
  for (const change of plan.reassignments) {
    if (!before.has(keyOf(change))) unknown.push(`${keyOf(change)} is no partition of the cluster`);
    after.set(keyOf(change), change.replicas);
  }
  if (unknown.length > 0) return unknown;
  const dead = new Set(snapshot.deadBrokers ?? []);
  const brokers = new Map(snapshot.brokers.map((b) => [b.id, b]));
  const live = snapshot.brokers.filter((b) => !dead.has(b.id));
  const c: Case = { snapshot, options, plan, brokers, live, dead, before, after };
  const assignments = snapshot.partitions.flatMap((p) => checkPartition(c, p));
  if (assignments.length > 0) return assignments;
  return [
    ...checkLimits(c),
    ...checkCounts(c),
    ...checkSummaries(c),
    ...checkBlocked(c),
    ...checkBatches(c),
    ...cruiseControlChecks(c),
  ];
}

const get = (map: Map<string, number[]>, p: PartitionSnapshot): number[] => map.get(keyOf(p)) ?? [];

function checkPartition(c: Case, p: PartitionSnapshot): string[] {
  const was = p.replicas;
  const now = get(c.after, p);
  const at = keyOf(p);
  const found: string[] = [];
  if (now.length !== was.length)
    found.push(`${at}: replication factor ${was.length} → ${now.length}`);
  if (new Set(now).size !== now.length) found.push(`${at}: a broker holds it twice: ${now}`);
  const added = now.filter((id) => !was.includes(id));
  for (const id of added) found.push(...checkDestination(c, at, id));
  if (c.options.excludedTopics?.includes(p.topic) && now.join() !== was.join()) {
    found.push(`${at}: its topic is excluded`);
  }
  if (added.length > 0) found.push(...checkRacks(c, at, was, now));
  if (now[0] !== was[0]) found.push(...checkLeader(c, at, now));
  return [...found, ...checkForced(c, p, now)];
}

function checkDestination(c: Case, at: string, id: number): string[] {
  const { options } = c;
  if (!c.brokers.has(id)) return [`${at}: broker ${id} does not exist`];
  if (c.dead.has(id)) return [`${at}: broker ${id} is dead`];
  if (options.excludedBrokers?.includes(id)) return [`${at}: broker ${id} is excluded`];
  if (options.allowedDestinations && !options.allowedDestinations.includes(id)) {
    return [`${at}: broker ${id} is no allowed destination`];
  }
  const leaves = options.intent === 'drain' && options.brokers?.includes(id);
  return leaves ? [`${at}: broker ${id} is to be drained`] : [];
}

function checkLeader(c: Case, at: string, now: number[]): string[] {
  const id = now[0] ?? -1;
  const { options } = c;
  if (options.excludedBrokers?.includes(id)) return [`${at}: leader ${id} is excluded`];
  const avoided = options.intent === 'drain' || options.intent === 'demote';
  if (avoided && options.brokers?.includes(id)) return [`${at}: leader ${id} is to be relieved`];
  return [];
}

const rackCounts = (c: Case, ids: number[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const rack = c.brokers.get(id)?.rack;
    if (rack !== undefined && !c.dead.has(id)) counts.set(rack, (counts.get(rack) ?? 0) + 1);
  }
  return counts;
};

/** No rack that received a replica holds more than an even share. */
function checkRacks(c: Case, at: string, was: number[], now: number[]): string[] {
  const leaving = new Set(c.options.intent === 'drain' ? c.options.brokers : []);
  const racks = new Set(c.live.filter((b) => !leaving.has(b.id)).map((b) => b.rack));
  const most = Math.ceil(now.length / Math.max(1, racks.size));
  const counts = rackCounts(c, now);
  return now
    .filter((id) => !was.includes(id))
    .filter((id) => (counts.get(c.brokers.get(id)?.rack ?? '') ?? 0) > most)
    .map((id) => `${at}: rack ${c.brokers.get(id)?.rack} holds more than ${most} of ${now}`);
}

/** heal and drain move nothing that stands on a healthy broker, and demote moves nothing. */
function checkForced(c: Case, p: PartitionSnapshot, now: number[]): string[] {
  const { intent, brokers = [] } = c.options;
  const gone = p.replicas.filter((id) => !now.includes(id));
  const lost = (c.snapshot.lostReplicas ?? [])
    .filter((r) => keyOf(r) === keyOf(p))
    .map((r) => r.broker);
  if (intent === 'demote' && gone.length > 0) return [`${keyOf(p)}: demote moves a replica`];
  if (intent !== 'heal' && intent !== 'drain') return [];
  const mayLeave = (id: number) =>
    c.dead.has(id) || lost.includes(id) || (intent === 'drain' && brokers.includes(id));
  return gone
    .filter((id) => !mayLeave(id))
    .map((id) => `${keyOf(p)}: ${intent} takes a replica from healthy broker ${id}`);
}

function loadsOf(c: Case, assignment: Map<string, number[]>): Map<number, Load> {
  const loads = new Map<number, Load>(c.snapshot.brokers.map((b) => [b.id, [0, 0, 0, 0, 0, 0]]));
  for (const p of c.snapshot.partitions) {
    const ids = get(assignment, p);
    const out = p.bytesOutKBps + (ids.length - 1) * p.bytesInKBps;
    const weight = 0.7 * p.bytesInKBps + 0.15 * out;
    const follower = weight > 0 ? (p.cpuPct * 0.15 * p.bytesInKBps) / weight : 0;
    for (const [slot, id] of ids.entries()) {
      const load = loads.get(id);
      if (!load) continue;
      load[0] += p.sizeMB;
      load[1] += p.bytesInKBps;
      load[3] += slot === 0 ? p.cpuPct : follower;
      load[5] += 1;
      if (slot > 0) continue;
      load[2] += out;
      load[4] += 1;
    }
  }
  return loads;
}

function limitsOf(c: Case, b: BrokerSnapshot): Load {
  const l = c.options.limits ?? {};
  return [
    b.capacity.diskMB * (l.diskShare ?? 0.8),
    b.capacity.networkInKBps * (l.networkInShare ?? 0.8),
    b.capacity.networkOutKBps * (l.networkOutShare ?? 0.8),
    b.capacity.cpuPct * (l.cpuShare ?? 0.7),
    l.leaders ?? Number.POSITIVE_INFINITY,
    l.replicas ?? 10_000,
  ];
}

const slack = (limit: number): number => limit * 1e-9 + 1e-6;

/** No broker is pushed over a limit; one that was over is not pushed further. */
function checkLimits(c: Case): string[] {
  const before = loadsOf(c, c.before);
  const after = loadsOf(c, c.after);
  const told = new Set(c.plan.overLimit.map((o) => `${o.broker} ${o.resource}`));
  return c.live.flatMap((b) =>
    limitsOf(c, b).flatMap((limit, i) => {
      const now = after.get(b.id)?.[i] ?? 0;
      const was = before.get(b.id)?.[i] ?? 0;
      const over = now > limit + slack(limit);
      const label = `${b.id} ${names[i]}`;
      const missing = over && !told.has(label) ? [`${label}: over its limit, and not told`] : [];
      const pushed =
        over && now > was + slack(was) ? [`${label}: pushed to ${now} over ${limit}`] : [];
      return [...missing, ...pushed];
    }),
  );
}

function checkCounts(c: Case): string[] {
  let moves = 0;
  let movedMB = 0;
  let leaders = 0;
  let only = 0;
  for (const p of c.snapshot.partitions) {
    const now = get(c.after, p);
    const added = now.filter((id) => !p.replicas.includes(id)).length;
    moves += added;
    movedMB += added * p.sizeMB;
    leaders += now[0] === p.replicas[0] ? 0 : 1;
    only += now[0] !== p.replicas[0] && added === 0 ? 1 : 0;
  }
  const { plan } = c;
  const differ = (what: string, told: number, is: number) =>
    Math.abs(told - is) > 1e-6 * Math.max(1, is) ? [`${what}: told ${told}, is ${is}`] : [];
  const bounded = plan.intent !== 'demote' && plan.blocked.length === 0 && forcedOnly(c);
  return [
    ...differ('moves', plan.moves, moves),
    ...differ('MB', plan.movedMB, movedMB),
    ...differ('leader changes', plan.leaderChanges, leaders),
    ...differ('leadership-only changes', plan.leadershipOnly, only),
    ...(bounded ? differ('bytes of heal and drain', movedMB, forcedMB(c)) : []),
  ];
}

const forcedOnly = ({ plan }: Case): boolean => plan.intent === 'heal' || plan.intent === 'drain';

/** Replicas on failed log directories; only heal moves them. */
const lostIn = ({ options, snapshot }: Case): Set<string> =>
  new Set(
    options.intent === 'heal'
      ? (snapshot.lostReplicas ?? []).map((r) => `${keyOf(r)}@${r.broker}`)
      : [],
  );

/** Bytes that must move: those on dead, drained and failed places. */
function forcedMB(c: Case): number {
  const leaving = new Set(c.options.intent === 'drain' ? c.options.brokers : []);
  const lost = lostIn(c);
  let sum = 0;
  for (const p of c.snapshot.partitions) {
    for (const id of p.replicas) {
      if (c.dead.has(id) || leaving.has(id) || lost.has(`${keyOf(p)}@${id}`)) sum += p.sizeMB;
    }
  }
  return sum;
}

function checkSummaries(c: Case): string[] {
  const after = loadsOf(c, c.after);
  return names.flatMap((name, i) => {
    const loads = c.live.map((b) => after.get(b.id)?.[i] ?? 0);
    const mean = loads.reduce((sum, x) => sum + x, 0) / Math.max(1, loads.length);
    const is = mean > 1e-9 ? Math.max(...loads) / mean : 1;
    const told = c.plan.after[name].maxOverMean;
    return Math.abs(told - is) > 1e-6 && mean > 1e-9 ? [`${name}: told ${told}, is ${is}`] : [];
  });
}

/** What is blocked stays where it was, and what should have gone is either gone or blocked. */
function checkBlocked(c: Case): string[] {
  const label = (b: Pick<Blocked, 'topic' | 'partition' | 'broker'>) => `${keyOf(b)}@${b.broker}`;
  const blocked = new Set(c.plan.blocked.map(label));
  const unnamed = c.plan.blocked.filter((b) => !b.rule || !b.message).map(label);
  const leaving = new Set(c.options.intent === 'drain' ? c.options.brokers : []);
  const found: string[] = unnamed.map((b) => `${b}: blocked without a rule`);
  if (!forcedOnly(c)) return found;
  const lost = lostIn(c);
  for (const p of c.snapshot.partitions) {
    for (const id of get(c.after, p)) {
      const should = c.dead.has(id) || leaving.has(id) || lost.has(`${keyOf(p)}@${id}`);
      if (should && !blocked.has(`${keyOf(p)}@${id}`)) {
        found.push(`${keyOf(p)}: still on ${id}, and not blocked`);
      }
    }
  }
  return found;
}

function checkBatches(c: Case): string[] {
  const all = c.plan.batches.flat();
  const once = new Set(all).size === all.length && all.length === c.plan.reassignments.length;
  return once ? [] : ['batches: not every change is in exactly one'];
}

/** Cruise Control's own four: goal violation, broken brokers, new brokers, regression. */
function cruiseControlChecks(c: Case): string[] {
  const { intent } = c.plan;
  if (intent === 'add') {
    const fresh = new Set(c.snapshot.newBrokers ?? []);
    return c.snapshot.partitions.flatMap((p) =>
      get(c.after, p)
        .filter((id) => !p.replicas.includes(id) && !fresh.has(id))
        .map((id) => `${keyOf(p)}: old broker ${id} receives a replica`),
    );
  }
  if (intent !== 'rebalance') return [];
  return (['disk', 'networkOut'] as const).flatMap((name) => {
    const was = c.plan.before[name].maxOverMean;
    const now = c.plan.after[name].maxOverMean;
    return now > was + 1e-6 && now > 1.2 ? [`${name}: got worse, ${was} → ${now}`] : [];
  });
}

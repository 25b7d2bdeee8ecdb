/**
 * Checks on where replicas and leaders end: existence, duplicates, destinations, sources, racks,
 * leaders, and what the intent forbids. Pure.
 */
import {
  type Case,
  keyOf,
  mayReceive,
  mustGo,
  named,
  names,
  type Part,
  rackOf,
  racksOf,
  replicaLoad,
} from './case.ts';

/** The plan names every partition once, and none that is not there or does not change. */
export function checkEntries(c: Case): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const parts = new Map(c.parts.map((part) => [part.key, part]));
  for (const change of c.plan.reassignments) {
    const key = keyOf(change);
    const part = parts.get(key);
    if (seen.has(key)) found.push(`${key}: is in the plan twice`);
    seen.add(key);
    if (!part) found.push(`${key}: is no partition of the cluster`);
    else if (!change.logDirs && change.replicas.join() === part.p.replicas.join()) {
      found.push(`${key}: changes nothing`);
    }
    for (const id of change.replicas) {
      if (!c.brokers.has(id) && !part?.was.has(id)) {
        found.push(`${key}: broker ${id} does not exist`);
      }
    }
  }
  return found;
}

export function checkPart(c: Case, part: Part): string[] {
  if (!part.isChanged) return checkLeftLeader(c, part);
  const { p, key, after } = part;
  const found: string[] = [];
  const wanted = factorOf(c, part);
  if (after.length !== wanted && !isFactorOnItsWay(c, part, wanted)) {
    found.push(`${key}: replication factor ${p.replicas.length} → ${after.length}`);
  }
  if (new Set(after).size !== after.length) found.push(`${key}: a broker holds it twice: ${after}`);
  if (named(c.options.excludedTopics, p.topic)) found.push(`${key}: its topic is excluded`);
  const added = after.filter((id) => !part.was.has(id));
  if (added.length > 0 && ![...part.was.values()].includes('synced')) {
    found.push(`${key}: is copied without a source in sync`);
  }
  for (const id of added) found.push(...checkDestination(c, part, id));
  return [
    ...found,
    ...checkRacks(c, part, added),
    ...checkLeader(c, part),
    ...checkIntent(c, part, added),
  ];
}

function factorOf(c: Case, { p }: Part): number {
  const { intent, replicationFactor, topics } = c.options;
  const applies = intent === 'replicationFactor' && named(topics ?? ['*'], p.topic);
  return applies ? (replicationFactor ?? 0) : p.replicas.length;
}

/** Between the old factor and the new, with what is missing told as blocked. */
function isFactorOnItsWay(c: Case, part: Part, wanted: number): boolean {
  if (c.options.intent !== 'replicationFactor') return false;
  const had = part.p.replicas.length;
  const isBetween = (part.after.length - had) * (wanted - part.after.length) >= 0;
  return isBetween && c.plan.blocked.some((b) => keyOf(b) === part.key);
}

function checkDestination(c: Case, { key, p }: Part, id: number): string[] {
  if (!c.brokers.has(id)) return [`${key}: broker ${id} does not exist`];
  if (!c.isLive(id)) return [`${key}: broker ${id} is dead`];
  return mayReceive(c, p.topic, id) ? [] : [`${key}: broker ${id} may not receive it`];
}

/** As even as possible for what is forced, and never less even for what is not. */
function checkRacks(c: Case, part: Part, added: number[]): string[] {
  if (added.length === 0) return [];
  const { counts, open } = racksOf(c, part, part.after);
  const isForced = ['heal', 'drain', 'brokerSets', 'replicationFactor'].includes(c.options.intent);
  if (!isForced) {
    const before = racksOf(c, part, part.p.replicas).counts;
    const sum = (m: Map<string, number>) => [...m.values()].reduce((s, n) => s + n * n, 0);
    return sum(counts) > sum(before) ? [`${part.key}: racks are less even: ${part.after}`] : [];
  }
  const isDebtAllowed = c.options.intent === 'heal' && c.options.rackDebt === 'temporary';
  return added.flatMap((id) => {
    const mine = counts.get(rackOf(c, id)) ?? 0;
    const emptier = [...open].filter((rack) => (counts.get(rack) ?? 0) + 1 < mine);
    const isAvoidable = !isDebtAllowed || emptier.some((rack) => hasRoomIn(c, part, rack));
    return emptier.length > 0 && isAvoidable
      ? [`${part.key}: ${rackOf(c, id)} holds ${mine}, ${emptier[0]} could take one`]
      : [];
  });
}

const hasRoomIn = (c: Case, part: Part, rack: string): boolean =>
  c.live.some((b) => {
    const isOpen = rackOf(c, b.id) === rack && !part.after.includes(b.id);
    if (!isOpen || !mayReceive(c, part.p.topic, b.id)) return false;
    const more = replicaLoad(part.p, false, part.after.length);
    return fits(c, b.id, more);
  });

/** Has the broker surely room for this much more, after the plan? */
export function fits(c: Case, id: number, more: readonly number[]): boolean {
  const load = c.after.get(id);
  const limit = c.limits.get(id);
  if (!load || !limit) return false;
  return names.every((_, r) => more[r]! <= 0 || load[r]! + more[r]! <= limit[r]! * (1 - 1e-9));
}

function checkLeader(c: Case, part: Part): string[] {
  const { key, p, was, after, leaderBefore } = part;
  const head = after[0] ?? -1;
  const found: string[] = [];
  if (head === p.replicas[0]) return checkLeftLeader(c, part);
  const state = was.get(head);
  if (state === 'lost' || !c.isLive(head)) found.push(`${key}: leader ${head} is lost`);
  if (state === 'behind') found.push(`${key}: leader ${head} is not in sync`);
  if (c.leaving.has(head) && head !== leaderBefore)
    found.push(`${key}: leader ${head} is to be drained`);
  if (head !== leaderBefore && c.options.excludedBrokers?.includes(head)) {
    found.push(`${key}: leader ${head} is excluded`);
  }
  const isDemoted = c.options.intent === 'demote' && c.options.brokers?.includes(head);
  if (isDemoted && head !== leaderBefore) found.push(`${key}: leader ${head} is to be relieved`);
  return found;
}

/** A lost leader is left whenever a replica in sync is there. */
function checkLeftLeader(c: Case, part: Part): string[] {
  const head = part.after[0] ?? -1;
  const isLost = part.was.get(head) === 'lost';
  const hasOther = [...part.was.values()].includes('synced');
  const isFixed = named(c.options.excludedTopics, part.p.topic);
  if (!isLost || !hasOther || isFixed || c.options.intent === 'logDirs') return [];
  return [`${part.key}: lost broker ${head} stays its preferred leader`];
}

/** What the intent does not move: heal and drain nothing healthy, demote nothing at all. */
function checkIntent(c: Case, part: Part, added: number[]): string[] {
  const { intent } = c.options;
  const gone = part.p.replicas.filter((id) => !part.after.includes(id));
  const found: string[] = [];
  const say = (what: string) => found.push(`${part.key}: ${what}`);
  if (intent === 'demote' && (gone.length > 0 || added.length > 0)) say('demote moves a replica');
  if (['heal', 'drain', 'brokerSets'].includes(intent)) {
    for (const id of gone.filter((x) => !mustGo(c, part, x))) {
      say(`${intent} takes a replica from healthy broker ${id}`);
    }
  }
  if (intent === 'add') {
    const fresh = c.snapshot.newBrokers ?? [];
    for (const id of added.filter((x) => !fresh.includes(x))) {
      say(`old broker ${id} receives a replica`);
    }
  }
  const isFree = ['rebalance', 'add', 'fit', 'spreadTopics', 'repairRacks'].includes(intent);
  if (isFree && added.length > 0 && [...part.was.values()].includes('lost')) {
    say(`${intent} moves a partition that is to be healed first`);
  }
  if (intent === 'repairRacks' && gone.length > 0) found.push(...checkRepair(c, part));
  return found;
}

function checkRepair(c: Case, part: Part): string[] {
  const sum = (ids: number[]) =>
    [...racksOf(c, part, ids).counts.values()].reduce((s, n) => s + n * n, 0);
  return sum(part.after) < sum(part.p.replicas)
    ? []
    : [`${part.key}: repairRacks moves what repairs nothing`];
}

/**
 * Checks on what the plan says could not be done: that it is still to be done, that the rule told
 * is the one that forbids it, and that nothing undone is left untold. Pure.
 */
import type { Blocked, BlockedRule } from '../../contracts/rebalance.ts';
import { fits } from './assignment.ts';
import {
  type Case,
  isAbove,
  isInSet,
  keyOf,
  mayLead,
  mayReceive,
  mustGo,
  named,
  type Part,
  rackOf,
  racksOf,
  replicaLoad,
} from './case.ts';

const label = (b: Pick<Blocked, 'topic' | 'partition' | 'broker' | 'what'>): string =>
  `${b.what} ${keyOf(b)}@${b.broker}`;

export function checkBlocked(c: Case): string[] {
  const parts = new Map(c.parts.map((part) => [part.key, part]));
  const told = new Set<string>();
  const found: string[] = [];
  for (const b of c.plan.blocked) {
    const part = parts.get(keyOf(b));
    if (told.has(label(b))) found.push(`${label(b)}: is blocked twice`);
    told.add(label(b));
    if (!b.rule || !b.message || !b.remedy) found.push(`${label(b)}: has no rule or no remedy`);
    if (!part) found.push(`${label(b)}: is no partition of the cluster`);
    else found.push(...checkOne(c, part, b));
  }
  for (const due of dueOf(c)) {
    if (!told.has(due)) found.push(`${due}: is not done, and not blocked`);
  }
  return found;
}

/** What the intent should have done and has not. */
function dueOf(c: Case): string[] {
  const { intent } = c.options;
  return c.parts.flatMap((part) => {
    const { topic, partition } = part.p;
    const name = (what: 'replica' | 'leadership', broker: number) =>
      label({ what, topic, partition, broker });
    if (['heal', 'drain', 'brokerSets'].includes(intent)) {
      return part.after.filter((id) => mustGo(c, part, id)).map((id) => name('replica', id));
    }
    if (intent === 'demote' && c.options.brokers?.includes(part.leaderAfter)) {
      return [name('leadership', part.leaderAfter)];
    }
    return [];
  });
}

function checkOne(c: Case, part: Part, b: Blocked): string[] {
  const { intent } = c.options;
  if (b.what === 'leadership') return checkLeadership(c, part, b);
  const expected = ruleOf(c, part, b.broker);
  if (intent === 'replicationFactor') {
    if (part.after.length === c.options.replicationFactor) return [`${label(b)}: is done`];
  } else if (intent === 'repairRacks') {
    if (!part.after.includes(b.broker)) return [`${label(b)}: holds none`];
  } else if (!part.after.includes(b.broker) || !mustGo(c, part, b.broker)) {
    return [`${label(b)}: is placed, or need not move`];
  }
  if (expected === undefined) return [`${label(b)}: is blocked, though a broker could take it`];
  return expected === b.rule ? [] : [`${label(b)}: told rule ${b.rule}, is ${expected}`];
}

/** The rule that forbids moving this replica; undefined: none does. */
function ruleOf(c: Case, part: Part, broker: number): BlockedRule | undefined {
  const { p, after } = part;
  if (named(c.options.excludedTopics, p.topic)) return 'excluded-topic';
  if (![...part.was.values()].includes('synced')) return 'no-source';
  const isAdded = c.options.intent === 'replicationFactor';
  if (isAdded && !sourceHasRoom(c, part)) return 'limit';
  const anywhere = c.live.filter((b) => receivesAny(c, b.id));
  if (anywhere.length === 0) return 'no-broker';
  if (!anywhere.some((b) => isInSet(c, p.topic, b.id))) return 'broker-set';
  const isTaken = (id: number) => after.includes(id) || part.was.get(id) === 'lost';
  const open = c.live.filter((b) => mayReceive(c, p.topic, b.id) && !isTaken(b.id));
  if (open.length === 0) return 'destination';
  const rest = isAdded ? after : after.filter((id) => id !== broker);
  const { counts } = racksOf(c, part, rest);
  const floor = Math.min(...[...racksOf(c, part, after).open].map((rack) => counts.get(rack) ?? 0));
  const isDebtAllowed = c.options.intent === 'heal' && c.options.rackDebt === 'temporary';
  const spread = open.filter((b) => (counts.get(rackOf(c, b.id)) ?? 0) <= floor);
  if (spread.length === 0 && !isDebtAllowed) return 'rack';
  const tried = isDebtAllowed ? open : spread;
  if (tried.some((b) => couldTake(c, part, broker, b.id))) return undefined;
  return spread.length === 0 ? 'rack' : 'limit';
}

function receivesAny(c: Case, id: number): boolean {
  const { excludedBrokers, allowedDestinations } = c.options;
  return (
    c.isLive(id) &&
    !c.leaving.has(id) &&
    !excludedBrokers?.includes(id) &&
    (!allowedDestinations || allowedDestinations.includes(id))
  );
}

/** While a replica is added the leader is read by one more; what is over already is over. */
function sourceHasRoom(c: Case, part: Part): boolean {
  const load = c.after.get(part.leaderAfter);
  const limit = c.limits.get(part.leaderAfter);
  if (!load || !limit) return true;
  const inflow = replicaLoad(part.p, false, 1)[1];
  // One that stays is one reader more for good.
  const isOver = c.options.intent !== 'replicationFactor' && isAbove(load[2], limit[2]);
  return inflow === 0 || isOver || load[2] + inflow <= limit[2] * (1 - 1e-9);
}

function couldTake(c: Case, part: Part, broker: number, to: number): boolean {
  const { after, leaderAfter } = part;
  const isAdded = c.options.intent === 'replicationFactor';
  const readers = after.filter((id) => part.was.get(id) !== 'lost').length + 1;
  const isReadMore = readers > after.length;
  if (isReadMore && !sourceHasRoom(c, part)) return false;
  const leads = leaderAfter === broker && !isAdded;
  if (!leads) return fits(c, to, replicaLoad(part.p, false, after.length));
  const others = after.filter((id) => id !== broker && isInSync(part, id));
  if (others.some((id) => couldLead(c, part, id))) {
    return fits(c, to, replicaLoad(part.p, false, after.length));
  }
  // With others in sync, one of them would have to lead until the copy is there.
  if (others.length > 0) return false;
  return mayLead(c, to) && fits(c, to, replicaLoad(part.p, true, after.length));
}

const isInSync = (part: Part, id: number): boolean =>
  part.was.get(id) === 'synced' || !part.was.has(id);

function couldLead(c: Case, part: Part, id: number): boolean {
  if (!mayLead(c, id) || mustGo(c, part, id)) return false;
  if (c.options.intent === 'demote' && c.options.brokers?.includes(id)) return false;
  const leader = replicaLoad(part.p, true, part.after.length);
  const follower = replicaLoad(part.p, false, part.after.length);
  return fits(
    c,
    id,
    leader.map((value, r) => value - follower[r]!),
  );
}

function checkLeadership(c: Case, part: Part, b: Blocked): string[] {
  if (part.leaderAfter !== b.broker || !c.options.brokers?.includes(b.broker)) {
    return [`${label(b)}: does not lead, or need not be relieved`];
  }
  const isFixed = named(c.options.excludedTopics, part.p.topic);
  const others = part.after.filter(
    (id) => !c.options.brokers?.includes(id) && isInSync(part, id) && mayLead(c, id),
  );
  const expected = isFixed ? 'excluded-topic' : others.length === 0 ? 'no-replica' : 'limit';
  if (expected !== b.rule) return [`${label(b)}: told rule ${b.rule}, is ${expected}`];
  return !isFixed && others.some((id) => couldLead(c, part, id))
    ? [`${label(b)}: is blocked, though another replica could lead`]
    : [];
}

/** A leader on a broker that is drained, where another could lead. */
export function checkDrainedLeaders(c: Case): string[] {
  if (c.options.intent !== 'drain') return [];
  return c.parts.flatMap((part) => {
    const stays = c.leaving.has(part.leaderAfter) && !named(c.options.excludedTopics, part.p.topic);
    const could = part.after.some((id) => isInSync(part, id) && couldLead(c, part, id));
    return stays && could
      ? [`${part.key}: is still led by drained broker ${part.leaderAfter}`]
      : [];
  });
}

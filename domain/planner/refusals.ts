/**
 * Why a replica could not be placed or a leader not relieved, and what would allow it: the first
 * rule that leaves no broker, as the cluster is when everything else is planned. Pure.
 */
import type { Blocked } from '../../contracts/rebalance.ts';
import { inSync, type Model } from './model.ts';
import { disk, netIn, netOut, resources } from './resources.ts';
import type { Rules } from './rules.ts';

type Refusal = Pick<Blocked, 'rule' | 'message' | 'remedy'>;

/** The refusal of a replica that must leave its broker. */
export function blockedReplica(model: Model, rules: Rules, p: number, broker: number): Blocked {
  const { topic, partition } = model.list[p]!;
  const refusal = refusalOf(model, rules, p, model.slotOf(p, broker));
  return { topic, partition, broker: model.ids[broker]!, what: 'replica', ...refusal };
}

/** The refusal of one more replica; `broker` is the leader's, which would be copied from. */
export function blockedAddition(model: Model, rules: Rules, p: number): Blocked {
  const { topic, partition } = model.list[p]!;
  const leader = model.at(p, 0);
  const broker = model.ids[leader]!;
  const about = { topic, partition, broker, what: 'replica' as const };
  const more = model.of(leader, netOut) + model.inflow[p]!;
  const isFull = model.inflow[p]! > 0 && more > model.limitOf(leader, netOut);
  if (!rules.fixed[p] && model.hasSource[p] && isFull) {
    const remedy = `needs ${rateText(model.inflow[p]!)} of network out free on broker ${broker}`;
    return { ...about, rule: 'limit', message: 'its leader is at a limit', remedy };
  }
  return { ...about, ...refusalOf(model, rules, p, added) };
}

/** No slot: a replica that is to be added. */
const added = 255;

/** The refusal of a leader that no other replica may relieve. */
export function blockedLeader(
  model: Model,
  rules: Rules,
  p: number,
  from: (broker: number) => boolean,
): Blocked {
  const { topic, partition } = model.list[p]!;
  const broker = model.ids[model.at(p, 0)]!;
  const about = { topic, partition, broker, what: 'leadership' as const };
  if (rules.fixed[p]) return { ...about, ...excluded };
  const able: number[] = [];
  for (let slot = 1; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    if (!from(b) && model.canLead(p, slot) && rules.mayLead[b]) able.push(b);
  }
  if (able.length === 0) {
    return {
      ...about,
      rule: 'no-replica',
      message: 'no other replica is in sync on a broker that may lead',
      remedy: 'needs another replica in sync',
    };
  }
  return {
    ...about,
    rule: 'limit',
    message: `${able.length} replicas could lead, each on a broker at a limit`,
    remedy: `needs ${rateText(model.outflow[p]!)} of network out free on broker ${model.ids[able[0]!]}`,
  };
}

const excluded: Refusal = {
  rule: 'excluded-topic',
  message: 'its topic is excluded',
  remedy: 'take the topic out of excludedTopics',
};

function refusalOf(model: Model, rules: Rules, p: number, slot: number): Refusal {
  if (rules.fixed[p]) return excluded;
  if (!model.hasSource[p]) return sourceRefusal(model, p);
  const open = model.ids.map((_, b) => b).filter((b) => rules.receives[b]);
  if (open.length === 0) {
    const remedy = 'needs a broker that may receive replicas';
    return { rule: 'no-broker', message: 'no broker may receive replicas', remedy };
  }
  const ofSet = open.filter((b) => rules.setAllows(p, b));
  if (ofSet.length === 0) {
    const message = 'no broker of its set may receive replicas';
    return { rule: 'broker-set', message, remedy: 'needs a broker in its set' };
  }
  const other = ofSet.filter((b) => !model.holds(p, b) && !rules.wasLostOn(p, b));
  if (other.length === 0) {
    const message = 'every broker that may receive holds a replica';
    return { rule: 'destination', message, remedy: 'needs 1 more broker that may receive' };
  }
  return rackOrLimit(model, rules, { p, slot, other });
}

function rackOrLimit(
  model: Model,
  rules: Rules,
  { p, slot, other }: { p: number; slot: number; other: number[] },
): Refusal {
  const floor = rules.rackFloor(p, slot);
  const spread = other.filter((b) => rules.onRack(p, model.rack[b]!, slot) <= floor);
  if (spread.length > 0) return limitRefusal(model, rules, { p, slot, brokers: spread });
  const racks = model.rackNames.filter(
    (_, k) => rules.liveBrokers(p, k) > 0 && rules.onRack(p, k, slot) <= floor,
  );
  const message = 'every broker that may receive is in a rack that holds its share';
  const where = racks.slice(0, 3).map((name) => name.replace('\n', 'of broker '));
  const remedy = `needs a broker that may receive in rack ${where.join(' or ')}`;
  return { rule: 'rack', message, remedy };
}

function sourceRefusal(model: Model, p: number): Refusal {
  const { replicas, inSync: synced = replicas } = model.list[p]!;
  const holders = synced.filter((id) => model.stateBefore(p, model.indexOf(id)) !== inSync);
  const names = (holders.length > 0 ? holders : replicas).join(' or ');
  return {
    rule: 'no-source',
    message: `no replica in sync is left: data is lost unless broker ${names} returns`,
    remedy: `bring broker ${names} back, with its disk`,
  };
}

function limitRefusal(
  model: Model,
  rules: Rules,
  { p, slot, brokers }: { p: number; slot: number; brokers: number[] },
): Refusal {
  const leads = model.leads(p, slot);
  const lacks = (b: number) =>
    resources.map((_, r) => {
      const more = model.loadOf(p, leads, r);
      return more > 0 ? Math.max(0, model.of(b, r) + more - model.limitOf(b, r)) : 0;
    });
  const share = (b: number) =>
    Math.max(...lacks(b).map((lack, r) => lack / (model.limitOf(b, r) || 1)));
  const nearest = brokers.reduce((best, b) => (share(b) < share(best) ? b : best));
  if (leads && !rules.mayLead[nearest]) {
    const message = 'it leads, and no broker that may receive it may lead';
    return { rule: 'limit', message, remedy: 'allow a broker to lead' };
  }
  const lack = lacks(nearest);
  if (lack.every((x) => x <= 0)) return inFlightRefusal(model, p);
  const worst = lack.reduce((best, x, r) => {
    const limit = (i: number) => model.limitOf(nearest, i) || 1;
    return x / limit(r) > lack[best]! / limit(best) ? r : best;
  }, 0);
  return {
    rule: 'limit',
    message: `${brokers.length} brokers of allowed racks are at a limit`,
    remedy:
      `needs ${amountText(worst, lack[worst]!)} below the limit, for example on broker ` +
      `${model.ids[nearest]}`,
  };
}

/** There is room for it, but not while it is copied. */
function inFlightRefusal(model: Model, p: number): Refusal {
  const leader = model.ids[model.at(p, 0)];
  return {
    rule: 'limit',
    message: 'while it is copied, its leader or who would lead meanwhile is over a limit',
    remedy: `needs ${rateText(model.outflow[p]!)} of network out free beside broker ${leader}`,
  };
}

function amountText(resource: number, amount: number): string {
  if (resource === disk) return `${bytesText(amount)} of disk`;
  if (resource === netIn) return `${rateText(amount)} of network in`;
  if (resource === netOut) return `${rateText(amount)} of network out`;
  return `${Math.ceil(amount * 100) / 100} of ${resources[resource]}`;
}

const rateText = (bytesPerS: number): string => `${bytesText(bytesPerS)}/s`;

/** Bytes with a unit, decimal: `1.2 TB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.ceil(value) : value.toFixed(1)} ${units[unit]}`;
}

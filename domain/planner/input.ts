/**
 * What the planner refuses: every snapshot or option that a plan could not honestly be made from,
 * told as field, rule and remedy. It repairs nothing and guesses nothing. Pure.
 */
import { Value } from 'typebox/value';
import {
  type BrokerSnapshot,
  type ClusterSnapshot,
  type PartitionSnapshot,
  PlanOptions,
} from '../../contracts/rebalance.ts';
import type { Violation } from '../../contracts/spec.ts';
import { checkInput, fieldOf } from '../cluster/shape.ts';
import { topicMatcher } from './topics.ts';

/** Thrown by planMoves; `violations` has every finding, at most 50 of a kind of list. */
export class PlannerInputError extends Error {
  readonly violations: Violation[];

  constructor(violations: Violation[]) {
    super(violations.map((v) => `${v.field}: ${v.message}; ${v.remedy}`).join('\n'));
    this.name = 'PlannerInputError';
    this.violations = violations;
  }
}

const told = 50;

class Findings {
  readonly all: Violation[] = [];

  add(field: string, rule: string, message: string, remedy: string): void {
    if (this.all.length < told) this.all.push({ field, rule, message, remedy });
  }
}

/** Every fault of a snapshot and its options; empty for an input that can be planned. */
export function inputFaults(snapshot: ClusterSnapshot, options: PlanOptions): Violation[] {
  const shape = [...checkInput(PlanOptions, options), ...outOfRange(options)];
  if (shape.length > 0) return shape.map((v) => ({ ...v, field: `options.${v.field}` }));
  const found = new Findings();
  if (!Array.isArray(snapshot?.brokers) || !Array.isArray(snapshot?.partitions)) {
    found.add('snapshot', 'type', 'has no lists of brokers and partitions', 'give both lists');
    return found.all;
  }
  const brokers = checkBrokers(snapshot.brokers, found);
  const known = new Set(brokers);
  for (const p of checkPartitions(snapshot.partitions, found)) known.add(p);
  if (found.all.length > 0) return found.all;
  checkNamedBrokers(snapshot, options, known, found);
  checkLost(snapshot, found);
  checkTopics(snapshot, options, found);
  checkIntent(snapshot, options, found);
  return found.all;
}

const ranges = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength'];

/** Figures of the options that are too small or too large. */
function outOfRange(options: PlanOptions): Violation[] {
  if (Value.Check(PlanOptions, options)) return [];
  return [...Value.Errors(PlanOptions, options)]
    .filter(({ keyword }) => ranges.includes(keyword))
    .map(({ instancePath, message }) => ({
      ...{ field: fieldOf(instancePath), rule: 'range', message: String(message) },
      remedy: 'give a value within the range',
    }));
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
const isLoad = (value: unknown): boolean =>
  value === 'unknown' || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
const capacities = ['diskBytes', 'inBytesPerS', 'outBytesPerS', 'cpuPct'] as const;
const loads = ['sizeBytes', 'inBytesPerS', 'outBytesPerS', 'cpuPct'] as const;
const loadRemedy = "give a number of 0 or more, or 'unknown'";
const idRemedy = 'give whole numbers of 0 or more';

function checkBrokers(brokers: BrokerSnapshot[], found: Findings): Set<number> {
  const ids = new Set<number>();
  for (const [i, b] of brokers.entries()) {
    const at = `brokers[${i}]`;
    if (!isCount(b?.id)) found.add(`${at}.id`, 'type', `is ${String(b?.id)}`, idRemedy);
    else if (ids.has(b.id)) {
      found.add(`${at}.id`, 'unique', `${b.id} is there twice`, 'name every broker once');
    } else ids.add(b.id);
    if (b?.rack != null && (typeof b.rack !== 'string' || b.rack === '')) {
      found.add(`${at}.rack`, 'type', 'is no name', 'give a name, or leave it out');
    }
    for (const name of capacities) {
      const value = b?.capacity?.[name];
      if (!isLoad(value) || value === 0) {
        const remedy = "give a number above 0, or 'unknown'";
        found.add(`${at}.capacity.${name}`, 'capacity', `is ${String(value)}`, remedy);
      }
    }
  }
  if (brokers.length === 0) found.add('brokers', 'required', 'is empty', 'give the brokers');
  return ids;
}

/** Checks every partition, and returns the broker ids that their lists name. */
function checkPartitions(partitions: PartitionSnapshot[], found: Findings): Set<number> {
  const ids = new Set<number>();
  const seen = new Map<string, Set<number>>();
  for (const [i, p] of partitions.entries()) {
    if (!isFaultless(p, ids)) describePartition(p, `partitions[${i}]`, found);
    const { topic, partition } = p ?? {};
    const ofTopic = seen.get(topic) ?? new Set();
    if (ofTopic.has(partition)) {
      const message = `${topic}-${partition} is there twice`;
      found.add(`partitions[${i}]`, 'unique', message, 'name every partition once');
    }
    seen.set(topic, ofTopic.add(partition));
  }
  return ids;
}

/** The quick look at one of perhaps a million; what is wrong is told by describePartition. */
function isFaultless(p: PartitionSnapshot, ids: Set<number>): boolean {
  const { replicas } = p ?? {};
  if (typeof p?.topic !== 'string' || p.topic === '' || !isCount(p.partition)) return false;
  if (!Array.isArray(replicas) || replicas.length === 0) return false;
  for (let i = 0; i < replicas.length; i++) {
    const id = replicas[i] as number;
    if (!isCount(id) || replicas.indexOf(id) !== i) return false;
    ids.add(id);
  }
  for (const name of loads) if (!isLoad(p[name])) return false;
  const { leader, inSync, minInSync, logDirs } = p;
  if (leader != null && !replicas.includes(leader)) return false;
  if (inSync !== undefined && !isSubset(inSync, replicas)) return false;
  if (logDirs !== undefined && !isPaths(logDirs, replicas.length)) return false;
  return minInSync === undefined || (Number.isInteger(minInSync) && minInSync >= 1);
}

const isSubset = (ids: unknown, of: number[]): boolean =>
  Array.isArray(ids) && ids.every((id) => of.includes(id)) && new Set(ids).size === ids.length;
const isPaths = (paths: unknown, count: number): boolean =>
  Array.isArray(paths) && paths.length === count && paths.every((x) => typeof x === 'string' && x);

function describePartition(p: PartitionSnapshot, at: string, found: Findings): void {
  const replicas = Array.isArray(p?.replicas) ? p.replicas : [];
  if (typeof p?.topic !== 'string' || p.topic === '') {
    found.add(`${at}.topic`, 'type', 'is no name', 'give the name of the topic');
  }
  if (!isCount(p?.partition)) {
    found.add(`${at}.partition`, 'type', `is ${String(p?.partition)}`, idRemedy);
  }
  if (replicas.length === 0 || !replicas.every(isCount)) {
    found.add(`${at}.replicas`, 'type', 'is no list of broker ids', idRemedy);
  } else if (new Set(replicas).size < replicas.length) {
    found.add(`${at}.replicas`, 'unique', `${replicas} names a broker twice`, 'name each once');
  }
  for (const name of loads) {
    const value = p?.[name];
    if (!isLoad(value)) found.add(`${at}.${name}`, 'load', `is ${String(value)}`, loadRemedy);
  }
  describeState(p ?? {}, replicas, at, found);
}

function describeState(
  { leader, inSync, minInSync, logDirs }: Partial<PartitionSnapshot>,
  replicas: number[],
  at: string,
  found: Findings,
): void {
  if (leader != null && !replicas.includes(leader)) {
    found.add(`${at}.leader`, 'replica', `${leader} is no replica`, 'name one of its replicas');
  }
  if (inSync !== undefined && !isSubset(inSync, replicas)) {
    found.add(
      `${at}.inSync`,
      'replica',
      'names what is no replica',
      'name its replicas, once each',
    );
  }
  if (minInSync !== undefined && !(Number.isInteger(minInSync) && minInSync >= 1)) {
    found.add(`${at}.minInSync`, 'type', `is ${String(minInSync)}`, 'give a whole number from 1');
  }
  if (logDirs !== undefined && !isPaths(logDirs, replicas.length)) {
    found.add(`${at}.logDirs`, 'type', 'is not one path for each replica', 'give one for each');
  }
}

function checkNamedBrokers(
  snapshot: ClusterSnapshot,
  options: PlanOptions,
  known: Set<number>,
  found: Findings,
): void {
  const lists: [string, number[] | undefined][] = [
    ['deadBrokers', snapshot.deadBrokers],
    ['newBrokers', snapshot.newBrokers],
    ['options.brokers', options.brokers],
    ['options.excludedBrokers', options.excludedBrokers],
    ['options.allowedDestinations', options.allowedDestinations],
    ...(options.brokerSets ?? []).map((set, i): [string, number[]] => [
      `options.brokerSets[${i}].brokers`,
      set.brokers,
    ]),
  ];
  for (const [field, ids] of lists) {
    if (ids === undefined) continue;
    if (!Array.isArray(ids)) found.add(field, 'type', 'is no list', idRemedy);
    else {
      for (const [i, id] of ids.entries()) {
        if (known.has(id)) continue;
        const message = `broker ${id} is not in the snapshot`;
        found.add(`${field}[${i}]`, 'known', message, 'name a broker of the snapshot');
      }
    }
  }
}

function checkLost({ partitions, lostReplicas = [] }: ClusterSnapshot, found: Findings): void {
  if (lostReplicas.length === 0) return;
  const wanted = new Set(lostReplicas.map((r) => `${r.topic}\n${r.partition}`));
  const lists = new Map<string, number[]>();
  for (const p of partitions) {
    const key = `${p.topic}\n${p.partition}`;
    if (wanted.has(key)) lists.set(key, p.replicas);
  }
  for (const [i, r] of lostReplicas.entries()) {
    if (lists.get(`${r.topic}\n${r.partition}`)?.includes(r.broker)) continue;
    const message = `broker ${r.broker} holds no ${r.topic}-${r.partition}`;
    found.add(`lostReplicas[${i}]`, 'replica', message, 'name a replica of the snapshot');
  }
}

function checkTopics(snapshot: ClusterSnapshot, options: PlanOptions, found: Findings): void {
  const lists: [string, string[] | undefined][] = [
    ['options.excludedTopics', options.excludedTopics],
    ['options.topics', options.topics],
    ...(options.brokerSets ?? []).map((set, i): [string, string[]] => [
      `options.brokerSets[${i}].topics`,
      set.topics,
    ]),
  ];
  if (lists.every(([, names]) => !names || names.length === 0)) return;
  const topics = [...new Set(snapshot.partitions.map((p) => p.topic))];
  for (const [field, names = []] of lists) {
    for (const [i, name] of names.entries()) {
      const matches = topicMatcher([name]);
      if (topics.some(matches)) continue;
      const message = `${name} matches no topic of the snapshot`;
      found.add(`${field}[${i}]`, 'known', message, 'name a topic, or a pattern such as logs-*');
    }
  }
}

function checkIntent(snapshot: ClusterSnapshot, options: PlanOptions, found: Findings): void {
  const { intent, brokers = [] } = options;
  const need = (is: boolean, field: string, message: string, remedy: string) => {
    if (!is) found.add(field, 'required', message, remedy);
  };
  const relieves = intent === 'drain' || intent === 'demote';
  need(!relieves || brokers.length > 0, 'options.brokers', `${intent} needs brokers`, 'name them');
  need(
    relieves || brokers.length === 0,
    'options.brokers',
    `has no meaning for ${intent}`,
    'leave it out, or use drain or demote',
  );
  const fresh = snapshot.newBrokers ?? [];
  const isAdd = intent === 'add';
  need(!isAdd || fresh.length > 0, 'newBrokers', 'add needs new brokers', 'name the new brokers');
  const isFactor = intent === 'replicationFactor';
  const factor = options.replicationFactor;
  const field = 'options.replicationFactor';
  need(!isFactor || factor !== undefined, field, 'the intent needs it', 'give the new factor');
  need(isFactor || factor === undefined, field, `has no meaning for ${intent}`, 'leave it out');
  const hasSets = (options.brokerSets ?? []).length > 0;
  need(intent !== 'brokerSets' || hasSets, 'options.brokerSets', 'is empty', 'give the sets');
  const risk = 'moves between directories of a broker can fail a directory (KAFKA-19571)';
  need(
    intent !== 'logDirs' || options.acceptLogDirRisk === true,
    'options.acceptLogDirRisk',
    risk,
    'set it to true to plan them all the same',
  );
  const dead = new Set(snapshot.deadBrokers ?? []);
  for (const id of fresh.filter((b) => dead.has(b))) {
    found.add('newBrokers', 'conflict', `broker ${id} is dead too`, 'name it in one list only');
  }
}

/**
 * Log directories of a broker: the fullest gives replicas to the emptiest until all are within 10 %
 * of their share. Kafka can fail a directory on such a move (KAFKA-19571), so the user must have
 * said that the risk is known. No replica changes its broker. Pure.
 */
import type { ClusterSnapshot, MovePlan, PlanOptions } from '../../contracts/rebalance.ts';
import type { Model } from './model.ts';
import { resources } from './resources.ts';
import { Rules } from './rules.ts';
import { overLimits, summariesOf } from './summary.ts';
import { Targets } from './targets.ts';

const band = 0.1;

interface Dir {
  path: string;
  capacity: number;
  used: number;
}
interface Placed {
  p: number;
  at: number;
  bytes: number;
}

/** A plan that changes directories only; brokers without capacities or paths are left alone. */
export function planLogDirs(
  model: Model,
  snapshot: ClusterSnapshot,
  options: PlanOptions,
): MovePlan {
  const rules = new Rules(model, options, new Set());
  const chosen = new Map<number, string[]>();
  const figures = { moves: 0, movedBytes: 0, lowerBoundBytes: 0, seconds: 0 };
  for (const broker of snapshot.brokers) {
    const b = model.indexOf(broker.id);
    const dirs = dirsOf(broker.logDirs ?? []);
    if (dirs.length < 2 || !rules.receives[b] || !model.alive[b]) continue;
    const before = figures.movedBytes;
    evenDirs(model, rules, { b, dirs, chosen, figures });
    const rate = options.throttleBytesPerS ?? 50_000_000;
    figures.seconds = Math.max(figures.seconds, (figures.movedBytes - before) / rate);
  }
  return asPlan(model, options, chosen, figures);
}

function dirsOf(dirs: NonNullable<ClusterSnapshot['brokers'][number]['logDirs']>): Dir[] {
  if (dirs.some((d) => d.capacityBytes === 'unknown' || d.capacityBytes <= 0)) return [];
  return dirs.map((d) => ({ path: d.path, capacity: Number(d.capacityBytes), used: 0 }));
}

interface Work {
  b: number;
  dirs: Dir[];
  chosen: Map<number, string[]>;
  figures: { moves: number; movedBytes: number; lowerBoundBytes: number };
}

function evenDirs(model: Model, rules: Rules, { b, dirs, chosen, figures }: Work): void {
  const placed: Placed[] = [];
  for (let p = 0; p < model.partitions; p++) {
    const { logDirs, replicas } = model.list[p]!;
    const path = logDirs?.[replicas.indexOf(model.ids[b]!)];
    const at = dirs.findIndex((d) => d.path === path);
    if (!model.holds(p, b) || at < 0) continue;
    dirs[at]!.used += model.size[p]!;
    if (rules.isFree(p)) placed.push({ p, at, bytes: model.size[p]! });
  }
  const share = sum(dirs.map((d) => d.used)) / sum(dirs.map((d) => d.capacity));
  const over = dirs.map((d) => Math.max(0, d.used - (1 + band) * share * d.capacity));
  const under = dirs.map((d) => Math.max(0, (1 - band) * share * d.capacity - d.used));
  figures.lowerBoundBytes += Math.max(sum(over), sum(under));
  placed.sort((x, y) => y.bytes - x.bytes || x.p - y.p);
  for (const replica of placed) {
    const from = dirs[replica.at]!;
    const to = dirs.reduce((a, d) => (d.used / d.capacity < a.used / a.capacity ? d : a));
    const after = (to.used + replica.bytes) / to.capacity;
    if (from.used <= (1 + band / 2) * share * from.capacity || after >= from.used / from.capacity) {
      continue;
    }
    if (after > (1 + band / 2) * share) continue;
    from.used -= replica.bytes;
    to.used += replica.bytes;
    const { replicas } = model.list[replica.p]!;
    const list = chosen.get(replica.p) ?? replicas.map(() => 'any');
    list[replicas.indexOf(model.ids[b]!)] = to.path;
    chosen.set(replica.p, list);
    figures.moves += 1;
    figures.movedBytes += replica.bytes;
  }
}

const sum = (values: number[]): number => values.reduce((all, x) => all + x, 0);

function asPlan(
  model: Model,
  options: PlanOptions,
  chosen: Map<number, string[]>,
  {
    moves,
    movedBytes,
    lowerBoundBytes,
    seconds,
  }: {
    moves: number;
    movedBytes: number;
    lowerBoundBytes: number;
    seconds: number;
  },
): MovePlan {
  const targets = new Targets(model, options.evenness);
  const before = summariesOf(model, targets, model.loadNow);
  const reassignments = [...chosen]
    .sort(([a], [b]) => a - b)
    .map(([p, logDirs]) => {
      const { topic, partition, replicas } = model.list[p]!;
      return { topic, partition, replicas, logDirs };
    });
  const steps = reassignments.map(({ replicas }, change) => ({ change, replicas }));
  return {
    intent: 'logDirs',
    reassignments,
    blocked: [],
    moves,
    leaderChanges: 0,
    leadershipOnly: 0,
    movedBytes,
    lowerBoundBytes,
    budgetBytes: null,
    before,
    after: summariesOf(model, targets, model.load),
    rackDebt: { before: 0, after: 0 },
    unknownLoads: resources.filter((_, r) => !model.known[r]),
    overLimit: overLimits(model),
    electionsPending: 0,
    durationS: seconds,
    batches: steps.length > 0 ? [{ steps, durationS: seconds }] : [],
  };
}

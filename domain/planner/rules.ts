/**
 * The hard rules on one change: may this replica go there, may this broker lead? Racks: replicas of
 * a partition are on as many racks as there can be, and as evenly as that allows. Pure.
 */
import { cpu, disk, leaders, type Model, netIn, netOut, replicas } from './model.ts';
import type { Blocked, PlanOptions } from './snapshot.ts';

export class Rules {
  readonly receives: Uint8Array;
  readonly mayLead: Uint8Array;
  readonly fixedTopics: Set<string>;
  private readonly model: Model;
  /** Replicas of a partition that one rack may hold: ⌈RF ÷ racks that live⌉. */
  private readonly liveRacks: number;

  constructor(model: Model, options: PlanOptions, leaving: ReadonlySet<number>) {
    this.model = model;
    this.fixedTopics = new Set(options.excludedTopics ?? []);
    const excluded = new Set(options.excludedBrokers ?? []);
    const allowed = options.allowedDestinations && new Set(options.allowedDestinations);
    const live = model.ids.map((_, b) => model.alive[b] === 1 && !leaving.has(b));
    this.receives = Uint8Array.from(model.ids, (id, b) =>
      live[b] && !excluded.has(id) && (!allowed || allowed.has(id)) ? 1 : 0,
    );
    this.mayLead = Uint8Array.from(model.ids, (id, b) => (live[b] && !excluded.has(id) ? 1 : 0));
    this.liveRacks = new Set(model.ids.flatMap((_, b) => (live[b] ? [model.rack[b]] : []))).size;
  }

  isFixed(p: number): boolean {
    return (
      this.fixedTopics.size > 0 &&
      this.fixedTopics.has(this.model.snapshot.partitions[p]?.topic ?? '')
    );
  }

  /** Would the partition's replicas be spread as evenly as racks allow, with `to` in `slot`? */
  rackAllows(p: number, slot: number, to: number): boolean {
    const { model } = this;
    const most = Math.ceil(model.factor[p]! / Math.max(1, this.liveRacks));
    let same = 1;
    for (let other = 0; other < model.factor[p]!; other++) {
      if (other === slot) continue;
      const b = model.at(p, other);
      if (b === to) return false;
      if (model.alive[b] && model.rack[b] === model.rack[to]) same += 1;
    }
    return same <= most;
  }

  /** Does `to` stay within all six limits with this replica? */
  limitsAllow(p: number, leads: boolean, to: number): boolean {
    const { model: m } = this;
    if (m.of(to, disk) + m.size[p]! > m.limitOf(to, disk)) return false;
    if (m.of(to, netIn) + m.inflow[p]! > m.limitOf(to, netIn)) return false;
    if (m.of(to, replicas) + 1 > m.limitOf(to, replicas)) return false;
    const load = leads ? m.leaderCpu[p]! : m.followerCpu[p]!;
    if (m.of(to, cpu) + load > m.limitOf(to, cpu)) return false;
    return !leads || this.leadershipFits(p, to);
  }

  private leadershipFits(p: number, to: number): boolean {
    const { model: m } = this;
    return (
      m.of(to, netOut) + m.outflow[p]! <= m.limitOf(to, netOut) &&
      m.of(to, leaders) + 1 <= m.limitOf(to, leaders)
    );
  }

  /** May a follower on `to` become the leader? */
  leadAllows(p: number, to: number): boolean {
    const { model: m } = this;
    const more = m.leaderCpu[p]! - m.followerCpu[p]!;
    return (
      this.mayLead[to] === 1 &&
      this.leadershipFits(p, to) &&
      m.of(to, cpu) + more <= m.limitOf(to, cpu)
    );
  }

  /** May the replica in `slot` move to `to`? */
  moveAllows(p: number, slot: number, to: number): boolean {
    return (
      this.receives[to] === 1 && this.rackAllows(p, slot, to) && this.limitsAllow(p, slot === 0, to)
    );
  }

  /** Why no broker could take the replica: the first rule that leaves nobody. */
  blocking(p: number, slot: number): Pick<Blocked, 'rule' | 'message'> {
    const { model: m } = this;
    if (this.isFixed(p)) return { rule: 'excluded-topic', message: 'its topic is excluded' };
    const open = m.ids.map((_, b) => b).filter((b) => this.receives[b] === 1);
    if (open.length === 0) return { rule: 'no-broker', message: 'no broker may receive replicas' };
    const other = open.filter((b) => !m.holds(p, b));
    if (other.length === 0) {
      return { rule: 'destination', message: 'every broker that may receive holds a replica' };
    }
    const spread = other.filter((b) => this.rackAllows(p, slot, b));
    if (spread.length === 0) {
      return { rule: 'rack', message: 'every rack that is left holds its share of the replicas' };
    }
    return { rule: 'limit', message: `${spread.length} brokers of allowed racks are at a limit` };
  }
}

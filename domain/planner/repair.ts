/** Rack debt: replicas in a rack that holds two more than another could. Each moves once. Pure. */
import type { Context } from './context.ts';
import { BestFit } from './place.ts';

/** Partitions whose replicas are less even over racks than they could be. */
export function indebted({ model, rules }: Context): number[] {
  const found: number[] = [];
  for (let p = 0; p < model.partitions; p++) if (rules.rackDebt(p) > 0) found.push(p);
  return found;
}

/** Moves replicas to racks that hold too few, as long as a broker there has room. */
export function repairRacks(context: Context, among = indebted(context)): void {
  const { model, rules, targets } = context;
  const fit = new BestFit(model, rules, targets);
  const partitions = among.filter((p) => rules.isFree(p));
  partitions.sort((x, y) => model.size[y]! - model.size[x]! || x - y);
  // What moves makes room: those that found none are tried again.
  for (let moved = -1; moved !== 0; ) {
    moved = 0;
    for (const p of partitions) {
      while (rules.rackDebt(p) > 0 && repairOne(context, fit, p)) moved += 1;
    }
  }
}

/** Followers before the leader, from the fullest rack. */
function repairOne({ model, rules }: Context, fit: BestFit, p: number): boolean {
  const slots = Array.from({ length: model.factor[p]! }, (_, i) => model.factor[p]! - 1 - i);
  const held = (slot: number) => rules.onRack(p, model.rack[model.at(p, slot)]!, -1);
  for (const slot of slots.sort((a, b) => held(b) - held(a) || b - a)) {
    const full = held(slot);
    const to = fit.best(
      p,
      (b) => rules.onRack(p, model.rack[b]!, -1) + 2 <= full && rules.moveAllows(p, slot, b),
    );
    if (to < 0) continue;
    model.move(p, slot, to);
    return true;
  }
  return false;
}

/** The last follower in the fullest rack: the one that should have moved. */
export function fullestRackBroker({ model, rules }: Context, p: number): number {
  let best = model.at(p, 0);
  for (let slot = 0; slot < model.factor[p]!; slot++) {
    const b = model.at(p, slot);
    if (rules.isGone(p, slot)) continue;
    const held = rules.onRack(p, model.rack[b]!, -1);
    if (held >= rules.onRack(p, model.rack[best]!, -1)) best = b;
  }
  return best;
}

/**
 * Is a cluster less even than it was? Cruise Control's comparators, in the order of its goals: what
 * comes later may pay for what comes earlier. Pure.
 */
import type { Model } from './model.ts';
import { cpu, disk, kinds, leaders, netIn, netOut, replicas } from './resources.ts';
import type { Targets } from './targets.ts';

const priority = [disk, netIn, netOut, cpu, replicas, leaders];
/** Its band of 10 %, with its margin. */
const band = 0.09;

/** Worse in a load, with none better that comes before it? Not asked where limits are repaired. */
export function isWorse(model: Model, targets: Targets): boolean {
  for (let b = 0; b < model.brokers; b++) {
    for (let r = 0; r < kinds; r++) {
      const at = b * kinds + r;
      if (model.alive[b] && model.settledLoad[at]! > model.limit[at]! * (1 + 1e-9)) return false;
    }
  }
  for (const r of priority) {
    if (!model.known[r]) continue;
    const was = statsOf(model, targets, model.settledLoad, r);
    const now = statsOf(model, targets, model.load, r);
    const isCount = r === replicas || r === leaders;
    const isLess = now.deviation > was.deviation * (1 + 5e-7) + 5e-10;
    if (isLess && (isCount || now.balanced < was.balanced) && now.outside > 0) return true;
    if (now.balanced > was.balanced || now.deviation < was.deviation * (1 - 2e-6)) return false;
  }
  return false;
}

function statsOf(model: Model, targets: Targets, load: Float64Array, r: number) {
  let [sum, count] = [0, 0];
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    sum += load[b * kinds + r]!;
    count += 1;
  }
  let [squares, balanced] = [0, 0];
  for (let b = 0; b < model.brokers; b++) {
    if (!model.alive[b]) continue;
    const share = (sum / count) * targets.weight[b * kinds + r]!;
    const off = share > 0 ? load[b * kinds + r]! / share - 1 : 0;
    squares += off * off;
    if (Math.abs(off) <= band + 1e-9) balanced += 1;
  }
  return { balanced, outside: count - balanced, deviation: Math.sqrt(squares / count) };
}

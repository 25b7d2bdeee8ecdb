/** Checks on moves between the log directories of a broker: no replica changes its broker. Pure. */
import { type Case, keyOf, num } from './case.ts';
import type { Even } from './even.ts';
import { checkCounts, checkSummaries, checkUnknown } from './figures.ts';

export function checkLogDirs(c: Case, even: Even): string[] {
  const found: string[] = [];
  if (c.options.acceptLogDirRisk !== true) found.push('the risk was not accepted');
  const dirs = new Map(c.snapshot.brokers.map((b) => [b.id, (b.logDirs ?? []).map((d) => d.path)]));
  let moves = 0;
  let bytes = 0;
  for (const change of c.plan.reassignments) {
    const part = c.parts.find((x) => x.key === keyOf(change))!;
    if (change.replicas.join() !== part.p.replicas.join()) {
      found.push(`${part.key}: a change of directory changes its brokers`);
    }
    for (const [i, path] of (change.logDirs ?? []).entries()) {
      if (path === 'any') continue;
      const id = change.replicas[i]!;
      if (!dirs.get(id)?.includes(path)) found.push(`${part.key}: broker ${id} has no ${path}`);
      if (part.p.logDirs?.[i] === path) found.push(`${part.key}: is in ${path} already`);
      moves += 1;
      bytes += num(part.p.sizeBytes);
    }
  }
  const told = { ...c.plan, moves: 0, movedBytes: 0, rackDebt: c.plan.rackDebt };
  if (c.plan.moves !== moves) found.push(`moves: told ${c.plan.moves}, is ${moves}`);
  if (c.plan.movedBytes !== bytes) found.push(`movedBytes: told ${c.plan.movedBytes}, is ${bytes}`);
  return [
    ...found,
    ...checkCounts({ ...c, plan: told }).filter((x) => !x.startsWith('rackDebt')),
    ...checkUnknown(c),
    ...checkSummaries(c, even),
    ...checkWorse(c),
  ];
}

/** The fullest directory of each broker, as a share of its size, is no fuller than before. */
function checkWorse(c: Case): string[] {
  const changed = new Map(c.plan.reassignments.map((r) => [keyOf(r), r]));
  return c.snapshot.brokers.flatMap((b) => {
    const was = new Map((b.logDirs ?? []).map((d) => [d.path, 0]));
    const now = new Map(was);
    for (const { p, key } of c.parts) {
      const i = p.replicas.indexOf(b.id);
      const path = p.logDirs?.[i];
      if (i < 0 || path === undefined) continue;
      const asked = changed.get(key)?.logDirs?.[i] ?? 'any';
      const next = asked === 'any' ? path : asked;
      was.set(path, (was.get(path) ?? 0) + num(p.sizeBytes));
      now.set(next, (now.get(next) ?? 0) + num(p.sizeBytes));
    }
    const fullest = (used: Map<string, number>) =>
      Math.max(0, ...(b.logDirs ?? []).map((d) => (used.get(d.path) ?? 0) / num(d.capacityBytes)));
    return fullest(now) > fullest(was) + 1e-9 ? [`broker ${b.id}: a directory gets fuller`] : [];
  });
}

/**
 * `node bench/planner-hostile.ts [--plans 20000] [--from 1]`: plans over hostile clusters, judged
 * by the verifier and by a checker that shares code with neither; prints what each found.
 */
import { parseArgs } from 'node:util';
import { planMoves } from '../../domain/planner/plan.ts';
import { verifyPlan } from '../../domain/planner-verifier/verify.ts';
import { violationsOf } from './planner-checker.ts';
import { hostile } from './planner-hostile-clusters.ts';

const { values } = parseArgs({
  options: { plans: { type: 'string' }, from: { type: 'string' } },
});
const count = Number(values.plans ?? 20_000);
const from = Number(values.from ?? 1);
const found = { checker: [] as string[], verifier: [] as string[] };
const byIntent = new Map<string, number>();
let [moves, blocked] = [0, 0];
for (let seed = from; seed < from + count; seed++) {
  const { snapshot, options } = hostile(seed);
  const plan = planMoves(snapshot, options);
  byIntent.set(options.intent, (byIntent.get(options.intent) ?? 0) + 1);
  moves += plan.moves;
  blocked += plan.blocked.length;
  const label = `seed ${seed} ${options.intent}`;
  const unsafe = violationsOf(snapshot, options, plan);
  if (unsafe.length > 0) found.checker.push(`${label}: ${unsafe[0]}`);
  const wrong = verifyPlan(snapshot, options, plan);
  if (wrong.length > 0) found.verifier.push(`${label}: ${wrong[0]}`);
}
console.log(`${count} plans over hostile clusters (${moves} moves, ${blocked} blocked):`);
console.log([...byIntent].map(([intent, n]) => `${intent} ${n}`).join(', '));
for (const [who, list] of Object.entries(found)) {
  console.log(`${who}: ${list.length} plans with a violation`);
  for (const line of list.slice(0, 20)) console.log(`  ${line}`);
}
if (found.checker.length > 0) process.exitCode = 1;

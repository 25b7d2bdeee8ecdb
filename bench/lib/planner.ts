/**
 * `node bench/planner.ts CLUSTER.json --intent heal|rebalance|add [--out PLAN.json] [--json]`:
 * plans a cluster of the generator's format and prints what it cost. Time is planning alone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Intent, intents } from '../../contracts/rebalance.ts';
import { explainPlan } from '../../domain/planner/explain.ts';
import { planMoves } from '../../domain/planner/plan.ts';
import { verifyPlan } from '../../domain/planner-verifier/verify.ts';
import { snapshotOf } from './planner-cluster.ts';

const usage = `node bench/planner.ts CLUSTER.json --intent heal|drain|add|demote|rebalance|fit|…
  [--brokers 1,2] [--bytes-over-bound 1.07] [--out PLAN.json] [--json] [--verify]`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    intent: { type: 'string' },
    brokers: { type: 'string' },
    'bytes-over-bound': { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean' },
    verify: { type: 'boolean' },
  },
});
const [file] = positionals;
if (!file || !values.intent || !intents.includes(values.intent as Intent)) {
  console.error(usage);
  process.exit(1);
}
const snapshot = snapshotOf(readFileSync(file, 'utf8'));
const options = {
  intent: values.intent as Intent,
  ...(values.brokers ? { brokers: values.brokers.split(',').map(Number) } : {}),
  ...(values['bytes-over-bound'] ? { bytesOverBound: Number(values['bytes-over-bound']) } : {}),
};
const cpuBefore = process.threadCpuUsage();
const begun = performance.now();
const plan = planMoves(snapshot, options);
const cpu = process.threadCpuUsage(cpuBefore);
const figures = {
  cpuS: (cpu.user + cpu.system) / 1e6,
  wallS: (performance.now() - begun) / 1000,
  peakRssMB: process.resourceUsage().maxRSS / 1024,
  moves: plan.moves,
  leaderChanges: plan.leaderChanges,
  leadershipOnly: plan.leadershipOnly,
  movedBytes: plan.movedBytes,
  lowerBoundBytes: plan.lowerBoundBytes,
  ratio: plan.lowerBoundBytes > 0 ? plan.movedBytes / plan.lowerBoundBytes : null,
  blocked: plan.blocked.length,
  maxOverMean: Object.fromEntries(
    Object.entries(plan.after).map(([name, load]) => [name, load?.maxOverMean ?? null]),
  ),
  outside: Object.fromEntries(
    Object.entries(plan.after).map(([name, load]) => [name, load?.outside ?? null]),
  ),
};
if (values.out) writeFileSync(values.out, JSON.stringify({ partitions: plan.reassignments }));
if (values.json) console.log(JSON.stringify(figures));
else {
  console.log(explainPlan(plan));
  console.log(
    `planning alone: CPU ${figures.cpuS.toFixed(2)} s, wall ${figures.wallS.toFixed(2)} s;` +
      ` peak RSS ${figures.peakRssMB.toFixed(0)} MB`,
  );
}
if (values.verify) {
  const wrong = verifyPlan(snapshot, options, plan);
  console.error(wrong.length === 0 ? 'verified' : wrong.slice(0, 20).join('\n'));
  if (wrong.length > 0) process.exitCode = 1;
}

/** `node bench/planner-curve.ts`: planning time against partitions, at 200 partitions a broker. */
import { planMoves } from '../../domain/planner/plan.ts';
import { generate } from './generator.ts';
import { snapshotOf } from './planner-cluster.ts';

const intents = { dead: 'heal', skew: 'rebalance', add: 'add' } as const;
console.log('partitions  heal µs/partition  rebalance µs/partition  add µs/partition');
for (const brokers of [50, 100, 200, 400, 800]) {
  const partitions = brokers * 200;
  const cells = Object.entries(intents).map(([scenario, intent]) => {
    const text = generate({ brokers, racks: 10, partitions, scenario: scenario as 'dead' });
    const snapshot = snapshotOf(text);
    planMoves(snapshot, { intent });
    const before = process.threadCpuUsage();
    planMoves(snapshot, { intent });
    const cpu = process.threadCpuUsage(before);
    return ((cpu.user + cpu.system) / partitions).toFixed(2).padStart(16);
  });
  console.log(`${String(partitions).padStart(10)}  ${cells.join('  ')}`);
}

/**
 * `node bench/planner-capacity.ts`: half the brokers twice as large. Evenness of shares of capacity
 * after a rebalance, bytes over the bound, and that a cluster balanced by share is left alone.
 */
import type { ClusterSnapshot } from '../../contracts/rebalance.ts';
import { planMoves } from '../../domain/planner/plan.ts';
import { generate } from './generator.ts';
import { snapshotOf } from './planner-cluster.ts';

function mixed(brokers: number, scenario: 'skew' | 'dead', seed: number): ClusterSnapshot {
  const partitions = brokers * 200;
  const racks = brokers > 500 ? 20 : 10;
  const snapshot = snapshotOf(generate({ brokers, racks, partitions, scenario, seed }));
  delete snapshot.deadBrokers;
  // Every second rack is of large brokers, so that racks do not force anything.
  for (const b of snapshot.brokers) {
    if (Number(b.rack?.slice(1)) % 2 === 0) continue;
    const c = b.capacity;
    b.capacity = {
      diskBytes: 2 * Number(c.diskBytes),
      inBytesPerS: 2 * Number(c.inBytesPerS),
      outBytesPerS: 2 * Number(c.outBytesPerS),
      cpuPct: 2 * Number(c.cpuPct),
    };
  }
  return snapshot;
}

console.log('brokers scenario     disk  net in net out    cpu  leaders replicas  bytes ÷ bound');
for (const brokers of [100, 1000]) {
  for (const scenario of ['skew', 'dead'] as const) {
    const snapshot = mixed(brokers, scenario, 1);
    const plan = planMoves(snapshot, { intent: 'rebalance' });
    const { disk, networkIn, networkOut, cpu, leaders, replicas } = plan.after;
    const all = [disk, networkIn, networkOut, cpu, leaders, replicas];
    const ratios = all.map((x) => x!.maxOverMean.toFixed(3).padStart(7)).join(' ');
    const bytes = (plan.movedBytes / plan.lowerBoundBytes).toFixed(3);
    console.log(`${String(brokers).padStart(7)} ${scenario.padEnd(9)} ${ratios}  ${bytes}`);
    if (scenario === 'skew') {
      for (const r of plan.reassignments) {
        const p = snapshot.partitions.find(
          (x) => x.topic === r.topic && x.partition === r.partition,
        );
        if (brokers === 100 && p) p.replicas = r.replicas;
      }
      if (brokers > 100) continue;
      const again = planMoves(snapshot, { intent: 'rebalance' });
      console.log(`        balanced by share already: ${again.movedBytes} bytes moved`);
    }
  }
}

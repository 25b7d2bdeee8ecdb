/**
 * `node bench/planner-scale.ts`: the two large clusters, 2,000 brokers with 600,000 partitions and
 * 270 brokers with 1.3 million replicas; CPU of planning and peak memory, each in its own process.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './generator.ts';

const planner = fileURLToPath(new URL('./planner.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'asgard-scale-'));
const file = join(dir, 'cluster.json');
const sizes = [
  { brokers: 2000, racks: 20, partitions: 600_000, topics: 30_000 },
  { brokers: 270, racks: 10, partitions: 433_000, topics: 10_500 },
];
const intents = { dead: 'heal', skew: 'rebalance', add: 'add' } as const;
console.log('brokers partitions intent      CPU s  peak RSS MB   moves  ÷ bound  disk');
try {
  for (const size of sizes) {
    for (const scenario of ['dead', 'skew', 'add'] as const) {
      writeFileSync(file, generate({ ...size, scenario }));
      const args = [planner, file, '--intent', intents[scenario], '--json'];
      const figures = JSON.parse(execFileSync(process.execPath, args).toString());
      const { cpuS, peakRssMB, moves, ratio, maxOverMean } = figures;
      const cells = [size.brokers, size.partitions, intents[scenario].padEnd(10), cpuS.toFixed(1)];
      const rest = [
        peakRssMB.toFixed(0),
        moves,
        (ratio ?? 1).toFixed(3),
        maxOverMean.disk.toFixed(3),
      ];
      console.log([...cells, ...rest].join('   '));
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

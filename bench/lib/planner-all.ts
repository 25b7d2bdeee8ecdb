/**
 * `npm run bench:planner:all [-- --sizes 10,50]`: the five standard sizes × three scenarios, each
 * in a process of its own, judged (by ../shared's judge when it is there, and always by the
 * verifier), and printed beside Cruise Control's figures.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generate } from './generator.ts';
import { cruiseControl } from './planner-peers.ts';

const { values } = parseArgs({ options: { sizes: { type: 'string' } } });
const sizes: [number, number, number][] = [
  [10, 5, 1000],
  [50, 5, 10000],
  [100, 10, 20000],
  [300, 10, 60000],
  [1000, 20, 200000],
];
const wanted = values.sizes?.split(',').map(Number);
const judge =
  process.env.ASGARD_JUDGE ??
  fileURLToPath(new URL('../../../shared/bench/generate_cluster.py', import.meta.url));
const planner = fileURLToPath(new URL('./planner.ts', import.meta.url));
const intents = { dead: 'heal', skew: 'rebalance', add: 'add' } as const;
const dir = mkdtempSync(join(tmpdir(), 'asgard-planner-'));

const judges = existsSync(judge) ? 'the generator’s judge and the verifier' : 'the verifier';
console.log(`ours / Cruise Control; judged by ${judges}`);
const outside = 'outside ± 10 %: disk, in, out, cpu, leaders, replicas (ours)';
const columns = ['size scenario', 'CPU s', 'RSS MB', 'bytes ÷ bound', 'leadership-only'];
console.log(
  [...columns, 'disk', 'net in', 'net out', 'leaders', 'replicas', 'moves', outside].join(' | '),
);
try {
  for (const [brokers, racks, partitions] of sizes) {
    if (wanted && !wanted.includes(brokers)) continue;
    for (const scenario of ['dead', 'skew', 'add'] as const) {
      printRow(brokers, racks, partitions, scenario);
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function printRow(
  brokers: number,
  racks: number,
  partitions: number,
  scenario: keyof typeof intents,
) {
  const file = join(dir, 'cluster.json');
  const out = join(dir, 'plan.json');
  writeFileSync(file, generate({ brokers, racks, partitions, scenario }));
  const args = [planner, file, '--intent', intents[scenario], '--out', out, '--json', '--verify'];
  const ours = JSON.parse(
    execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString(),
  );
  const judged = judgeOf(file, out);
  const peer = cruiseControl[`${brokers} ${scenario}`];
  const pair = (mine: number, theirs: number | undefined, digits = 2) =>
    `${mine.toFixed(digits)} / ${theirs?.toFixed(digits) ?? '–'}`.padEnd(13);
  const load = judged?.after;
  console.log(
    [
      `${String(brokers).padStart(4)} ${scenario.padEnd(8)}`,
      pair(ours.cpuS, peer?.cpuS).padEnd(14),
      ours.peakRssMB.toFixed(0).padStart(6),
      pair(bytesRatio(ours.movedBytes, judged) ?? ours.ratio ?? 1, peer?.ratio, 3),
      pair(ours.leadershipOnly, peer?.leadershipOnly, 0).padEnd(15),
      pair(load?.diskMB.maxOverMean ?? ours.maxOverMean.disk, peer?.disk),
      pair(load?.networkInKBps.maxOverMean ?? ours.maxOverMean.networkIn, peer?.networkIn),
      pair(load?.networkOutKBps.maxOverMean ?? ours.maxOverMean.networkOut, peer?.networkOut),
      pair(load?.leaders.maxOverMean ?? ours.maxOverMean.leaders, peer?.leaders),
      `${ours.maxOverMean.replicas.toFixed(2)} / ≤ 1.10`,
      pair(ours.moves, peer?.moves, 0),
      Object.values(ours.outside).join(' '),
    ].join(' | '),
  );
}

/** Bytes over the judge's own bound, which is the one that the peers' figures are over. */
function bytesRatio(bytes: number, judged: ReturnType<typeof judgeOf>): number | undefined {
  const bound = judged?.lowerBoundMB || judged?.diskBandLowerBoundMB;
  return bound ? bytes / 1e6 / bound : undefined;
}

function judgeOf(cluster: string, plan: string) {
  if (!existsSync(judge)) return undefined;
  const text = execFileSync('python3', [judge, '--evaluate', cluster, plan]).toString();
  const judged = JSON.parse(text);
  for (const wrong of ['rackViolations', 'onDead', 'wrongRf', 'duplicates', 'unknownPartitions']) {
    if (judged[wrong] !== 0) throw new Error(`${cluster}: ${wrong} ${judged[wrong]}`);
  }
  return judged;
}

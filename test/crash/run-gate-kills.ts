/**
 * `npm run test:gate-kills [-- --points N --seed S --from I --to J]`: strikes the load-test gate of
 * a real three-node cluster at N points (I to J of them), and prints how each ended. Exit status 1
 * on any violation. About 40 s a point.
 */
import { parseArgs } from 'node:util';
import { openBench } from './bench.ts';
import {
  calmGate,
  calmTest,
  pointsOf,
  type Struck,
  strikeGates,
  terminateGate,
} from './gate-series.ts';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    to: { type: 'string' },
  },
});
const bench = await openBench();
const stop = () => void bench.close().finally(() => process.exit(130));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

function show({ point: p, victim, late, ...r }: Struck, index: number): void {
  const place = p.during === 'runLoadTest' ? `measuring ${(p.where * 100).toFixed(0)} %` : p.during;
  const line = [
    String(index).padStart(2),
    place.padEnd(18),
    p.way.padEnd(17),
    victim.padEnd(7),
    (late ? 'too late' : r.outcome).padEnd(12),
    r.verdict.padEnd(8),
    `lost ${r.lost}`,
    `${r.seconds.toFixed(0).padStart(3)} s`,
    r.reasons.join('; ').slice(0, 150),
  ].join(' ');
  console.log([line, ...r.violations.map((v) => `   VIOLATION ${v}`)].join('\n'));
}

try {
  const before = await calmGate(bench, 'calm-before');
  const all = pointsOf(Number(values.points), Number(values.seed));
  const chosen = all
    .map((point, index) => ({ point, index }))
    .slice(Number(values.from), values.to === undefined ? undefined : Number(values.to));
  const results = await strikeGates(bench, chosen, show);
  const after = [
    ...(await calmGate(bench, 'calm-after')),
    ...(await terminateGate(bench, 'terminated')),
    ...(await calmTest(bench, 'calm-after-terminated')),
  ];
  const violations = [...before, ...results.flatMap((r) => r.violations), ...after];
  const count = (of: (r: Struck) => boolean) => results.filter(of).length;
  console.log(
    `\n${results.length} points: ${count((r) => r.verdict === 'unknown')} unknown, ` +
      `${count((r) => r.verdict === 'fail')} fail, ${count((r) => r.late)} too late; ` +
      `ready ${count((r) => !r.late && r.outcome === 'ready')}, ` +
      `acknowledged loss ${results.reduce((sum, r) => sum + r.lost, 0)}, ` +
      `violations ${violations.length}`,
  );
  for (const violation of [...before, ...after]) console.log(`VIOLATION ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
} finally {
  await bench.close();
}
process.exit();

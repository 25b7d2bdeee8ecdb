/**
 * `npm run test:crash [-- --trials N --seed S --from I --to J --three-nodes-every N --suite NAME]`:
 * a series, or the piece of it from trial I up to J, and the table of how each kind of trial ended.
 * Exit status 1 on any violation.
 */
import { parseArgs } from 'node:util';
import { odin } from './odin.ts';
import { runSeries, seriesViolations } from './series.ts';
import { stack } from './stack.ts';
import type { Suite } from './suite.ts';
import { tableOf } from './table.ts';
import type { TrialResult } from './trial.ts';

/** `odin`: its operations on a bench. `stack`: the same under `npm start -- --no-job`. */
const suites: Record<string, Suite> = { odin, stack };

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    to: { type: 'string' },
    'three-nodes-every': { type: 'string', default: '5' },
    suite: { type: 'string', default: 'odin' },
  },
});
const suite = suites[values.suite];
if (!suite) {
  console.error(`--suite: \`${values.suite}\` is none of ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}
const bench = await suite.open();
const stop = () => void bench.close().finally(() => process.exit(130));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

function show(result: TrialResult, index: number): void {
  const { scenario: s, cluster, outcome, verdict, reason, violations, seconds, struck } = result;
  const what = s.fault ? `${s.fault.kind} ${s.fault.call} #${s.fault.nth}` : s.moment;
  const columns = [
    String(index).padStart(3),
    cluster.padEnd(7),
    s.operation.padEnd(9),
    s.victim.padEnd(13),
    what.padEnd(34),
    outcome.padEnd(11),
    (verdict ?? '').padEnd(7),
    `${seconds.toFixed(1).padStart(6)} s`,
    ...(struck || outcome === 'skipped' ? [] : ['(too late to strike)']),
    reason.slice(0, 160),
  ];
  const found = violations.map((v) => `\n      VIOLATION ${v}`).join('');
  console.log(columns.join(' ').trimEnd() + found);
}

try {
  const results = await runSeries(bench, {
    suite,
    seed: Number(values.seed),
    from: Number(values.from),
    to: Number(values.to ?? values.trials),
    threeNodesEvery: Number(values['three-nodes-every']),
    onResult: show,
  });
  const whole = seriesViolations(results);
  console.log(`\n${tableOf(results)}`);
  for (const what of whole) console.log(`VIOLATION ${what}`);
  const found = results.flatMap((r) => r.violations).length + whole.length;
  console.log(`${results.length} trials, ${found} violations`);
  if (found > 0) process.exitCode = 1;
} finally {
  await bench.close();
}
process.exit();

/**
 * `npm run test:crash [-- --trials N --seed S --three-nodes-every N]`: the whole series, and the
 * table of how each kind of trial ended. Exit status 1 on any violation.
 */
import { parseArgs } from 'node:util';
import { openBench } from './bench.ts';
import { runSeries } from './series.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    'three-nodes-every': { type: 'string', default: '8' },
  },
});
const bench = await openBench();
const stop = () => void bench.close().finally(() => process.exit(130));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
try {
  const results = await runSeries(bench, {
    trials: Number(values.trials),
    seed: Number(values.seed),
    threeNodesEvery: Number(values['three-nodes-every']),
    onResult: ({ scenario: s, outcome, reason, violations, seconds, struck }, index) => {
      const what = s.fault ? `${s.fault.kind} ${s.fault.call} #${s.fault.nth}` : s.moment;
      console.log(
        `${String(index).padStart(3)} ${s.operation.padEnd(9)} ${s.victim.padEnd(8)} ${what.padEnd(34)} ` +
          `${outcome.padEnd(11)} ${seconds.toFixed(1).padStart(6)} s${struck ? '' : ' (too late to strike)'}` +
          `${reason ? ` ${reason.slice(0, 120)}` : ''}${violations.map((v) => `\n      VIOLATION ${v}`).join('')}`,
      );
    },
  });
  console.log(`\n${tableOf(results)}`);
  if (results.some((r) => r.violations.length > 0)) process.exitCode = 1;
} finally {
  await bench.close();
}
process.exit();

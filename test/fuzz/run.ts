/**
 * `npm run test:fuzz [-- --runs N --seed S]`: the whole campaign, and how everything was answered.
 * Exit status 1 on any answer that must not be.
 */
import { parseArgs } from 'node:util';
import { openFuzzBench } from './bench.ts';
import { type Figures, fuzzMessages, fuzzRoutes, fuzzWorkflow, victims } from './campaign.ts';
import { goodInputs } from './inputs.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
});
const runs = Number(values.runs);
const bench = await openFuzzBench(Number(values.seed));
const { campaign } = bench;
let faults = 0;

function print(what: string, figures: Figures): void {
  const answers = Object.entries(figures.answers)
    .sort(([, a], [, b]) => b - a)
    .map(([answer, count]) => `${answer} ${count}`);
  process.stdout.write(`${what.padEnd(18)} ${figures.sent} sent: ${answers.join(', ')}\n`);
  for (const fault of figures.faults) process.stdout.write(`  FAULT ${fault}\n`);
  faults += figures.faults.length;
}

try {
  const { entity, waiting } = await victims(campaign);
  for (const type of Object.keys(goodInputs).filter((t) => t !== 'cluster')) {
    print(type, await fuzzWorkflow(campaign, type, runs));
  }
  print('entity', await fuzzMessages(campaign, entity, Math.ceil(runs / 10)));
  print('operation', await fuzzMessages(campaign, waiting, Math.ceil(runs / 10)));
  print('routes', await fuzzRoutes(campaign, runs * 4));
  const list = await bench.ask('/v1/clusters');
  if (list.statusCode !== 200) faults += 1;
  process.stdout.write(`list afterwards: ${list.statusCode}\n${faults} faults\n`);
} finally {
  await bench.close();
}
process.exit(faults > 0 ? 1 : 0);

/** `asgard`: the command line. Every command talks to the HTTP API and to nothing else. */
import { Command } from 'commander';
import about from '../package.json' with { type: 'json' };
import { addCluster } from './commands/cluster.ts';
import { addOperations } from './commands/operations.ts';
import { addPlanAndApply } from './commands/plan-apply.ts';
import { endQuietlyWithReaders, goodOutcomes } from './output.ts';

const examples = `
Examples:
  asgard plan deploy/examples/cluster.yaml            what would be done
  asgard apply deploy/examples/cluster.yaml --yes     do it and test it under load
  asgard status example --watch                       follow a cluster
  asgard load-test example --rate max                 find the highest rate
  asgard protect example --off && asgard destroy example --confirm example

Exit status:
  0    done; an operation that was followed ended ${goodOutcomes.join(', ')}
       (\`tested\` with a pass); \`plan\`: no changes
  1    an error, or the operation ended otherwise
  2    \`plan\` only: there are changes
  130  Ctrl-C; an operation that was followed goes on

The API is found by ASGARD_API and ASGARD_TOKEN, else by what \`npm start\` wrote to ASGARD_HOME.
Colours: on a terminal; NO_COLOR=1 never, FORCE_COLOR=1 always.`;

endQuietlyWithReaders();
const program = new Command()
  .name('asgard')
  .description('Kafka infrastructure that runs itself')
  .version(about.version)
  .showHelpAfterError('(asgard --help shows the commands)')
  .addHelpText('after', examples);

addPlanAndApply(program);
addCluster(program);
addOperations(program);
await program.parseAsync();

/** `asgard`: the command line. Every command talks to the HTTP API and to nothing else. */
import { Command } from 'commander';
import { addCluster } from './commands/cluster.ts';
import { addOperations } from './commands/operations.ts';
import { addPlanAndApply } from './commands/plan-apply.ts';

const examples = `
Examples:
  asgard plan deploy/examples/cluster.json            what would be done
  asgard apply deploy/examples/cluster.json --yes     do it and test it under load
  asgard status example --watch                       follow a cluster
  asgard load-test example --rate max                 find the highest rate
  asgard protect example --off && asgard destroy example --confirm example

The API is found by ASGARD_API and ASGARD_TOKEN, else by what \`npm start\` wrote to ASGARD_HOME.`;

const program = new Command()
  .name('asgard')
  .description('Kafka infrastructure that runs itself')
  .version('0.1.0')
  .showHelpAfterError('(asgard --help shows the commands)')
  .addHelpText('after', examples);

addPlanAndApply(program);
addCluster(program);
addOperations(program);
await program.parseAsync();

/**
 * `npm run clean`: ends everything that Asgard runs on this ASGARD_HOME (stack and brokers) and
 * removes what it has written there. Only directories that Asgard makes are removed.
 */
import { existsSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { settingsFrom } from '../../contracts/settings.ts';
import { createLocalCloud, sweepStrangers } from '../../providers/cloud/local/cloud.ts';
import { isRunning, runningSupervisor, stopLeftOver } from './running.ts';

const settings = settingsFrom(process.env, homedir());
const { paths, home } = settings;
const say = (text: string) => void process.stderr.write(`asgard: ${text}\n`);

if (process.argv.includes('--help')) {
  process.stdout.write(
    'npm run clean: stop stack and brokers of ASGARD_HOME and remove its state\n',
  );
} else {
  await stopStack();
  await endBrokers();
  const own = [
    ...[paths.localCloud, paths.secrets, paths.journal, paths.logs, paths.tokenFile],
    ...[paths.stackFile, paths.workflowBundle, paths.nodeConfigs, `${home}/cloud`],
    ...['', '-shm', '-wal'].map((end) => paths.temporalDatabase + end),
  ];
  for (const path of own) rmSync(path, { recursive: true, force: true });
  say(`${home} is clean`);
}

/** Also the parts of a stack whose supervisor was killed: a worker could start brokers again. */
async function stopStack(): Promise<void> {
  const supervisor = runningSupervisor(settings);
  if (supervisor) {
    say(`stopping the stack (pid ${supervisor})`);
    process.kill(supervisor, 'SIGTERM');
    while (isRunning(supervisor)) await sleep(100);
  }
  await stopLeftOver(settings);
}

async function endBrokers(): Promise<void> {
  if (!existsSync(paths.localCloud)) return;
  const options = { dir: paths.localCloud, kafkaLibs: paths.kafkaLibs };
  const cloud = createLocalCloud(options);
  const alive = async () =>
    (await cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
  for (const { id } of await alive()) {
    say(`terminating ${id}`);
    await cloud.terminateInstance({ id });
  }
  while ((await alive()).length > 0) await sleep(200);
  for (const id of await sweepStrangers(options)) say(`ended ${id}, which no record knew`);
}

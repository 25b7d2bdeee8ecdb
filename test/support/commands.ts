/** Running commands as a user would: the CLI, `temporal`, and Kafka's own tools. */
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { settingsFrom } from '../../contracts/settings.ts';
import { root, temporalPath } from './processes.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs to the end; never throws for an exit status. `input` goes to its standard input. */
export function run(
  command: string,
  args: string[],
  { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, cwd: root });
    const ran: Ran = { code: 0, out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      ran.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      ran.err += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ran, code: code ?? 1 }));
    child.stdin.end(input);
  });
}

export const asgard = (args: string[], env: NodeJS.ProcessEnv): Promise<Ran> =>
  run(process.execPath, [join(root, 'cli/main.ts'), ...args], { env });

export const temporal = (args: string[], address: string): Promise<Ran> =>
  run(temporalPath(), [...args, '--address', address]);

/** A class of Kafka's own console tools, from the same jars that the brokers run. */
export function kafkaTool(tool: string, args: string[], input?: string): Promise<Ran> {
  const { kafkaLibs } = settingsFrom(process.env, homedir()).paths;
  const java = ['-cp', `${kafkaLibs}/*`, `org.apache.kafka.tools.${tool}`, ...args];
  return run('java', java, input === undefined ? {} : { input });
}

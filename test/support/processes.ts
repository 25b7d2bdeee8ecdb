/**
 * Real processes for tests: a Temporal server and workers that can be SIGKILLed and started again.
 * Everything is killed by pid at the end, and by a watchdog when the test process itself dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { searchAttributes } from '../../contracts/names.ts';
import { settingsFrom } from '../../contracts/settings.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const upWithinMs = 60_000;

/** A process that is started again by `revive` after a kill. */
export class Victim {
  private child: ChildProcess | undefined;
  private readonly options: {
    name: string;
    command: string;
    args: string[];
    env: NodeJS.ProcessEnv;
    log: string;
    isUp: (log: string) => Promise<boolean>;
  };

  constructor(options: Victim['options']) {
    this.options = options;
  }

  /** Of the process that runs; undefined when none does. */
  get pid(): number | undefined {
    return this.alive ? this.child?.pid : undefined;
  }

  get alive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && !this.child.signalCode;
  }

  /** Starts it unless it runs, and waits until it is up. */
  async revive(): Promise<void> {
    if (this.alive) return;
    const { name, command, args, env, log, isUp } = this.options;
    const from = existsSync(log) ? readFileSync(log).length : 0;
    const fd = openSync(log, 'a');
    const child = spawn(command, args, { env, stdio: ['ignore', fd, fd] });
    this.child = child;
    watchdog(child.pid);
    const end = Date.now() + upWithinMs;
    const text = () => readFileSync(log).subarray(from).toString();
    while (!(await isUp(text()))) {
      if (!this.alive || Date.now() > end) throw new Error(`${name} is not up:\n${text()}`);
      await sleep(25);
    }
  }

  /** SIGKILL, and waits for the end. */
  kill(): Promise<void> {
    return this.signal('SIGKILL');
  }

  /** SIGTERM, and waits for the end. */
  end(): Promise<void> {
    return this.signal('SIGTERM');
  }

  private async signal(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.child;
    if (!child || !this.alive) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

/**
 * Kills `pid` when this process ends in any way: a shell that waits for our end of a pipe. The
 * start time is compared first, since by then the number may be another process's.
 */
export function watchdog(pid: number | undefined): void {
  if (pid === undefined) return;
  const startTime = `cut -d' ' -f22 /proc/${pid}/stat 2> /dev/null`;
  const script = `t=$(${startTime}); cat > /dev/null; [ "$(${startTime})" = "$t" ] && kill -9 ${pid}`;
  whenThisProcessEnds(script, '');
}

/** Runs a shell script when this process ends in any way: its standard input ends with us. */
export function whenThisProcessEnds(script: string, argument: string): void {
  const guard = spawn('sh', ['-c', script, 'watchdog', argument], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void }).unref?.();
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

export const temporalPath = (): string => {
  const { temporalCli } = settingsFrom(process.env, homedir()).paths;
  return existsSync(temporalCli) ? temporalCli : 'temporal';
};

/** A Temporal dev server with a database file in `home`, so that it survives its own death. */
export async function temporalServer(home: string): Promise<{ server: Victim; address: string }> {
  const port = await freePort();
  const server = new Victim({
    name: 'temporal',
    command: temporalPath(),
    args: [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--log-level', 'error'],
      ...['--port', String(port), '--db-filename', join(home, 'temporal.db')],
      ...Object.values(searchAttributes).flatMap((a) => ['--search-attribute', `${a}=Keyword`]),
    ],
    env: process.env,
    log: join(home, 'temporal.log'),
    isUp: () => answers(port),
  });
  await server.revive();
  return { server, address: `127.0.0.1:${port}` };
}

interface ProcessOptions {
  home: string;
  address: string;
  env?: NodeJS.ProcessEnv;
  /** Where its log goes; default `home`. */
  logs?: string;
}

/** A real worker process, on all queues or on those that ASGARD_QUEUES in `env` names. */
export async function workerProcess(options: ProcessOptions & { name?: string }): Promise<Victim> {
  const { name = 'worker' } = options;
  const worker = houseProcess({ ...options, name, script: 'workers/main.ts' });
  await worker.revive();
  return worker;
}

export interface ApiProcess {
  victim: Victim;
  /** The same after a restart. */
  url: string;
  token: string;
}

/** The real API on a port of its own. */
export async function apiProcess(options: ProcessOptions): Promise<ApiProcess> {
  const port = await freePort();
  const token = 'token-for-tests-0123456789';
  const env = { ...options.env, ASGARD_API_PORT: String(port), ASGARD_TOKEN: token };
  const victim = houseProcess({ ...options, env, name: 'api', script: 'api/main.ts' });
  await victim.revive();
  return { victim, url: `http://127.0.0.1:${port}`, token };
}

function houseProcess(options: ProcessOptions & { name: string; script: string }): Victim {
  const { home, address, name, script, env = {}, logs = home } = options;
  return new Victim({
    name,
    command: process.execPath,
    args: [join(root, script)],
    env: { ...process.env, ASGARD_HOME: home, TEMPORAL_ADDRESS: address, ...env },
    log: join(logs, `${name}.log`),
    isUp: async (log) => log.includes('"ready":true'),
  });
}

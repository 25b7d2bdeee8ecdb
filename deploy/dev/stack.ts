/**
 * The development stack: Temporal, two worker processes, the API; started in order, watched,
 * started again when they die, stopped in the opposite order. Brokers are not part of it: they are
 * the cloud's machines and outlive it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { searchAttributes } from '../../contracts/names.ts';
import type { Settings, StackFile } from '../../contracts/settings.ts';
import { keepFilePrivate, keepPrivate } from '../../providers/files/private.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readyWithinMs = 90_000;
const stopWithinMs = 20_000;

export interface Stack {
  file: StackFile;
  token: string;
  stop(): Promise<void>;
}

/** Starts everything; rejects with the tail of a log when a part does not come up. */
export async function startStack(settings: Settings, say: (text: string) => void): Promise<Stack> {
  const { paths, home } = settings;
  preparePlaces(settings);
  await stopLeftOver(settings);
  const token = developmentToken(paths.tokenFile);
  const temporalPort = await port('ASGARD_TEMPORAL_PORT');
  const uiPort = await port('ASGARD_TEMPORAL_UI_PORT');
  const apiPort = await port('ASGARD_API_PORT');
  const temporalAddress = `127.0.0.1:${temporalPort}`;
  const common = { ...process.env, TEMPORAL_ADDRESS: temporalAddress, ASGARD_HOME: home };
  const parts: Part[] = [];
  const start = async (options: PartOptions) => {
    const part = new Part(options, paths.logs, say);
    parts.push(part);
    await part.start();
    say(`${options.name} is up`);
    return part;
  };
  const stop = async () => {
    for (const part of [...parts].reverse()) await part.stop();
    rmSync(paths.stackFile, { force: true });
  };
  try {
    const temporal = await start({
      name: 'temporal',
      command: temporalCommand(settings),
      args: temporalArguments(settings, temporalPort, uiPort),
      env: common,
      isReady: () => canConnect(temporalPort),
    });
    const node = process.execPath;
    const worker = (name: string, queues: string) =>
      start({
        name,
        command: node,
        args: [join(root, 'workers/main.ts')],
        env: { ...common, ASGARD_QUEUES: queues },
      });
    const control = await worker('worker-control', 'workflows,cloud,kafka');
    // The load generator gets a process of its own, so that it cannot starve the control plane.
    const load = await worker('worker-load', 'load');
    const api = await start({
      name: 'api',
      command: node,
      args: [join(root, 'api/main.ts')],
      env: { ...common, ASGARD_API_PORT: String(apiPort), ASGARD_TOKEN: token },
    });
    const pids = () => ({
      supervisor: process.pid,
      temporal: temporal.pid,
      api: api.pid,
      workers: [control.pid, load.pid],
    });
    const file: StackFile = {
      temporalAddress,
      temporalUiUrl: `http://127.0.0.1:${uiPort}`,
      namespace: 'default',
      apiUrl: `http://127.0.0.1:${apiPort}`,
      pids: pids(),
    };
    const write = () =>
      writeFileSync(paths.stackFile, JSON.stringify({ ...file, pids: pids() }, null, 2));
    write();
    for (const part of parts) part.onRestart = write;
    return { file, token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes them private, also those of a home that was there before with wider modes. */
function preparePlaces({ paths, home }: Settings): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const dir of [paths.logs, paths.secrets, paths.journal, paths.localCloud]) keepPrivate(dir);
  const database = ['', '-wal', '-shm'].map((end) => paths.temporalDatabase + end);
  for (const file of [paths.tokenFile, paths.stackFile, ...database]) keepFilePrivate(file);
}

interface PartOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Default: ready when it prints a line with `"ready":true`. */
  isReady?: () => Promise<boolean>;
}

/** One process of the stack. Detached from the terminal, so that Ctrl-C reaches only us. */
class Part {
  onRestart: () => void = () => undefined;
  private child: ChildProcess | undefined;
  private stopping = false;
  private up = false;
  private restarts = 0;
  private readonly options: PartOptions;
  private readonly log: string;
  private readonly say: (text: string) => void;

  constructor(options: PartOptions, logs: string, say: (text: string) => void) {
    this.options = options;
    this.log = join(logs, `${options.name}.log`);
    this.say = say;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { name, command, args, env, isReady } = this.options;
    const offset = existsSync(this.log) ? readFileSync(this.log).length : 0;
    const log = openSync(this.log, 'a', 0o600);
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', log, log] });
    this.child = child;
    let exited: string | undefined;
    child.once('error', (error) => {
      exited = error.message;
    });
    child.once('exit', (code, signal) => {
      exited = signal ?? `exit ${code}`;
      const wasUp = this.up;
      this.up = false;
      if (wasUp && !this.stopping) void this.restart(exited);
    });
    const printed = async () => this.logText(offset).includes('"ready":true');
    const end = Date.now() + readyWithinMs;
    while (!(await (isReady ?? printed)())) {
      if (exited !== undefined || Date.now() > end) {
        throw new Error(
          `${name} did not come up (${exited ?? 'no answer'}); ${this.log} ends with:\n${this.logText(offset).slice(-2000)}`,
        );
      }
      await sleep(100);
    }
    this.up = true;
  }

  private logText(offset: number): string {
    return readFileSync(this.log).subarray(offset).toString();
  }

  /** Any process may die: it is started again, more slowly each time. */
  private async restart(why: string): Promise<void> {
    this.restarts += 1;
    this.say(`${this.options.name} ended (${why}); starting it again`);
    await sleep(Math.min(10_000, 250 * 2 ** Math.min(6, this.restarts)));
    if (this.stopping) return;
    try {
      await this.start();
      this.onRestart();
      this.say(`${this.options.name} is up again`);
    } catch (error) {
      await this.restart(error instanceof Error ? error.message : String(error));
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await gone;
    clearTimeout(kill);
  }
}

function temporalCommand({ paths }: Settings): string {
  return existsSync(paths.temporalCli) ? paths.temporalCli : 'temporal';
}

function temporalArguments({ paths }: Settings, port: number, uiPort: number): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error'],
    ...['--port', String(port), '--ui-port', String(uiPort)],
    ...['--db-filename', paths.temporalDatabase],
    ...Object.values(searchAttributes).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

/** The port asked for in the environment, or a free one. */
async function port(variable: string): Promise<number> {
  const asked = Number(process.env[variable] ?? 0);
  if (asked > 0) return asked;
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const free = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(free));
    });
  });
}

async function canConnect(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function developmentToken(file: string): string {
  if (process.env.ASGARD_TOKEN) return process.env.ASGARD_TOKEN;
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const token = randomBytes(24).toString('base64url');
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  return token;
}

/** The stack that this home's file names, when its supervisor still runs. */
export function runningStack({ paths }: Settings): StackFile | undefined {
  if (!existsSync(paths.stackFile)) return undefined;
  const file = JSON.parse(readFileSync(paths.stackFile, 'utf8')) as StackFile;
  return runs(file.pids.supervisor, 'deploy/dev/start.ts') ? file : undefined;
}

/** A pid is only believed when its command line says what it should. */
export function runs(pid: number, word: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').includes(word);
  } catch {
    return false;
  }
}

/** Ends parts whose supervisor was killed: they hold the database. */
export async function stopLeftOver(settings: Settings): Promise<void> {
  const { paths } = settings;
  if (!existsSync(paths.stackFile)) return;
  const { pids } = JSON.parse(readFileSync(paths.stackFile, 'utf8')) as StackFile;
  const left = [
    ...[pids.api, ...pids.workers].filter((pid) => runs(pid, '/main.ts')),
    ...[pids.temporal].filter((pid) => runs(pid, paths.temporalDatabase)),
  ];
  for (const pid of left) process.kill(pid, 'SIGKILL');
  while (left.some((pid) => existsSync(`/proc/${pid}`))) await sleep(50);
  rmSync(paths.stackFile, { force: true });
}

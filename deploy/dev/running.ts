/**
 * What runs on an ASGARD_HOME: by the file that the supervisor keeps, and by the process table when
 * the file is gone, cut off or not to be believed. Only processes of this user are looked at.
 */
import {
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Settings, type StackFile, settingsFrom } from '../../contracts/settings.ts';

const supervisorProgram = 'deploy/dev/start.ts';

/** An argument that every part carries, so that it can be told from those of another home. */
export const markOf = ({ home }: Settings): string => `asgard.stack=${real(home)}`;

/** The file, when it is whole; a cut-off or strange one counts as none. */
export function readStackFile({ paths }: Settings): StackFile | undefined {
  try {
    const file = JSON.parse(readFileSync(paths.stackFile, 'utf8')) as StackFile;
    const { supervisor, temporal, api, workers } = file.pids;
    const pids = [supervisor, temporal, api, ...workers];
    const whole = pids.every(Number.isSafeInteger) && typeof file.apiUrl === 'string';
    return whole ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all: a reader never sees half of it, whenever the writer is killed. */
export function writeStackFile({ paths }: Settings, file: StackFile): void {
  const draft = `${paths.stackFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, paths.stackFile);
}

/**
 * The supervisor on this home besides this process; undefined when there is none. Of two that start
 * at the same time, the older one does not see the other and goes on.
 */
export function runningSupervisor(settings: Settings): number | undefined {
  const found = ownProcesses().filter((pid) => isSupervisorOn(pid, settings));
  const [oldest] = found.sort((a, b) => startOf(a) - startOf(b) || a - b);
  return oldest === process.pid ? undefined : oldest;
}

function isSupervisorOn(pid: number, { home }: Settings): boolean {
  const [node = ''] = argumentsOf(pid);
  return /(^|\/)node$/.test(node) && isRunning(pid) && real(homeOf(pid)) === real(home);
}

/** True while `pid` runs a supervisor. */
export const isRunning = (pid: number): boolean =>
  argumentsOf(pid).some((a) => a === supervisorProgram || a.endsWith(`/${supervisorProgram}`));

/** Kills parts whose supervisor is gone: they hold the database. Resolves when they have ended. */
export async function stopLeftOver(settings: Settings): Promise<void> {
  const { paths } = settings;
  const pids = readStackFile(settings)?.pids;
  // A pid of the file is only believed when its command line says what it should.
  const told = pids
    ? [
        ...[pids.api, ...pids.workers].filter((pid) => argumentsOf(pid).some(isPart)),
        ...[pids.temporal].filter((pid) => argumentsOf(pid).includes(paths.temporalDatabase)),
      ]
    : [];
  const left = new Set([...told, ...markedProcesses(settings)]);
  for (const pid of left) kill(pid);
  while ([...left].some((pid) => argumentsOf(pid).length > 0)) await sleep(50);
  rmSync(paths.stackFile, { force: true });
}

const isPart = (argument: string): boolean => /\/(workers|api)\/main\.ts$/.test(argument);

/** Parts by their mark, and the Temporal server by its database. */
function markedProcesses(settings: Settings): number[] {
  const mark = markOf(settings);
  const database = real(settings.paths.temporalDatabase);
  return ownProcesses().filter((pid) => {
    const args = argumentsOf(pid);
    if (args.includes(mark)) return true;
    return (
      args.includes('start-dev') && args.some((a) => a.endsWith('.db') && real(a) === database)
    );
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ownProcesses(): number[] {
  const uid = process.getuid?.();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => quietly(() => statSync(`/proc/${pid}`).uid, -1) === uid);
}

/** Empty for a process that is gone, and for one that has ended and waits for its parent. */
const argumentsOf = (pid: number): string[] =>
  quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '')
    .split('\0')
    .filter((argument) => argument !== '');

/** The home that a process was started with. */
function homeOf(pid: number): string {
  const lines = quietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8'), '').split('\0');
  const env = Object.fromEntries(lines.map((l) => [l.split('=')[0], l.slice(l.indexOf('=') + 1)]));
  const cwd = quietly(() => realpathSync(`/proc/${pid}/cwd`), '/');
  return resolve(cwd, settingsFrom(env, env.HOME ?? '').home);
}

/** Clock ticks since boot at which it was started: the 22nd field, after the name in brackets. */
function startOf(pid: number): number {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), '');
  return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? 0);
}

const real = (path: string): string => quietly(() => realpathSync(path), resolve(path));

function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

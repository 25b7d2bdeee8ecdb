/**
 * `npm start` as a process of a test: a home of its own, what it says, and its parts' ends whatever
 * happens to the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Settings, type StackFile, settingsFrom } from '../../contracts/settings.ts';
import { readStackFile } from '../../deploy/dev/running.ts';
import { asgard, type Ran, run } from '../support/commands.ts';
import { root, watchdog } from '../support/processes.ts';

const patienceMs = 90_000;

/** Resolves when `ready` says so; rejects with `what` when it never does. */
export async function until(what: string, ready: () => boolean): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!ready()) {
    if (Date.now() > end) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await sleep(50);
  }
}

export interface Supervised {
  child: ChildProcess;
  said(): string;
  /** Resolves when the stack is up; rejects when it ends before. */
  up: Promise<void>;
  ended: Promise<number | string>;
}

export interface Home {
  dir: string;
  settings: Settings;
  start(args?: string[], env?: NodeJS.ProcessEnv): Supervised;
  cli(...args: string[]): Promise<Ran>;
  clean(): Promise<Ran>;
  /** The stack file, which must be there. */
  file(): StackFile;
  /** Ids of every process that has this home in its command line. */
  processes(): number[];
  /** Ends everything and removes the home. Safe to repeat. */
  remove(): Promise<void>;
}

/** A new home; nothing runs in it yet. */
export function newHome(): Home {
  const dir = mkdtempSync(join(tmpdir(), 'asgard-stack-'));
  const settings = settingsFrom({ ...process.env, ASGARD_HOME: dir }, '');
  endWithThisProcess(dir);
  const supervisors: ChildProcess[] = [];
  const env = { ASGARD_HOME: dir };
  const start = (args: string[] = ['--no-job'], more: NodeJS.ProcessEnv = {}): Supervised => {
    const child = spawn(process.execPath, [join(root, 'deploy/dev/start.ts'), ...args], {
      env: { ...process.env, ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    watchdog(child.pid);
    supervisors.push(child);
    let text = '';
    const ended = new Promise<number | string>((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
    );
    const up = new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk) => {
          text += chunk;
          if (/^asgard: Temporal {2}/m.test(text)) resolve();
        });
      }
      void ended.then((code) => reject(new Error(`ended (${code}):\n${text}`)));
    });
    up.catch(() => undefined);
    return { child, said: () => text, up, ended };
  };
  return {
    dir,
    settings,
    start,
    cli: (...args) => asgard(args, { ...env, ASGARD_API: '', ASGARD_TOKEN: '' }),
    clean: () => run(process.execPath, [join(root, 'deploy/dev/clean.ts')], { env }),
    file: () => {
      const file = readStackFile(settings);
      if (!file) throw new Error('there is no whole stack file');
      return file;
    },
    processes: () => processesNaming(dir),
    remove: async () => {
      for (const child of supervisors) child.kill('SIGKILL');
      for (const pid of processesNaming(dir)) killQuietly(pid);
      await until('all processes have ended', () => processesNaming(dir).length === 0);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function processesNaming(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const command = commandOf(pid);
      return command.includes(dir) && !command.includes('stack-watchdog');
    });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A shell that waits for our end of a pipe and then kills what names `dir` in its command line. */
function endWithThisProcess(dir: string): void {
  const script = `cat > /dev/null
    for p in /proc/[0-9]*; do
      [ "$p" = "/proc/$$" ] && continue
      case $(tr '\\0' ' ' < "$p/cmdline") in
        *stack-watchdog*) ;;
        *"$1"*) kill -s KILL "\${p#/proc/}" ;;
      esac
    done 2> /dev/null`;
  const guard = spawn('sh', ['-c', script, 'stack-watchdog', dir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void }).unref?.();
}

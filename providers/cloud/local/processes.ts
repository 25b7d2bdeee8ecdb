/**
 * Machines of the local cloud are process groups. A group is found by the instance id in its
 * command line, never by a remembered pid alone, and only such verified processes are ever
 * signalled.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** Carried in the command line of every process of an instance. */
export const mark = (instanceId: string): string => `asgard.instance=${instanceId}`;

/**
 * Pid of a live process of the instance; `hint` (the pid last seen) is verified before it is used.
 */
export function findProcess(instanceId: string, hint?: number): number | undefined {
  if (hint !== undefined && carries(hint, instanceId)) return hint;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== process.pid && carries(pid, instanceId)) return pid;
  }
  return undefined;
}

function carries(pid: number, instanceId: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const wanted = mark(instanceId);
    return words.some((w) => w === wanted || w === `-D${wanted}`) && !isZombie(pid);
  } catch {
    return false; // It ended while being looked at.
  }
}

/** The fields after the command name, which may itself hold spaces and brackets. */
const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];

const isZombie = (pid: number): boolean => statOf(pid)[0] === 'Z';

/** Signals the whole group of a verified process; accepts that it has just ended. */
export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    const group = Number(statOf(pid)[2]);
    // Group 0 and 1 would be everybody's or the system's.
    if (group > 1) process.kill(-group, signal);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/**
 * Starts a machine in a session of its own, so that it outlives the caller. The kernel lock on
 * `lockFile` is held by the machine itself: a second one for the same instance waits in vain and
 * ends, even when its starter never learned of the first.
 */
export function startMachine(options: {
  instanceId: string;
  script: string;
  lockFile: string;
  consoleLog: string;
}): number | undefined {
  const log = openSync(options.consoleLog, 'a', 0o600);
  try {
    const child = spawn(
      'flock',
      ['-w', '10', '--no-fork', options.lockFile, 'sh', options.script, mark(options.instanceId)],
      { detached: true, stdio: ['ignore', log, log], env: machineEnvironment() },
    );
    child.on('error', () => undefined); // No flock: seen as a machine that never came up.
    child.unref();
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** A machine gets a clean environment: nothing of the worker's secrets or options leaks into it. */
const machineEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  ...(process.env.JAVA_HOME ? { JAVA_HOME: process.env.JAVA_HOME } : {}),
  ...(process.env.ASGARD_TEST_RUN ? { ASGARD_TEST_RUN: process.env.ASGARD_TEST_RUN } : {}),
});

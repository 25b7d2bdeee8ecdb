/**
 * Machines of the local cloud are process groups. A group is found by the instance id in the
 * command line of its leader, never by a remembered pid alone, and only such verified processes are
 * ever signalled: a person's `grep` for an instance id carries the id too, and must not be hit.
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';

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
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const wanted = mark(instanceId);
    const says = line.split('\0').some((w) => w === wanted || w === `-D${wanted}`);
    return (says || (line === '' && isIn(pid, instanceId))) && isMachine(pid);
  } catch {
    return false; // It ended while being looked at.
  }
}

/**
 * While flock, shell and JVM replace each other by exec, the command line reads as empty for an
 * instant (seen about once in 5000 looks). The working directory goes on through it, so that a
 * machine in the middle of its boot is not taken for dead, and then stopped for it.
 */
const isIn = (pid: number, instanceId: string): boolean =>
  basename(readlinkSync(`/proc/${pid}/cwd`)) === instanceId;

/**
 * Tells one run of a machine from the next: pid and start time of its leader, which the execs of
 * its boot leave as they are. Undefined when it has just ended.
 */
export function runOf(pid: number): string | undefined {
  try {
    return `${pid}@${statOf(pid)[startTimeField]}`;
  } catch {
    return undefined;
  }
}

/** When the process was started, ms since the epoch; undefined when it has just ended. */
export function startedAt(pid: number): number | undefined {
  try {
    const uptimeS = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const bootedAt = Date.now() - uptimeS * 1000;
    return Math.round(bootedAt + (Number(statOf(pid)[startTimeField]) * 1000) / ticksPerS);
  } catch {
    return undefined;
  }
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerS = 100;

/** `starttime`, field 22 of proc(5)'s stat, counted from the field after the command name. */
const startTimeField = 19;

/** The fields after the command name, which may itself hold spaces and brackets. */
const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];

/**
 * Alive and the leader of its own session: `startMachine` makes one, and flock, shell and JVM
 * replace each other in it by exec. What a shell or a worker runs has their session instead.
 */
function isMachine(pid: number): boolean {
  const [state, , group, session] = statOf(pid);
  return state !== 'Z' && Number(group) === pid && Number(session) === pid;
}

/**
 * Signals the group that a verified process (one that `findProcess` answered) leads; accepts that
 * it has just ended. Never signals the group of anybody who leads none.
 */
export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    // Groups 0 and 1 would be everybody's and the system's.
    if (pid > 1 && isMachine(pid)) process.kill(-pid, signal);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/**
 * Starts a machine in a session of its own, so that it outlives the caller, and in `dir`, which
 * must be named as the instance is. The kernel lock on the file in it is held by the machine
 * itself: a second one for the same instance waits in vain and ends, even when its starter never
 * learned of the first. Throws when the log cannot be opened; a missing command is told in the log.
 */
export function startMachine(options: {
  instanceId: string;
  script: string;
  dir: string;
  consoleLog: string;
}): number | undefined {
  const { instanceId, script, dir, consoleLog } = options;
  const log = openSync(consoleLog, 'a', 0o600);
  try {
    const child = spawn(
      'flock',
      ['-w', '10', '--no-fork', join(dir, 'lock'), 'sh', script, mark(instanceId)],
      { detached: true, cwd: dir, stdio: ['ignore', log, log], env: machineEnvironment() },
    );
    child.on('error', ({ message }) => tell(consoleLog, `the machine failed to start: ${message}`));
    child.unref();
    return child.pid;
  } finally {
    closeSync(log);
  }
}

function tell(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`);
  } catch {
    // Seen as a machine that never came up, without its reason.
  }
}

/**
 * Instance ids of machines that run from below `dir`, known or not: by the paths in their command
 * lines.
 */
export function machinesBelow(dir: string): string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const id = /asgard\.instance=([\w-]+)/.exec(line)?.[1];
      return id && line.includes(`${dir}/`) && isMachine(Number(name)) ? [id] : [];
    } catch {
      return []; // No process, or it ended while being looked at.
    }
  });
}

/** A machine gets a clean environment: nothing of the worker's secrets or options leaks into it. */
const machineEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  ...(process.env.JAVA_HOME ? { JAVA_HOME: process.env.JAVA_HOME } : {}),
  ...(process.env.ASGARD_TEST_RUN ? { ASGARD_TEST_RUN: process.env.ASGARD_TEST_RUN } : {}),
});

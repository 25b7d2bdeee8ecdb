/**
 * One process of the development stack: started, waited for, started again when it dies, stopped.
 * It knows nothing of what the process does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const readyWithinMs = 90_000;
/** Who ran so long has recovered: the next restart is a quick one again. */
const recoveredMs = 60_000;
const stopWithinMs = 20_000;

export interface PartOptions {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Default: ready when it prints a line with `"ready":true`. */
  isReady?: () => Promise<boolean>;
  /** Default: it stays. `once`: it does its work and ends, and is ready then. */
  runs?: 'once';
  /** Default 90 s, and a minute. */
  patienceMs?: { ready?: number; recovered?: number };
}

/** Detached from the terminal, so that Ctrl-C reaches only the supervisor. */
export class Part {
  onRestart: () => void = () => undefined;
  private child: ChildProcess | undefined;
  private stopping = false;
  private up = false;
  private upSince = 0;
  private restarts = 0;
  private readonly options: PartOptions;
  private readonly log: string;
  private readonly say: (text: string) => void;

  constructor(options: PartOptions, logs: string, say: (text: string) => void) {
    this.options = options;
    this.log = join(logs, `${options.name}.log`);
    this.say = say;
  }

  /** 0 before it was started. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Resolves when it is ready; rejects with the tail of its log when it does not come up. */
  async start(): Promise<void> {
    const { name, command, args, env, isReady, runs, patienceMs } = this.options;
    if (this.stopping) throw new Error(`${name} was stopped`);
    const offset = existsSync(this.log) ? readFileSync(this.log).length : 0;
    const log = openSync(this.log, 'a', 0o600);
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
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
    const ready = runs === 'once' ? async () => exited === 'exit 0' : (isReady ?? printed);
    const end = Date.now() + (patienceMs?.ready ?? readyWithinMs);
    while (!(await ready())) {
      if (exited !== undefined || Date.now() > end) {
        // One that comes up after all would run beside the next one, and nobody would end it.
        child.kill('SIGKILL');
        throw this.failure(exited ?? 'no answer', offset);
      }
      await sleep(50);
    }
    // It was ready and is gone again: nobody would start it, since it was not up when it ended.
    if (exited !== undefined && runs !== 'once') throw this.failure(exited, offset);
    this.up = runs !== 'once';
    this.upSince = Date.now();
  }

  private failure(why: string, offset: number): Error {
    const said = this.logText(offset).slice(-2000);
    return new Error(
      `${this.options.name} did not come up (${why}); ${this.log} ends with:\n${said}`,
    );
  }

  private logText(offset: number): string {
    return readFileSync(this.log).subarray(offset).toString();
  }

  /** Any process may die: it is started again, more slowly each time until it stays up. */
  private async restart(why: string): Promise<void> {
    const recovered = this.options.patienceMs?.recovered ?? recoveredMs;
    if (this.upSince > 0 && Date.now() - this.upSince > recovered) this.restarts = 0;
    this.upSince = 0;
    this.restarts += 1;
    const waitMs = Math.min(10_000, 250 * 2 ** Math.min(6, this.restarts));
    this.say(`${this.options.name} ended (${why}); starting it again in ${waitMs / 1000} s`);
    await sleep(waitMs);
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

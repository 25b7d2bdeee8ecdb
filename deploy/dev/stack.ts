/**
 * The development stack: Temporal, two control workers, a load worker, the API; watched, started
 * again when they die, stopped in the opposite order. Brokers are not part of it: they are the
 * cloud's machines and outlive it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings, StackFile } from '../../contracts/settings.ts';
import { keepFilePrivate, keepPrivate } from '../../providers/files/private.ts';
import { Part, type PartOptions } from './part.ts';
import { markOf, readStackFile, stopLeftOver, writeStackFile } from './running.ts';
import { ownTemporal, type TemporalChoice, temporalServer } from './temporal.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = (path: string): string => join(root, path);
const controlQueues = 'workflows,cloud,kafka';
/** How long a damaged or missing stack file stays so while the supervisor runs. */
const fileCheckMs = 2_000;

export interface Stack {
  file: StackFile;
  token: string;
  stop(): Promise<void>;
}

export interface StackOptions {
  settings: Settings;
  /** A Temporal outside, by the name of its profile; default: a server of the stack's own. */
  temporalProfile?: string | undefined;
  say(text: string): void;
}

/** Starts everything; rejects with the tail of a log when a part does not come up. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { settings, say } = options;
  const { paths, home } = settings;
  preparePlaces(settings);
  await stopLeftOver(settings);
  const token = developmentToken(paths.tokenFile);
  const parts: Part[] = [];
  const start = async (part: PartOptions): Promise<Part> => {
    const args = part.name === 'temporal' ? part.args : [...part.args, markOf(settings)];
    const started = new Part({ ...part, args }, paths.logs, say);
    parts.push(started);
    await started.start();
    if (part.runs !== 'once') say(`${part.name} is up`);
    return started;
  };
  let check: NodeJS.Timeout | undefined;
  const stop = async () => {
    clearInterval(check);
    for (const part of [...parts].reverse()) await part.stop();
    rmSync(paths.stackFile, { force: true });
  };
  try {
    // The workflows' code is bundled once, while Temporal comes up, and not by each worker.
    const env = { ...process.env, ASGARD_HOME: home };
    const bundled = start({ ...nodeOf('bundle', 'workers/bundle.ts', env), runs: 'once' });
    bundled.catch(() => undefined);
    const temporal = await chooseTemporal(options, env, start);
    const { workers, api, apiUrl } = await startParts(settings, {
      temporal,
      token,
      bundled,
      start,
    });
    const file = (): StackFile => ({
      temporalAddress: temporal.address,
      ...(temporal.uiUrl ? { temporalUiUrl: temporal.uiUrl } : {}),
      namespace: temporal.namespace,
      apiUrl,
      pids: {
        supervisor: process.pid,
        temporal: temporal.server?.pid ?? 0,
        api: api.pid,
        workers: workers.map((w) => w.pid),
      },
    });
    const write = () => writeStackFile(settings, file());
    write();
    for (const part of parts) part.onRestart = write;
    check = setInterval(() => mendStackFile(settings, file()), fileCheckMs);
    return { file: file(), token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Start = (part: PartOptions) => Promise<Part>;

const nodeOf = (name: string, path: string, env: NodeJS.ProcessEnv): PartOptions => ({
  name,
  command: process.execPath,
  args: [program(path)],
  env,
});

interface ChosenTemporal extends TemporalChoice {
  /** Of the stack's own server only. */
  uiUrl?: string;
  server?: Part;
}

async function chooseTemporal(
  { settings, temporalProfile }: StackOptions,
  env: NodeJS.ProcessEnv,
  start: Start,
): Promise<ChosenTemporal> {
  if (temporalProfile) {
    // Loaded when it is needed: it brings a client of Temporal along, which the stack is not.
    const { temporalOfProfile } = await import('./outside.ts');
    return temporalOfProfile(env, temporalProfile);
  }
  const port = await portOf('ASGARD_TEMPORAL_PORT');
  const uiPort = await portOf('ASGARD_TEMPORAL_UI_PORT');
  const own = ownTemporal(env, settings, port);
  const server = await start(temporalServer(settings, { port, uiPort, env: own.env }));
  return { ...own, uiUrl: `http://127.0.0.1:${uiPort}`, server };
}

interface Parts {
  temporal: TemporalChoice;
  token: string;
  bundled: Promise<unknown>;
  start: Start;
}

/** Side by side: none of them needs another to come up. */
async function startParts(settings: Settings, { temporal, token, bundled, start }: Parts) {
  const apiPort = await portOf('ASGARD_API_PORT');
  const worker = (name: string, queues: string) => {
    const env = {
      ...temporal.env,
      ASGARD_QUEUES: queues,
      ASGARD_WORKFLOW_BUNDLE: settings.paths.workflowBundle,
    };
    return start(nodeOf(name, 'workers/main.ts', env));
  };
  const apiEnv = { ...temporal.env, ASGARD_API_PORT: String(apiPort), ASGARD_TOKEN: token };
  // Two, so that the other one takes over when one dies; the load generator gets a process of its
  // own, so that it cannot starve the control plane.
  const control = (name: string) => bundled.then(() => worker(name, controlQueues));
  const [api, ...workers] = await Promise.all([
    start(nodeOf('api', 'api/main.ts', apiEnv)),
    control('worker-control-1'),
    control('worker-control-2'),
    worker('worker-load', 'load'),
  ]);
  return { api, workers, apiUrl: `http://127.0.0.1:${apiPort}` };
}

/** Makes them private, also those of a home that was there before with wider modes. */
function preparePlaces({ paths, home }: Settings): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const dir of [paths.logs, paths.secrets, paths.journal, paths.localCloud]) keepPrivate(dir);
  const database = ['', '-wal', '-shm'].map((end) => paths.temporalDatabase + end);
  for (const file of [paths.tokenFile, paths.stackFile, ...database]) keepFilePrivate(file);
}

/** The CLI and `npm run clean` look for the stack there, whatever happened to the file. */
function mendStackFile(settings: Settings, file: StackFile): void {
  if (JSON.stringify(readStackFile(settings)) === JSON.stringify(file)) return;
  try {
    writeStackFile(settings, file);
  } catch {
    // The home itself is gone; whoever removed it knows.
  }
}

/** The port asked for in the environment, or a free one. */
async function portOf(variable: string): Promise<number> {
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

function developmentToken(file: string): string {
  if (process.env.ASGARD_TOKEN) return process.env.ASGARD_TOKEN;
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const token = randomBytes(24).toString('base64url');
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  return token;
}

/** HTTP to the API: the CLI's only way to anything. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { type Settings, type StackFile, settingsFrom } from '../contracts/settings.ts';
import type { Violation } from '../contracts/spec.ts';
import { violationsText } from '../domain/cluster/violations-text.ts';

/** RFC 9457 body as the API sends it. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  remedy?: string;
  violations?: Violation[];
  operationId?: string;
}

/** What went wrong, ready to be shown; `problem` is set when the API said so. */
export class CommandError extends Error {
  readonly problem: ProblemBody | undefined;
  constructor(message: string, problem?: ProblemBody) {
    super(message);
    this.problem = problem;
  }
}

export interface Api {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  send<T>(method: string, path: string, body?: unknown, key?: string): Promise<T>;
  /** The raw answer, for event streams. */
  open(path: string, signal?: AbortSignal): Promise<Response>;
}

/** Address and token from ASGARD_API and ASGARD_TOKEN, or from what `npm start` wrote down. */
export function connectApi(env: NodeJS.ProcessEnv): Api {
  const settings = settingsFrom(env, homedir());
  const url = env.ASGARD_API ?? stackOf(settings).apiUrl;
  const token = env.ASGARD_TOKEN ?? tokenOf(settings);
  const request = async (method: string, path: string, init: RequestInit): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${token}` };
    const response = await fetch(url + path, { ...init, method, headers }).catch(() => {
      throw new CommandError(`nothing answers at ${url}; start the stack with \`npm start\``);
    });
    if (!response.ok) throw await failureOf(response);
    return response;
  };
  return {
    url,
    get: async (path) => (await request('GET', path, {})).json() as never,
    send: async (method, path, body, key) => {
      const headers = {
        'content-type': 'application/json',
        ...(key ? { 'idempotency-key': key } : {}),
      };
      return (
        await request(method, path, { headers, body: JSON.stringify(body ?? {}) })
      ).json() as never;
    },
    open: (path, signal) => request('GET', path, signal ? { signal } : {}),
  };
}

function stackOf({ paths }: Settings): StackFile {
  try {
    return JSON.parse(readFileSync(paths.stackFile, 'utf8')) as StackFile;
  } catch {
    throw new CommandError(
      'no running stack is known: start it with `npm start`, or set ASGARD_API and ASGARD_TOKEN',
    );
  }
}

function tokenOf({ paths }: Settings): string {
  try {
    return readFileSync(paths.tokenFile, 'utf8').trim();
  } catch {
    throw new CommandError(
      `no API token: set ASGARD_TOKEN, or start the stack once with npm start`,
    );
  }
}

async function failureOf(response: Response): Promise<CommandError> {
  const problem = (await response.json().catch(() => undefined)) as ProblemBody | undefined;
  if (!problem?.detail) return new CommandError(`the API answered ${response.status}`);
  const lines = [
    `${problem.title}: ${problem.detail}`,
    ...(problem.violations ? [violationsText(problem.violations)] : []),
    ...(problem.operationId ? [`  running: ${problem.operationId}`] : []),
    ...(problem.remedy ? [`  ${problem.remedy}`] : []),
  ];
  return new CommandError(lines.join('\n'), problem);
}

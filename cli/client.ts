/** HTTP to the API: the CLI's only way to anything. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { type Settings, settingsFrom } from '../contracts/settings.ts';
import type { Violation } from '../contracts/spec.ts';
import { violationsText } from '../domain/cluster/violations-text.ts';
import { causeText } from './causes.ts';

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

/** A path from words that people gave: each stays one segment, whatever is in it. */
export const pathOf = (fixed: TemplateStringsArray, ...words: string[]): string =>
  String.raw({ raw: fixed }, ...words.map(encodeURIComponent));

/** An operation's path. Its id is one already, segment by segment. */
export const operationPath = (id: string): string =>
  `/v1/operations/${id.split('/').map(encodeURIComponent).join('/')}`;

/** A value and where it came from, since that is where it must be mended. */
interface Sourced {
  value: string;
  from: string;
}

/** Longer than the API's own longest wait (a plan, 60 s). */
const answerWithinMs = 120_000;

/**
 * Address and token from ASGARD_API and ASGARD_TOKEN, or from what `npm start` wrote down. Fails
 * with CommandError when either is missing or cannot be one; nothing is sent yet.
 */
export function connectApi(env: NodeJS.ProcessEnv): Api {
  const settings = settingsFrom(env, homedir());
  const address = addressOf(env, settings);
  const token = tokenOf(env, settings);
  const noAnswer = (error: unknown): never => {
    throw new CommandError(causeText(error, address));
  };
  const request = async (method: string, path: string, init: RequestInit): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${token.value}` };
    const response = await fetch(address.value + path, { ...init, method, headers }).catch(
      noAnswer,
    );
    if (!response.ok) throw await failureOf(response, { address, token });
    return response;
  };
  const answer = async (method: string, path: string, init: RequestInit = {}) => {
    const signal = AbortSignal.timeout(answerWithinMs);
    const response = await request(method, path, { ...init, signal });
    const text = await response.text().catch(noAnswer);
    try {
      return JSON.parse(text);
    } catch {
      throw new CommandError(strangerText(response, address));
    }
  };
  return {
    url: address.value,
    get: (path) => answer('GET', path),
    send: (method, path, body, key) => {
      const headers = { 'content-type': 'application/json', ...keyHeader(key) };
      return answer(method, path, { headers, body: JSON.stringify(body ?? {}) });
    },
    open: (path, signal) => request('GET', path, signal ? { signal } : {}),
  };
}

function addressOf(env: NodeJS.ProcessEnv, { paths }: Settings): Sourced {
  const given = env.ASGARD_API?.trim();
  if (given) return { value: checkedAddress(given), from: 'ASGARD_API' };
  try {
    const { apiUrl } = JSON.parse(readFileSync(paths.stackFile, 'utf8')) as { apiUrl: string };
    return { value: checkedAddress(apiUrl), from: paths.stackFile };
  } catch {
    throw new CommandError(
      `no running stack is known (${paths.stackFile} is missing or damaged):` +
        ' start it with `npm start`, or set ASGARD_API and ASGARD_TOKEN',
    );
  }
}

/** Without the slash at its end; a path before it stays, for an API behind a proxy. */
function checkedAddress(given: string): string {
  const refused = (why: string) => new CommandError(`ASGARD_API is \`${given}\`: ${why}`);
  if (!/^https?:\/\//i.test(given)) {
    throw refused(`an address begins with http:// or https://, such as http://127.0.0.1:8080`);
  }
  if (!URL.canParse(given)) throw refused('this is no address');
  const url = new URL(given);
  if (url.username || url.password) {
    throw new CommandError('ASGARD_API has a user or password in it; the token is ASGARD_TOKEN');
  }
  if (url.search || url.hash) throw refused('an address ends before `?` and `#`');
  return url.href.replace(/\/+$/, '');
}

function tokenOf(env: NodeJS.ProcessEnv, { paths }: Settings): Sourced {
  if (env.ASGARD_TOKEN?.trim()) return checkedToken(env.ASGARD_TOKEN.trim(), 'ASGARD_TOKEN');
  let text: string;
  try {
    text = readFileSync(paths.tokenFile, 'utf8').trim();
  } catch {
    throw new CommandError(
      'no API token: set ASGARD_TOKEN, or start the stack once with `npm start`',
    );
  }
  return checkedToken(text, paths.tokenFile);
}

/** The token itself is never shown. */
function checkedToken(value: string, from: string): Sourced {
  const at = value.search(/[^\x21-\x7e]/);
  if (at < 0 && value) return { value, from };
  const what = value ? `character ${at + 1} (${characterName(value, at)})` : 'nothing in it';
  throw new CommandError(
    `the token from ${from} has ${what}; a token is one word of visible ASCII characters`,
  );
}

function keyHeader(key: string | undefined): Record<string, string> {
  if (key === undefined) return {};
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return { 'idempotency-key': key };
  const at = key.search(/[^\x21-\x7e]/);
  const what = at < 0 ? `it has ${key.length}` : `character ${at + 1} is ${characterName(key, at)}`;
  throw new CommandError(
    `--idempotency-key takes 1 to 255 visible ASCII characters, no blanks: ${what}`,
  );
}

function characterName(text: string, at: number): string {
  const code = text.codePointAt(at) ?? 0;
  const names: Record<number, string> = { 10: 'a line break', 13: 'a line break', 32: 'a blank' };
  return names[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

async function failureOf(
  response: Response,
  { address, token }: { address: Sourced; token: Sourced },
): Promise<CommandError> {
  const problem = (await response.json().catch(() => undefined)) as ProblemBody | undefined;
  if (!problem?.detail) return new CommandError(strangerText(response, address));
  const remedy = response.status === 401 ? `The token came from ${token.from}.` : problem.remedy;
  const lines = [
    `${problem.title}: ${problem.detail}`,
    ...(problem.violations ? [violationsText(problem.violations)] : []),
    ...(problem.operationId ? [`  running: ${problem.operationId}`] : []),
    ...(remedy ? [`  ${remedy}`] : []),
  ];
  return new CommandError(lines.join('\n'), problem);
}

const strangerText = ({ status }: Response, { value, from }: Sourced): string =>
  `${value} answered ${status}, but not as Asgard’s API does: does ${from} name the API?`;

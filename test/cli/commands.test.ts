/** The CLI as a process among others: pipes that close, signals, colours, an API that restarts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { coloursFor } from '../../cli/colours.ts';
import { goodOutcomes } from '../../cli/output.ts';
import { framesOf } from '../../cli/watch.ts';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import { run } from '../support/commands.ts';
import { root, watchdog } from '../support/processes.ts';
import { type Answer, events, json, type StubApi, stubApi } from './stub-api.ts';

const home = mkdtempSync(join(tmpdir(), 'asgard-commands-'));
let api: StubApi;
let answer: Answer = (_, response) => json(response, {});
const children: ChildProcess[] = [];

beforeAll(async () => {
  api = await stubApi((request, response) => answer(request, response));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await api.down();
  rmSync(home, { recursive: true, force: true });
});

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ASGARD_HOME: home,
  ASGARD_API: api.url,
  ASGARD_TOKEN: 'a-token-for-tests-only',
  NO_COLOR: '',
  FORCE_COLOR: '',
  ...more,
});
const main = join(root, 'cli/main.ts');

interface Running {
  child: ChildProcess;
  out(): string;
  err(): string;
  /** Resolves when the text has been printed on either stream. */
  says(text: string): Promise<void>;
  ended: Promise<number | string>;
}

function start(args: string[], more: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env(more) } });
  watchdog(child.pid);
  children.push(child);
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  const took = () => {
    for (const look of waiting) look();
  };
  child.stdout?.on('data', (chunk) => {
    out += chunk;
    took();
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
    took();
  });
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
  );
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!(out + err).includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then((code) => reject(new Error(`ended (${code}) without it:\n${out}${err}`)));
    });
  return { child, out: () => out, err: () => err, says, ended };
}

const cluster = (phase: ClusterStatus['phase']): string =>
  `event: status\ndata: ${JSON.stringify({ name: 'a', phase, now: { summary: 'not known' } })}\n\n`;
const operation = '/v1/operations/odin/a/provision-1';
const status = (more: object = {}) => ({
  operationId: 'odin/a/provision-1',
  runId: 'r',
  type: 'provisionCluster',
  cluster: 'a',
  requester: 'me',
  phase: 'applying',
  startedAt: '2026-11-24T10:00:00.000Z',
  steps: [],
  paused: false,
  abortRequested: false,
  events: [{ seq: 1, at: '2026-11-24T10:00:04.000Z', text: 'applying 3 steps' }],
  ...more,
});
const verdict = {
  verdict: 'pass',
  reasons: [],
  thresholds: [{ threshold: 'lost==0', actual: '0', ok: true }],
};
const plan = {
  cluster: 'a',
  intent: 'apply',
  digest: 'sha256:1',
  counts: { add: 0, change: 0, destroy: 0 },
  warnings: [],
  steps: [],
};
const spec = join(root, 'deploy/examples/one-node.json');

describe('a pipe that closes early', () => {
  it.each([['status'], ['status', '--json']])('ends `%s %s` without a word', async (...args) => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({ name: `c${i}`, phase: 'ready' }));
    answer = (_, response) => json(response, { clusters: many });
    const words = [process.execPath, main, ...args].filter(Boolean).join(' ');
    const ran = await run('bash', ['-c', `${words} | head -1`], { env: env() });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.trim().split('\n')).toHaveLength(1);
  });

  it('ends `status --watch` at the next change', async () => {
    let say: (frame: string) => void = () => undefined;
    answer = (_, response) => {
      events(response, cluster('provisioning'));
      say = (frame) => response.write(frame);
    };
    const watching = start(['status', 'a', '--watch']);
    await watching.says('a: provisioning');
    watching.child.stdout?.destroy();
    const timer = setInterval(() => say(cluster(Date.now() % 2 ? 'ready' : 'changing')), 20);
    expect(await watching.ended).toBe(0);
    clearInterval(timer);
    expect(watching.err()).toBe('');
  });
});

describe('colours', () => {
  const cases: [Record<string, string>, boolean, boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ CI: 'true' }, false, false],
    [{ CI: 'true' }, true, true],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ];
  it.each(cases)('with %j on a terminal (%s): %s', (variables, isTTY, wanted) => {
    expect(coloursFor({ isTTY }, variables).isColorSupported).toBe(wanted);
  });

  it('are in no pipe, also when CI is set, whatever the command prints', async () => {
    answer = ({ method, url }, response) => {
      if (url === '/v1/clusters/plan') return json(response, { plan, text: '' });
      if (method === 'POST') return json(response, { operation, operationId: 'odin/a/x' }, 202);
      if (url?.endsWith('/events')) return response.destroy();
      const load = { progress: '', verdict };
      const lastVerdict = { ...verdict, at: '' };
      if (url === operation) {
        return json(response, status({ phase: 'finished', outcome: 'ready', load }));
      }
      return json(response, {
        name: 'a',
        phase: 'ready',
        lastVerdict,
        leases: [],
        now: { summary: 'not known' },
      });
    };
    for (const args of [['plan', spec], ['status', 'a'], ['apply', spec, '--yes'], ['--help']]) {
      const { out, err } = await run(process.execPath, [main, ...args], { env: env({ CI: '1' }) });
      expect(out + err, args.join(' ')).not.toContain('\u001b');
      expect(out).not.toBe('');
    }
    const forced = await run(process.execPath, [main, 'status', 'a'], {
      env: env({ FORCE_COLOR: '1' }),
    });
    expect(forced.out).toContain('\u001b');
  });
});

describe('an API that restarts', () => {
  it('is connected to again under --watch, and both are told', async () => {
    answer = (_, response) => events(response, cluster('provisioning'));
    const watching = start(['status', 'a', '--watch']);
    await watching.says('a: provisioning');
    await api.down();
    await watching.says('the event stream broke off; connecting again');
    answer = (_, response) => events(response, cluster('provisioning'), cluster('ready'));
    await api.up();
    await watching.says('connected again');
    await watching.says('a: ready');
    // The status from before the interruption is no news.
    expect(watching.out().match(/a: provisioning/g)).toHaveLength(1);
    watching.child.kill('SIGINT');
    expect(await watching.ended).toBe(0);
  });

  it('refuses the watching for good when the cluster is gone', async () => {
    answer = (_, response) => events(response, cluster('destroying'));
    const watching = start(['status', 'a', '--watch']);
    await watching.says('a: destroying');
    answer = (_, response) => json(response, { title: 'No', detail: 'gone', status: 404 }, 404);
    await api.down();
    await api.up();
    expect(await watching.ended).toBe(1);
    expect(watching.err()).toContain('No: gone');
  });

  it('is asked again while an operation is followed', async () => {
    const frame = `event: status\ndata: ${JSON.stringify(status())}\n\n`;
    answer = ({ url, method }, response) => {
      if (url === '/v1/clusters/plan') return json(response, { plan, text: '' });
      if (method === 'POST') {
        return json(response, { operation, events: `${operation}/events`, operationId: 'x' }, 202);
      }
      if (url?.endsWith('/events')) return events(response, frame);
      return json(response, status({ phase: 'finished', outcome: 'ready' }));
    };
    const applying = start(['apply', spec, '--yes']);
    await applying.says('applying 3 steps');
    await api.down();
    await applying.says('the event stream broke off; asking again');
    await api.up();
    expect(await applying.ended).toBe(0);
    expect(applying.out()).toContain('a: ready');
  });
});

describe('Ctrl-C while an operation is followed', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('(%s) says that it goes on and where to see it: %i', async (signal, code) => {
    const started = { operation, events: `${operation}/events`, operationId: 'odin/a/provision-1' };
    const frame = `event: status\ndata: ${JSON.stringify(status())}\n\n`;
    answer = ({ url, method }, response) => {
      if (url === '/v1/clusters/plan') return json(response, { plan, text: '' });
      if (method === 'POST') return json(response, started, 202);
      return events(response, frame);
    };
    const applying = start(['apply', spec, '--yes']);
    await applying.says('applying 3 steps');
    applying.child.kill(signal);
    expect(await applying.ended).toBe(code);
    expect(applying.err()).toContain('odin/a/provision-1 goes on; only the watching has ended');
    expect(applying.err()).toContain('asgard status a --watch');
    expect(applying.err()).toContain('asgard abort a provision-1');
    expect(applying.err()).not.toContain('Error');
  });
});

describe('an event stream', () => {
  const read = async (...chunks: string[]) => {
    const bytes = chunks.map((c) => new TextEncoder().encode(c));
    const found: { event: string | undefined; data: string }[] = [];
    const body = ReadableStream.from(bytes);
    for await (const { event, data } of framesOf(new Response(body as never))) {
      found.push({ event, data });
    }
    return found;
  };

  it.each([
    ['line feeds', 'event: status\ndata: {"a":1}\n\n'],
    ['CRLF, as proxies may send', 'event: status\r\ndata: {"a":1}\r\n\r\n'],
    ['no blank after the colon', 'event:status\ndata:{"a":1}\n\n'],
    ['data in two lines', 'event: status\ndata: {"a":\ndata: 1}\n\n'],
    ['a comment and a byte order mark', '\ufeff: hello\n\nevent: status\ndata: {"a":1}\n\n'],
  ])('is read with %s, however it is cut', async (_, text) => {
    for (const size of [1, 3, 1_000]) {
      const cut = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const [frame] = await read(...cut);
      expect(frame?.event).toBe('status');
      expect(JSON.parse(frame?.data ?? '')).toEqual({ a: 1 });
    }
  });
});

describe('the documents', () => {
  it('and --help tell the exit statuses, and which outcomes are good', async () => {
    const { out } = await run(process.execPath, [main, '--help'], { env: env() });
    const page = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8');
    for (const code of ['0', '1', '2', '130']) {
      expect(out).toMatch(new RegExp(`^  ${code}\\b`, 'm'));
      expect(page).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'));
    }
    for (const outcome of goodOutcomes) {
      expect(out).toContain(outcome);
      expect(page).toContain(`\`${outcome}\``);
    }
  });
});

describe('words that people give', () => {
  it.each([
    ['status', 'solo/events'],
    ['status', 'solo?x=1'],
    ['status', 'solo#a'],
    ['status', 'a b%2F'],
    ['protect', 'solo/x', '--off'],
    ['destroy', 'solo?x', '--confirm', 'solo?x', '--no-wait'],
    ['load-test', 'solo/events', '--no-wait'],
    ['operations', 'solo?x=1'],
    ['abort', 'solo/..', 'x'],
    ['abort', 'solo', 'odin/solo?/x'],
  ])('asgard %s %s: stay one segment of the path each', async (...args) => {
    const paths: string[] = [];
    answer = (request, response) => {
      paths.push(request.url ?? '');
      const operations = { open: [], history: [] };
      json(response, { name: 'x', phase: 'ready', now: { summary: 'x' }, ...operations });
    };
    await run(process.execPath, [main, ...args], { env: env() });
    const words = args.flatMap((word) => (word.startsWith('odin/') ? word.split('/') : [word]));
    expect(paths).not.toEqual([]);
    for (const path of paths) {
      const segments = path.split('/').slice(3).map(decodeURIComponent);
      const verbs = ['protection', 'load-tests', 'operations', 'abort'];
      expect(path).not.toMatch(/[?#]/);
      expect(segments.filter((s) => !words.includes(s) && !verbs.includes(s))).toEqual([]);
    }
  });
});

describe('apply with a key that was used before', () => {
  const finished = {
    operationId: 'odin/orders/k',
    cluster: 'orders',
    phase: 'finished',
    outcome: 'ready',
    finishedAt: '2026-11-25T17:02:11.000Z',
    plan: { digest: 'sha256:1' },
    events: [],
    steps: [],
  };
  const spec = join(root, 'deploy/examples/one-node.json');
  it.each([
    ['stands', { status: 200, phase: 'ready' }, 0],
    ['was destroyed since', { status: 200, phase: 'destroyed' }, 1],
    ['is not known any more', { status: 404, phase: '' }, 1],
  ])('tells when that was; its cluster %s', async (_, now, code) => {
    answer = ({ method, url = '' }, response) => {
      if (method === 'POST') {
        const operation = '/v1/operations/odin/orders/k';
        json(response, { operationId: 'odin/orders/k', operation, events: `${operation}/events` });
      } else if (url.endsWith('/events')) {
        events(response, `event: status\ndata: ${JSON.stringify(finished)}\n\n`);
        response.end();
      } else if (url.startsWith('/v1/operations/')) json(response, finished);
      else {
        const problem = { title: 'No such thing', detail: 'no cluster', status: now.status };
        json(response, now.status === 404 ? problem : { phase: now.phase }, now.status);
      }
    };
    const args = [main, 'apply', spec, '--yes', '--idempotency-key', 'k'];
    const ran = await run(process.execPath, args, { env: env() });
    expect(ran.err).toContain('ended ready at 2026-11-25T17:02:11.000Z');
    expect(ran.code, ran.err).toBe(code);
    if (code === 1) expect(ran.err).toMatch(/no longer stands. Use a new key/);
    else expect(ran.err).not.toContain('no longer stands');
  });
});

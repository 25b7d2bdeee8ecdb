/** `asgard approve|pause|resume|abort|operations`: what an operator does to a running operation. */
import type { Command } from 'commander';
import type { Lease, OperationSummary } from '../../contracts/cluster.ts';
import type { OperationStatus } from '../../contracts/operation.ts';
import { type Api, CommandError, connectApi } from '../client.ts';
import { createIo, type Io, run, show } from '../output.ts';

interface Operations {
  running: Lease | null;
  waiting: { operationId: string; type: string; since: string }[];
  history: OperationSummary[];
}

interface Options {
  json?: boolean;
  digest?: string;
}

const verbs = {
  approve: 'approve the plan that an operation waits with (shows and sends its digest)',
  pause: 'start no further step until resume',
  resume: 'go on after a pause',
  abort: 'stop, and undo what the operation did',
} as const;

export function addOperations(program: Command): void {
  for (const [verb, description] of Object.entries(verbs)) {
    const command = program
      .command(`${verb} <cluster> [operation]`)
      .description(`${description}; default: the running operation`)
      .option('--json', 'print one JSON document');
    if (verb === 'approve') command.option('--digest <digest>', 'approve only this plan');
    command.action((cluster: string, operation: string | undefined, options: Options) => {
      const io = createIo(options.json ?? false);
      return run(io, () => send(io, verb, { cluster, operation, options }));
    });
  }
  program
    .command('operations <cluster>')
    .description('past and running operations of a cluster')
    .option('--json', 'print one JSON document')
    .action((cluster: string, options: Options) => {
      const io = createIo(options.json ?? false);
      return run(io, () => list(io, cluster));
    });
}

interface Target {
  cluster: string;
  operation: string | undefined;
  options: Options;
}

async function send(io: Io, verb: string, { cluster, operation, options }: Target) {
  const api = connectApi(process.env);
  const key = operation?.split('/').at(-1) ?? (await runningOf(api, cluster));
  const path = `/v1/clusters/${cluster}/operations/${key}`;
  const body = verb === 'approve' ? await approval(api, path, options) : {};
  const answer = await api.send('POST', `${path}/${verb}`, body);
  show(io, answer, `${verb}: accepted by ${key}`);
  return 0;
}

async function approval(api: Api, path: string, { digest }: Options) {
  const by = process.env.USER ?? 'cli';
  if (digest) return { digest, by };
  const { plan } = await api.get<OperationStatus>(path);
  if (!plan) throw new CommandError('the operation has no plan yet');
  return { digest: plan.digest, by };
}

async function runningOf(api: Api, cluster: string): Promise<string> {
  const { running, waiting } = await api.get<Operations>(`/v1/clusters/${cluster}/operations`);
  const id = running?.operationId ?? waiting[0]?.operationId;
  const key = id?.split('/').at(-1);
  if (!key) throw new CommandError(`no operation of ${cluster} is running; name one`);
  return key;
}

async function list(io: Io, cluster: string): Promise<number> {
  const found = await connectApi(process.env).get<Operations>(`/v1/clusters/${cluster}/operations`);
  const line = (o: { type: string; operationId: string }, outcome: string, at: string) =>
    `${at.slice(0, 19)}  ${o.type.padEnd(16)} ${outcome.padEnd(12)} ${o.operationId}`;
  const lines = [
    ...found.history.map((h) => line(h, h.outcome ?? '', h.startedAt)),
    ...(found.running ? [line(found.running, 'running', found.running.since)] : []),
    ...found.waiting.map((w) => line(w, 'waiting', w.since)),
  ];
  show(io, found, lines.join('\n') || `no operations of ${cluster}`);
  return 0;
}

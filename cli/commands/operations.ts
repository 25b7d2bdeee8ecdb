/** `asgard approve|pause|resume|abort|operations`: what an operator does to a running operation. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { OpenOperation, OperationList, OperationView, Told } from '../../contracts/http.ts';
import type { ShownPlan } from '../../contracts/plan.ts';
import { renderPlan } from '../../domain/cluster/render.ts';
import { type Api, CommandError, connectApi, operationPath, pathOf } from '../client.ts';
import { coloursFor } from '../colours.ts';
import { createIo, type Io, run, show } from '../output.ts';

interface Options {
  json?: boolean;
  yes?: boolean;
  digest?: string;
}

const pausable = ['waiting-for-lease', 'planning', 'awaiting-approval', 'applying'];

/** What each does, and in which phases an open operation can be asked for it. */
const verbs: Record<string, { does: string; fits: (phase: string) => boolean }> = {
  approve: {
    does: 'show the plan that an operation waits with, ask, and approve it',
    fits: (phase) => phase === 'awaiting-approval',
  },
  pause: {
    does: 'start no further step until resume',
    fits: (phase) => pausable.includes(phase),
  },
  resume: {
    does: 'go on after a pause',
    // A pause that was asked for shows in the phase only once the running steps have ended.
    fits: (phase) => phase === 'paused' || pausable.includes(phase),
  },
  abort: { does: 'stop, and undo what the operation did', fits: () => true },
};

export function addOperations(program: Command): void {
  for (const [verb, { does }] of Object.entries(verbs)) {
    const command = program
      .command(`${verb} <cluster> [operation]`)
      .description(`${does}; default: the one that can be asked`)
      .option('--json', 'print one JSON document');
    if (verb === 'approve') {
      command
        .option('--yes', 'do not ask')
        .option('--digest <digest>', 'approve only this plan, without asking');
    }
    command.action((cluster: string, operation: string | undefined, options: Options) => {
      const io = createIo(options.json ?? false);
      return run(io, () => send(io, verb, { cluster, operation, options }));
    });
  }
  program
    .command('operations <cluster>')
    .description('open and past operations of a cluster')
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

async function send(
  io: Io,
  verb: string,
  { cluster, operation, options }: Target,
): Promise<number> {
  const api = connectApi(process.env);
  const id = await operationOf(api, verb, { cluster, operation });
  const path = operationPath(id);
  const body = verb === 'approve' ? await approval(io, api, { path, options }) : {};
  if (body === undefined) {
    io.note('Nothing was approved.');
    return 1;
  }
  const answer = await api.send<Told>('POST', `${path}/${verb}`, body);
  show(io, answer, `${verb}: accepted by ${id}`);
  return 0;
}

/** The digest to approve, after showing the plan and asking; undefined when the answer is no. */
async function approval(
  io: Io,
  api: Api,
  { path, options }: { path: string; options: Options },
): Promise<{ digest: string; by: string } | undefined> {
  const by = process.env.USER ?? 'cli';
  if (options.digest) return { digest: options.digest, by };
  const { plan, phase } = await api.get<OperationView>(path);
  if (!plan) throw new CommandError(`the operation has no plan; it is in phase \`${phase}\``);
  if (!io.json) io.note(planText(plan));
  if (options.yes || (await agreed())) return { digest: plan.digest, by };
  return undefined;
}

const planText = (plan: ShownPlan): string =>
  `${renderPlan(plan, { color: coloursFor(process.stderr).isColorSupported })}\n` +
  `digest: ${plan.digest}`;

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new CommandError('not a terminal: give --yes, or --digest with the plan’s digest');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Approve this plan? Only `yes` does: ');
  terminal.close();
  return answer.trim() === 'yes';
}

/** The operation meant: named in full or by its key, else the only one that can be asked. */
async function operationOf(
  api: Api,
  verb: string,
  { cluster, operation }: Pick<Target, 'cluster' | 'operation'>,
): Promise<string> {
  if (operation?.includes('/')) return operation;
  const { open, history } = await api.get<OperationList>(
    pathOf`/v1/clusters/${cluster}/operations`,
  );
  if (operation) {
    const known = [...open, ...history].find((o) => o.operationId.endsWith(`/${operation}`));
    if (known) return known.operationId;
    throw new CommandError(`${cluster} has no operation \`${operation}\`\n${openText(open)}`);
  }
  const fit = open.filter((o) => verbs[verb]?.fits(o.phase));
  const [only] = fit;
  if (only && fit.length === 1) return only.operationId;
  const why = only ? 'name one' : 'there is none that can be asked';
  throw new CommandError(`${verb}: ${why}\n${openText(only ? fit : open)}`);
}

const openText = (open: OpenOperation[]): string =>
  open.length === 0
    ? '  no operation is open'
    : open.map((o) => `  ${o.operationId}  ${o.phase}`).join('\n');

async function list(io: Io, cluster: string): Promise<number> {
  const path = pathOf`/v1/clusters/${cluster}/operations`;
  const found = await connectApi(process.env).get<OperationList>(path);
  const line = (o: { type: string; operationId: string }, state: string, at = '') =>
    `${at.slice(0, 19).padEnd(19)}  ${o.type.padEnd(16)} ${state.padEnd(18)} ${o.operationId}`;
  const lines = [
    ...found.history.map((h) => line(h, h.outcome ?? '', h.startedAt)),
    ...found.open.map((o) => line(o, o.phase, o.startedAt)),
  ];
  show(io, found, lines.join('\n') || `no operations of ${cluster}`);
  return 0;
}

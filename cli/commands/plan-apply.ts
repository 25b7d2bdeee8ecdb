/** `asgard plan` and `asgard apply`: Terraform's habits on Kafka clusters. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { OperationStatus } from '../../contracts/operations.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import { renderPlan } from '../../domain/cluster/render.ts';
import { type Api, CommandError, connectApi } from '../client.ts';
import { figuresText } from '../figures.ts';
import { createIo, exitCodeOf, type Io, run, show } from '../output.ts';
import { createProgress } from '../progress.ts';
import { follow, type Started } from '../watch.ts';

interface PlanOptions {
  json?: boolean;
  out?: string;
  destroy?: boolean;
}

interface ApplyOptions {
  json?: boolean;
  yes?: boolean;
  plan?: string;
  expectDigest?: string;
  requireApproval?: boolean;
  onFailure?: string;
  wait: boolean;
  idempotencyKey?: string;
}

export function addPlanAndApply(program: Command): void {
  program
    .command('plan <target>')
    .description('show what would be done; target is a spec file, or a name with --destroy')
    .option('--destroy', 'plan the removal of the cluster named')
    .option('--out <file>', 'write the plan as JSON, for `apply --plan`')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 no changes, 1 error, 2 changes.')
    .action((target: string, options: PlanOptions) => {
      const io = createIo(options.json ?? false);
      return run(io, () => plan(io, target, options));
    });
  program
    .command('apply <spec>')
    .description('make the cluster as the spec says, then test it under load')
    .option('--yes', 'do not ask')
    .option(
      '--plan <file>',
      'apply exactly this plan (from `plan --out`); refused when it is stale',
    )
    .option('--expect-digest <digest>', 'refuse unless the plan has this digest')
    .option('--require-approval', 'start, and wait for somebody’s `asgard approve`')
    .option('--on-failure <what>', 'rollback (default) or hold')
    .option('--no-wait', 'return as soon as the operation is started')
    .option('--idempotency-key <key>', 'repeating the command with the same key starts nothing new')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 ready or unchanged, 1 anything else.')
    .action((spec: string, options: ApplyOptions) => {
      const io = createIo(options.json ?? false);
      return run(io, () => apply(io, spec, options));
    });
}

interface Planned {
  plan: ClusterPlan;
  text: string;
}

async function plan(io: Io, target: string, { destroy, out }: PlanOptions): Promise<number> {
  const api = connectApi(process.env);
  const body = destroy ? { cluster: target, intent: 'destroy' } : { spec: readJson(target) };
  const planned = await api.send<Planned>('POST', '/v1/clusters/plan', body);
  if (out) writeFileSync(out, `${JSON.stringify(planned.plan, null, 2)}\n`);
  show(io, planned.plan, renderPlan(planned.plan, { color: colours() }));
  return planned.plan.steps.length === 0 ? 0 : 2;
}

async function apply(io: Io, file: string, options: ApplyOptions): Promise<number> {
  const api = connectApi(process.env);
  const spec = readJson(file);
  const digest = await agreedDigest(io, api, spec, options);
  if (digest === undefined) {
    io.note('Nothing was done.');
    return 1;
  }
  const body = {
    spec,
    requester: process.env.USER ?? 'cli',
    expectDigest: digest,
    ...(options.requireApproval ? { approval: 'required' } : {}),
    ...(options.onFailure ? { onFailure: options.onFailure } : {}),
  };
  const started = await api.send<Started>('POST', '/v1/clusters', body, options.idempotencyKey);
  return finish(io, api, started, options.wait);
}

/**
 * The digest to be executed, after showing the plan and asking; undefined when the answer is no.
 */
async function agreedDigest(
  io: Io,
  api: Api,
  spec: unknown,
  options: ApplyOptions,
): Promise<string | undefined> {
  if (options.expectDigest) return options.expectDigest;
  if (options.plan) return (readJson(options.plan) as ClusterPlan).digest;
  const { plan } = await api.send<Planned>('POST', '/v1/clusters/plan', { spec });
  if (!io.json) io.note(renderPlan(plan, { color: colours() }));
  if (options.yes || options.requireApproval || plan.steps.length === 0) return plan.digest;
  if (!process.stdin.isTTY) throw new CommandError('not a terminal: give --yes to apply this plan');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Apply this plan? Only `yes` does: ');
  terminal.close();
  return answer.trim() === 'yes' ? plan.digest : undefined;
}

/** Follows a started operation to its end and shows the outcome. */
export async function finish(io: Io, api: Api, started: Started, wait: boolean): Promise<number> {
  if (!wait) {
    show(io, started, `started ${started.operationId}`);
    return 0;
  }
  const progress = io.json ? { update() {}, end() {} } : createProgress(process.stderr);
  const status = await follow(api, started, progress);
  show(io, status, outcomeText(status));
  return exitCodeOf(status);
}

function outcomeText(status: OperationStatus): string {
  const { outcome, reason, connection, cluster, load } = status;
  // On a terminal the table has just shown the figures.
  const shown = process.stdout.isTTY && process.stderr.isTTY;
  return [
    `${cluster}: ${outcome}${reason ? `: ${reason}` : ''}`,
    ...(load?.verdict && !shown ? figuresText(load.verdict) : []),
    ...(connection
      ? [`bootstrap: ${connection.bootstrap}`, `client:    ${connection.clientPropertiesFile}`]
      : []),
  ].join('\n');
}

export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`cannot read ${file}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

const colours = (): boolean => Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;

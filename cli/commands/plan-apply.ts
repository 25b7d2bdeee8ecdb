/** `asgard plan` and `asgard apply`: Terraform's habits on Kafka clusters. */
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ClusterView } from '../../contracts/http.ts';
import { operationWorkflowId } from '../../contracts/names.ts';
import type { OperationStatus } from '../../contracts/operation.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import { odin, type ProvisionInput } from '../../contracts/services/odin.ts';
import { renderPlan } from '../../domain/cluster/render.ts';
import { operationKey } from '../../domain/lib/operation-key.ts';
import { type Api, CommandError, connectApi, operationPath, pathOf } from '../client.ts';
import { coloursFor } from '../colours.ts';
import { readDocument } from '../document.ts';
import { figuresText } from '../figures.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { createIo, exitCodeOf, exitStatuses, goodOutcomes, type Io, run, show } from '../output.ts';
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
    .description(
      'show what would be done; target is a spec (JSON or YAML file, `-`: standard input)',
    )
    .option('--destroy', 'plan the removal; target is then the name of a cluster')
    .option('--out <file>', 'write the plan as JSON, for `apply --plan`')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 no changes, 1 error, 2 changes.')
    .action((target: string, options: PlanOptions) => {
      const io = createIo(options.json ?? false);
      return run(io, () => plan(io, target, options));
    });
  program
    .command('apply <spec>')
    .description('make the cluster as the spec (a file, or `-`) says, then test it under load')
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
    .addHelpText('after', `\nExit status: 0 ${goodOutcomes.join(', ')}; 1 else; 130 Ctrl-C.`)
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
  const body = destroy ? { cluster: target, intent: 'destroy' } : { spec: readDocument(target) };
  const planned = await api.send<Planned>('POST', '/v1/clusters/plan', body);
  if (out) writeFileSync(out, `${JSON.stringify(planned.plan, null, 2)}\n`);
  show(io, planned.plan, renderPlan(planned.plan, { color: colours(process.stdout) }));
  return planned.plan.steps.length === 0 ? exitStatuses.done : exitStatuses.changes;
}

async function apply(io: Io, file: string, options: ApplyOptions): Promise<number> {
  const api = connectApi(process.env);
  const spec = readDocument(file);
  const wanted = { api, spec, fromStdin: file === '-', options };
  const before = await guardBefore(io, wanted);
  const guard = before ?? (await agreedGuard(io, wanted));
  if (!guard) {
    io.note('Nothing was done.');
    return exitStatuses.failed;
  }
  const body = {
    spec,
    requester: process.env.USER ?? 'cli',
    ...guard,
    ...(options.requireApproval ? { approval: 'required' } : {}),
    ...(options.onFailure ? { onFailure: options.onFailure } : {}),
  };
  const started = await api.send<Started>('POST', '/v1/clusters', body, options.idempotencyKey);
  const exitStatus = await finish(io, api, started, options.wait);
  if (!before || !options.wait) return exitStatus;
  return (await stillStands(io, api, spec)) ? exitStatus : exitStatuses.failed;
}

/** An answer of then is not one of now: says so when the cluster has been taken away since. */
async function stillStands(io: Io, api: Api, spec: unknown): Promise<boolean> {
  const { name } = spec as { name: string };
  const phase = await api
    .get<ClusterView>(pathOf`/v1/clusters/${name}`)
    .then((view) => view.phase)
    .catch((error: unknown) => {
      if (error instanceof CommandError && error.problem?.status === 404) return 'destroyed';
      throw error;
    });
  if (phase !== 'destroyed') return true;
  io.note(`That was then: ${name} no longer stands. Use a new key to make it again.`);
  return false;
}

interface Wanted {
  api: Api;
  spec: unknown;
  fromStdin: boolean;
  options: ApplyOptions;
}

/** What is sent along so that nothing but the plan that was agreed can be executed. */
type Guard = Pick<ProvisionInput, 'expectDigest'>;

/**
 * The guard of an earlier run with this key, so that a repetition asks nothing and plans nothing
 * anew; undefined when there was none. It is sent again: should the cluster have forgotten the key,
 * no more is done than was agreed then.
 */
async function guardBefore(io: Io, wanted: Wanted): Promise<Guard | undefined> {
  const key = wanted.options.idempotencyKey;
  const cluster = (wanted.spec as { name?: unknown } | undefined)?.name;
  if (!key || typeof cluster !== 'string') return undefined;
  const before = await operationBefore(
    wanted.api,
    cluster,
    operationKey(odin.provisionCluster.type, key),
  );
  if (!before) return undefined;
  const digest = before.plan?.digest;
  if (!digest && before.phase === 'finished') return undefined;
  const asked = askedDigest(wanted.options);
  if (asked && digest && asked !== digest) {
    throw new CommandError(
      `--idempotency-key \`${key}\` started ${before.operationId} with the plan ${digest},` +
        ` not ${asked}; use a new key for a new request`,
    );
  }
  io.note(
    `${before.operationId} was started with this key before${endedText(before)}; nothing new is started`,
  );
  return digest ? { expectDigest: digest } : {};
}

const endedText = ({ finishedAt, outcome }: OperationStatus): string =>
  finishedAt ? ` and ended ${outcome ?? ''} at ${finishedAt}` : '';

async function operationBefore(
  api: Api,
  cluster: string,
  key: string,
): Promise<OperationStatus | undefined> {
  try {
    return await api.get<OperationStatus>(operationPath(operationWorkflowId('odin', cluster, key)));
  } catch (error) {
    if (error instanceof CommandError && error.problem?.status === 404) return undefined;
    throw error;
  }
}

/** The digest that the options name. */
function askedDigest({ expectDigest, plan: file }: ApplyOptions): string | undefined {
  if (expectDigest || !file) return expectDigest;
  const { digest } = readDocument(file) as Partial<ClusterPlan>;
  if (typeof digest === 'string') return digest;
  throw new CommandError(`${file} is no plan: it has no digest; write one with \`plan --out\``);
}

/** The plan to be executed, after showing it and asking; undefined: the answer is no. */
async function agreedGuard(
  io: Io,
  { api, spec, fromStdin, options }: Wanted,
): Promise<Guard | undefined> {
  const asked = askedDigest(options);
  if (asked) return { expectDigest: asked };
  const { plan } = await api.send<Planned>('POST', '/v1/clusters/plan', { spec });
  if (!io.json) io.note(renderPlan(plan, { color: colours(process.stderr) }));
  if (options.yes || options.requireApproval || plan.steps.length === 0) {
    return { expectDigest: plan.digest };
  }
  if (fromStdin) throw new CommandError('standard input was the spec: give --yes to apply it');
  if (!process.stdin.isTTY) throw new CommandError('not a terminal: give --yes to apply this plan');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Apply this plan? Only `yes` does: ');
  terminal.close();
  return answer.trim() === 'yes' ? { expectDigest: plan.digest } : undefined;
}

/** Follows a started operation to its end and shows the outcome. */
export async function finish(io: Io, api: Api, started: Started, wait: boolean): Promise<number> {
  if (!wait) {
    show(io, started, `started ${started.operationId}`);
    return exitStatuses.done;
  }
  const progress = io.json ? { update() {}, end() {} } : createProgress(process.stderr);
  const interruption = listenForInterrupt();
  try {
    const status = await follow(api, started, progress, interruption.signal);
    show(io, status, outcomeText(status));
    return exitCodeOf(status);
  } catch (error) {
    const exitStatus = interruption.status();
    if (exitStatus === undefined) throw error;
    io.note(goesOnText(started.operationId));
    return exitStatus;
  } finally {
    interruption.end();
  }
}

/** What a person who pressed Ctrl-C must know: nothing was stopped. */
function goesOnText(operationId: string): string {
  const [, cluster = '', key = ''] = operationId.split('/');
  return [
    `\n${operationId} goes on; only the watching has ended.`,
    `  see it:   asgard status ${cluster} --watch, or asgard operations ${cluster}`,
    `  stop it:  asgard abort ${cluster} ${key}`,
  ].join('\n');
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

const colours = (stream: { isTTY?: boolean }): boolean => coloursFor(stream).isColorSupported;

/** `asgard status|protect|destroy|load-test`. */
import type { Command } from 'commander';
import type { ClusterStatus } from '../../contracts/cluster.ts';
import { type Api, CommandError, connectApi } from '../client.ts';
import { figuresText } from '../figures.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { createIo, type Io, run, show } from '../output.ts';
import { followCluster, type Started } from '../watch.ts';
import { finish } from './plan-apply.ts';

export function addCluster(program: Command): void {
  program
    .command('status [cluster]')
    .description('state of one cluster, or a list of all')
    .option('--watch', 'go on showing changes until Ctrl-C')
    .option('--json', 'print one JSON document (one a line with --watch)')
    .action((cluster: string | undefined, options: { watch?: boolean; json?: boolean }) => {
      const io = createIo(options.json ?? false);
      return run(io, () => status(io, cluster, options.watch ?? false));
    });
  program
    .command('protect <cluster>')
    .description('deletion protection on or off')
    .option('--on', 'refuse to destroy the cluster')
    .option('--off', 'allow it')
    .option('--json', 'print one JSON document')
    .action((cluster: string, options: { on?: boolean; off?: boolean; json?: boolean }) => {
      const io = createIo(options.json ?? false);
      return run(io, () => protect(io, cluster, options));
    });
  addDestroy(program);
  addLoadTest(program);
}

function addDestroy(program: Command): void {
  program
    .command('destroy <cluster>')
    .description('take a cluster away for good, with all its data')
    .requiredOption('--confirm <name>', 'repeat the name of the cluster')
    .option('--no-wait', 'return as soon as the operation is started')
    .option('--json', 'print one JSON document')
    .action((cluster: string, options: { confirm: string; wait: boolean; json?: boolean }) => {
      const io = createIo(options.json ?? false);
      return run(io, async () => {
        const api = connectApi(process.env);
        const body = { confirm: options.confirm, requester: process.env.USER ?? 'cli' };
        const started = await api.send<Started>('DELETE', `/v1/clusters/${cluster}`, body);
        return finish(io, api, started, options.wait);
      });
    });
}

interface LoadOptions {
  rate?: string;
  duration?: string;
  warmup?: string;
  messageBytes?: string;
  partitions?: string;
  replicationFactor?: string;
  acks?: string;
  threshold?: string[];
  wait: boolean;
  json?: boolean;
}

function addLoadTest(program: Command): void {
  program
    .command('load-test <cluster>')
    .description('test under load; without options the cluster’s own gate, which decides its phase')
    .option('--rate <rate>', 'for example 5MB/s, 2000msg/s or max')
    .option('--duration <seconds>', 'measured seconds, warm-up excluded')
    .option('--warmup <seconds>', 'seconds at the rate before measuring')
    .option('--message-bytes <bytes>', 'size of a record’s value')
    .option('--partitions <count>', 'of the test’s own topic')
    .option('--replication-factor <count>', 'of the test’s own topic')
    .option('--acks <acks>', 'all, leader or none')
    .option('--threshold <text...>', 'k6 syntax: p(99)<50, lost==0, rate>=20MB/s')
    .option('--no-wait', 'return as soon as the operation is started')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 on a pass, 1 on fail, unknown or error.')
    .action((cluster: string, options: LoadOptions) => {
      const io = createIo(options.json ?? false);
      return run(io, async () => {
        const api = connectApi(process.env);
        const path = `/v1/clusters/${cluster}/load-tests`;
        const started = await api.send<Started>('POST', path, loadBody(options));
        return finish(io, api, started, options.wait);
      });
    });
}

/** The API names what is wrong with a value, so a number is passed on as it was given. */
function loadBody(options: LoadOptions) {
  const { rate, acks, threshold } = options;
  const numbers = {
    durationS: options.duration,
    warmupS: options.warmup,
    messageBytes: options.messageBytes,
    partitions: options.partitions,
    replicationFactor: options.replicationFactor,
  };
  const load = {
    ...(rate ? { rate } : {}),
    ...(acks ? { acks } : {}),
    ...(threshold ? { thresholds: threshold } : {}),
    ...Object.fromEntries(
      Object.entries(numbers).flatMap(([key, text]) =>
        text === undefined ? [] : [[key, Number.isNaN(Number(text)) ? text : Number(text)]],
      ),
    ),
  };
  const requester = process.env.USER ?? 'cli';
  return Object.keys(load).length > 0 ? { load, requester } : { requester };
}

async function status(io: Io, name: string | undefined, watch: boolean): Promise<number> {
  const api = connectApi(process.env);
  if (!name) {
    const { clusters } = await api.get<{ clusters: ClusterStatus[] }>('/v1/clusters');
    const lines = clusters.map(
      (c) => `${c.name.padEnd(24)} ${c.phase.padEnd(14)} ${c.reason ?? ''}`,
    );
    show(io, clusters, lines.join('\n') || 'no clusters');
    return 0;
  }
  if (watch) return watchCluster(io, api, name);
  const found = await api.get<ClusterStatus>(`/v1/clusters/${name}`);
  show(io, found, clusterText(found));
  return 0;
}

async function watchCluster(io: Io, api: Api, name: string): Promise<number> {
  const tell = (status: ClusterStatus) =>
    io.out(io.json ? JSON.stringify(status) : `${clusterText(status)}\n`);
  const { signal } = listenForInterrupt();
  await followCluster(api, name, { tell, note: io.note }, signal);
  return 0;
}

function clusterText(c: ClusterStatus): string {
  const { leases, lastVerdict, connection } = c;
  return [
    `${c.name}: ${c.phase}${c.reason ? `: ${c.reason}` : ''}`,
    `protection: ${c.protection ? 'on' : 'off'}`,
    ...(connection
      ? [`bootstrap:  ${connection.bootstrap}`, `client:     ${connection.clientPropertiesFile}`]
      : []),
    ...leases.map((l) => `lease:      ${l.operationId} (${l.type}) since ${l.since}`),
    ...(lastVerdict ? figuresText({ thresholds: [], ...lastVerdict }) : []),
  ].join('\n');
}

async function protect(
  io: Io,
  cluster: string,
  { on, off }: { on?: boolean; off?: boolean },
): Promise<number> {
  if (Boolean(on) === Boolean(off)) throw new CommandError('give either --on or --off');
  const api = connectApi(process.env);
  const body = { enabled: Boolean(on) };
  const answer = await api.send('PUT', `/v1/clusters/${cluster}/protection`, body);
  show(io, answer, `${cluster}: protection ${on ? 'on' : 'off'}`);
  return 0;
}

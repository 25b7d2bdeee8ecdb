/** `asgard status|protect|destroy|load-test`. */
import type { Command } from 'commander';
import type { Accepted, ClusterList, ClusterView } from '../../contracts/http.ts';
import { type Api, CommandError, connectApi, pathOf } from '../client.ts';
import { clusterText, listText } from '../cluster-text.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { createIo, type Io, run, show } from '../output.ts';
import { followCluster } from '../watch.ts';
import { finish } from './plan-apply.ts';

export function addCluster(program: Command): void {
  program
    .command('status [cluster]')
    .description('one cluster as decided and as it is now, or a list of all as decided')
    .option('--watch', 'go on showing changes until Ctrl-C')
    .option('--limit <count>', 'of the list: at most this many, 1 to 1000 (default 1000)')
    .option('--cursor <next>', 'of the list: the page after the one that gave this')
    .option('--json', 'print one JSON document (one a line with --watch)')
    .action((cluster: string | undefined, options: StatusOptions) => {
      const io = createIo(options.json ?? false);
      return run(io, () => status(io, cluster, options));
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
        const started = await api.send<Accepted>('DELETE', pathOf`/v1/clusters/${cluster}`, body);
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
        const path = pathOf`/v1/clusters/${cluster}/load-tests`;
        const started = await api.send<Accepted>('POST', path, loadBody(options));
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

interface StatusOptions {
  watch?: boolean;
  json?: boolean;
  limit?: string;
  cursor?: string;
}

async function status(io: Io, name: string | undefined, options: StatusOptions): Promise<number> {
  const api = connectApi(process.env);
  if (!name) {
    const query = new URLSearchParams({ limit: options.limit ?? '1000' });
    if (options.cursor) query.set('cursor', options.cursor);
    const found = await api.get<ClusterList>(`/v1/clusters?${query}`);
    show(io, found, listText(found.clusters, found.next !== undefined));
    return 0;
  }
  if (options.watch) return watchCluster(io, api, name);
  const found = await api.get<ClusterView>(pathOf`/v1/clusters/${name}`);
  show(io, found, clusterText(found));
  return 0;
}

async function watchCluster(io: Io, api: Api, name: string): Promise<number> {
  const tell = (status: ClusterView) =>
    io.out(io.json ? JSON.stringify(status) : `${clusterText(status)}\n`);
  const { signal } = listenForInterrupt();
  await followCluster(api, name, { tell, note: io.note }, signal);
  return 0;
}

async function protect(
  io: Io,
  cluster: string,
  { on, off }: { on?: boolean; off?: boolean },
): Promise<number> {
  if (Boolean(on) === Boolean(off)) throw new CommandError('give either --on or --off');
  const api = connectApi(process.env);
  const body = { enabled: Boolean(on) };
  const answer = await api.send('PUT', pathOf`/v1/clusters/${cluster}/protection`, body);
  show(io, answer, `${cluster}: protection ${on ? 'on' : 'off'}`);
  return 0;
}

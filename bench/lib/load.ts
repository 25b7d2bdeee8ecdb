/**
 * `npm run bench:load [-- --seconds N --runs N]`: our load generator beside Kafka's own
 * ProducerPerformance, in turn on the same three brokers: latency at fixed rates, and the highest
 * rate; medians of the runs. Both send 1,000 bytes with acks=all to six partitions of three
 * replicas. Two differences favour the peer: its latency counts from `send()`, not from the
 * intended time, and it reads nothing back.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NormalLoad } from '../../contracts/spec.ts';
import { goalOf } from '../../domain/load/rate.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import { runLoad } from '../../providers/load/generator.ts';
import { kafkaTool } from '../../test/support/commands.ts';
import { startRealCluster } from '../../test/support/real-cluster.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    runs: { type: 'string', default: '3' },
  },
});
const durationS = Number(values.seconds);
const runs = Number(values.runs);
const messageBytes = 1_000;
let topics = 0;

interface Figures {
  mbPerS: number;
  p50: number;
  p99: number;
  p999: number;
}

const home = mkdtempSync(join(tmpdir(), 'asgard-bench-'));
const cluster = await startRealCluster({ nodes: 3, dir: join(home, 'cluster') });
const admin = await openKafkaAdmin(cluster.access);
try {
  console.log(`3 brokers, ${messageBytes} B, acks=all, medians of ${runs} × ${durationS} s; ms`);
  console.log('rate               who                     MB/s      p50      p99    p99.9');
  await compare('5MB/s', () => undefined); // Warms the brokers' JVMs.
  for (const rate of ['1MB/s', '5MB/s', '20MB/s', 'max']) await compare(rate, show);
} finally {
  await admin.close();
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
}
process.exit();

async function compare(rate: string, tell: typeof show): Promise<void> {
  const mine: Figures[] = [];
  const theirs: Figures[] = [];
  for (let run = 0; run < runs; run++) {
    mine.push(await onTopic((topic) => ours(topic, rate)));
    theirs.push(await onTopic((topic) => peer(topic, rate)));
  }
  const [our, other] = [medians(mine), medians(theirs)];
  tell(rate, 'asgard', our);
  tell('', 'ProducerPerformance', other);
  tell(
    '',
    'ours ÷ theirs',
    each((key) => our[key] / other[key]),
  );
}

function each(figure: (key: keyof Figures) => number): Figures {
  return {
    mbPerS: figure('mbPerS'),
    p50: figure('p50'),
    p99: figure('p99'),
    p999: figure('p999'),
  };
}

function medians(all: Figures[]): Figures {
  return each((key) => all.map((f) => f[key]).sort((a, b) => a - b)[all.length >> 1] ?? 0);
}

async function onTopic(measure: (topic: string) => Promise<Figures>): Promise<Figures> {
  const name = `bench-${topics++}`;
  await admin.createTopics([{ name, partitions: 6, replicationFactor: 3, config: {} }]);
  const figures = await measure(name);
  await admin.deleteTopics([name]);
  return figures;
}

async function ours(topic: string, rate: string): Promise<Figures> {
  const load: NormalLoad = {
    rate,
    messageBytes,
    partitions: 6,
    replicationFactor: 3,
    acks: 'all',
    durationS,
    warmupS: 2,
    thresholds: [],
  };
  const report = await runLoad({
    access: cluster.access,
    topic,
    recordMark: topic,
    recordsPerS: goalOf(load),
    load,
    onProgress: () => {},
    signal: AbortSignal.timeout(600_000),
  });
  if (report.lost + report.unread + report.errors > 0) throw new Error(JSON.stringify(report));
  const { p50, p99, p999 } = report.publishMs;
  return { mbPerS: report.bytesPerS / 1e6, p50, p99, p999 };
}

/** Its last line: `N records sent, R records/sec (M MB/sec), … 1 ms 50th, … 9 ms 99.9th.` */
async function peer(topic: string, rate: string): Promise<Figures> {
  const perS = rate === 'max' ? -1 : (Number.parseInt(rate, 10) * 1e6) / messageBytes;
  const records = (rate === 'max' ? 90_000 : perS) * durationS;
  const warmup = Math.round(records / 8);
  const { out, err } = await kafkaTool('ProducerPerformance', [
    ...['--topic', topic, '--num-records', String(records + warmup)],
    ...['--warmup-records', String(warmup)],
    ...['--record-size', String(messageBytes), '--throughput', String(perS)],
    ...['--bootstrap-server', cluster.bootstrap, '--command-config', cluster.clientProperties],
    ...['--command-property', 'acks=all'],
  ]);
  const last = out.trim().split('\n').at(-1) ?? '';
  const number = (pattern: RegExp): number => Number(pattern.exec(last)?.[1] ?? Number.NaN);
  const perSecond = number(/, ([\d.]+) records\/sec/);
  if (Number.isNaN(perSecond)) throw new Error(`ProducerPerformance said: ${out}${err}`);
  return {
    mbPerS: (perSecond * messageBytes) / 1e6,
    p50: number(/(\d+) ms 50th/),
    p99: number(/(\d+) ms 99th/),
    p999: number(/(\d+) ms 99\.9th/),
  };
}

function show(rate: string, who: string, { mbPerS, p50, p99, p999 }: Figures): void {
  const cells = [mbPerS, p50, p99, p999].map((n) => n.toFixed(2).padStart(8)).join(' ');
  console.log(`${rate.padEnd(18)} ${who.padEnd(20)} ${cells}`);
}

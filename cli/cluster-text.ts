/**
 * Clusters as text: what was last decided and what is there now, never the one for the other. Pure
 * but for the given time.
 */
import type { ClusterNow, ClusterSummary, ClusterView, NodeStatus } from '../contracts/http.ts';
import { figuresText } from './figures.ts';

/** One line each. The phase is what was last decided, which the head of the list says. */
export function listText(clusters: ClusterSummary[], more: boolean): string {
  if (clusters.length === 0) {
    return 'no clusters are known; `asgard status NAME` looks for one that was forgotten';
  }
  const name = Math.max(8, ...clusters.map((c) => c.name.length));
  return [
    `${'CLUSTER'.padEnd(name)}  ${'LAST DECIDED'.padEnd(13)} ${'SINCE'.padEnd(20)} REASON`,
    ...clusters.map((c) =>
      [
        c.name.padEnd(name + 1),
        c.phase.padEnd(13),
        (c.since ? clock(c.since) : '').padEnd(20),
        c.problem ?? c.reason ?? '',
      ]
        .join(' ')
        .trimEnd(),
    ),
    ...(more ? ['… and more: --limit, or --cursor with `next` of --json'] : []),
  ].join('\n');
}

/** Everything of one cluster. */
export function clusterText(c: ClusterView): string {
  const { leases = [], lastVerdict, connection, protection } = c;
  return [
    `${c.name}: ${decidedText(c)}${c.reason ? `: ${c.reason}` : ''}`,
    ...nowText(c.now),
    ...(c.partial ? [`only what Temporal’s index knows: ${c.partial}`] : []),
    ...(protection === undefined ? [] : [`protection: ${protection ? 'on' : 'off'}`]),
    ...(connection
      ? [`bootstrap:  ${connection.bootstrap}`, `client:     ${connection.clientPropertiesFile}`]
      : []),
    ...leases.map((l) => `lease:      ${l.operationId} since ${clock(l.since)}`),
    ...(lastVerdict ? verdictText(lastVerdict) : []),
  ].join('\n');
}

const decidedText = ({ phase, since }: ClusterView): string =>
  `${phase}${since ? ` (decided ${clock(since)})` : ''}`;

function nowText({ summary, remedy, problem, lookedAt, nodes = [] }: ClusterNow): string[] {
  const at = lookedAt ? ` (looked ${clock(lookedAt)})` : '';
  return [
    `now: ${summary}${problem ? `: ${problem}` : ''}${at}`,
    ...(remedy ? [`     ${remedy}`] : []),
    ...(nodes.length > 0 ? table([head, ...nodes.map(nodeRow)]) : []),
  ];
}

const head = ['node', 'id', 'rack', 'machine', 'since', 'broker', 'leads', 'replicas', 'quorum'];

function nodeRow({ slot, nodeId, rack, machine, broker, controller }: NodeStatus): string[] {
  const { leaders, replicas, outOfSync } = broker ?? {};
  const behind = outOfSync ? ` (${outOfSync} out of sync)` : '';
  return [
    slot,
    String(nodeId),
    rack,
    machine.state,
    machine.since ? clock(machine.since) : '',
    broker?.registration ?? '-',
    leaders === undefined ? '' : String(leaders),
    replicas === undefined ? '' : `${replicas}${behind}`,
    `${controller ?? '-'}${machine.reason ? `  ${machine.reason}` : ''}`,
  ];
}

function table(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0))) ?? [];
  return rows.map((r) =>
    `  ${r.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd(),
  );
}

/** The figures of a measurement that lies back: its time comes first. */
const verdictText = (verdict: NonNullable<ClusterView['lastVerdict']>): string[] => [
  `last load test, ${clock(verdict.at)}:`,
  ...figuresText({ thresholds: [], ...verdict }).map((line) => `  ${line}`),
];

/** `2026-11-25 17:02:11` in UTC, which the Web UI and the logs show as well. */
const clock = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;

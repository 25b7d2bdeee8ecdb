/** The cluster as Markdown for the Web UI: what it is, who holds it, and its last operations. */
import type { ClusterStatus } from '../../contracts/cluster.ts';

const rowsMax = 10;

/** Pure. Newest operations first. */
export function clusterDetails(status: ClusterStatus): string {
  const { leases, history } = status;
  const rows = [...history]
    .reverse()
    .slice(0, rowsMax)
    .map((h) => `| ${h.type} | ${h.outcome ?? 'running'} | ${h.reason ?? ''} | ${h.requester} |`);
  return [
    `### Cluster \`${status.name}\`: ${status.phase} since ${status.since}`,
    ...(status.reason ? [`> ${status.reason}`] : []),
    `Protection: **${status.protection ? 'on' : 'off'}**`,
    ...(status.connection ? [`Bootstrap: \`${status.connection.bootstrap}\``] : []),
    ...(leases.length === 0
      ? ['Lease: free']
      : leases.map((lease) => `Lease: \`${lease.operationId}\` since ${lease.since}`)),
    ...(rows.length > 0
      ? [['| operation | outcome | reason | by |', '| --- | --- | --- | --- |', ...rows].join('\n')]
      : []),
  ].join('\n\n');
}

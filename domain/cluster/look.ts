/** What a look at the world comes to, in a sentence for people. Pure. */
import type { ClusterNow, Inspection, NodeStatus } from '../../contracts/http.ts';
import { fewOf } from '../../contracts/text.ts';

/** The sentence, and who brings back what is away. */
export function tellLook(look: Inspection): ClusterNow {
  const { nodes } = look;
  if (nodes.length === 0) return { ...look, summary: 'no machine exists' };
  const parts = [machinesText(nodes), ...brokersText(look), ...partitionsText(look)];
  const remedy = remedyOf(nodes);
  return { ...look, summary: parts.join(', '), ...(remedy ? { remedy } : {}) };
}

/** The world could not be looked at: said as it is, without a guess at its state. */
export const notLooked = (problem: string): ClusterNow => ({
  summary: 'not known',
  problem,
});

function machinesText(nodes: NodeStatus[]): string {
  const counts = new Map<string, number>();
  for (const { machine } of nodes) {
    counts.set(machine.state, (counts.get(machine.state) ?? 0) + 1);
  }
  const all = nodes.length;
  if (counts.get('running') === all) return `${all} of ${all} machines running`;
  const others = [...counts].filter(([state]) => state !== 'running');
  return others.map(([state, count]) => `${count} of ${all} machines ${state}`).join(', ');
}

function brokersText({ nodes, kafka }: Inspection): string[] {
  if (!kafka.answers) return [`Kafka does not answer${kafka.reason ? ` (${kafka.reason})` : ''}`];
  const brokers = nodes.flatMap((n) => n.broker ?? []);
  const registered = brokers.filter((b) => b.registration === 'registered').length;
  return [`${registered} of ${brokers.length} brokers registered`];
}

const partitionsText = ({ kafka }: Inspection): string[] => [
  ...(kafka.leaderless ? [`${kafka.leaderless} partitions without a leader`] : []),
  ...(kafka.underReplicated
    ? [`${kafka.underReplicated} partitions with replicas out of sync`]
    : []),
];

function remedyOf(nodes: NodeStatus[]): string | undefined {
  const emptied = nodes.filter((n) => n.machine.code === 'disk-emptied').map((n) => n.slot);
  if (emptied.length > 0)
    return `a person must see to the disk of ${fewOf(emptied)}: no start helps`;
  const states = nodes.map((n) => n.machine.state);
  if (states.includes('stopped')) return 'the next apply starts stopped machines';
  if (states.some((s) => s === 'absent' || s === 'terminated')) {
    return 'the next apply makes missing machines';
  }
  return undefined;
}

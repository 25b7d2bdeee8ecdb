/** What a look at the world comes to, in a sentence for people. Pure. */
import type { ClusterNow, Inspection, NodeStatus, StrangerView } from '../../contracts/http.ts';
import { fewOf } from '../../contracts/text.ts';

/** The sentence, and who brings back what is away. */
export function tellLook(look: Inspection): ClusterNow {
  const { nodes, strangers = [] } = look;
  if (nodes.length === 0 && strangers.length === 0)
    return { ...look, summary: 'no machine exists' };
  const parts = [
    ...(nodes.length > 0
      ? [machinesText(nodes), ...brokersText(look), ...partitionsText(look)]
      : []),
    ...(strangers.length > 0 ? [strangersText(strangers)] : []),
  ];
  const remedy = strangers.length > 0 ? strangersRemedy : remedyOf(look);
  return { ...look, summary: parts.join(', '), ...(remedy ? { remedy } : {}) };
}

/** Machines and disks that have lost their record; shared by whoever refuses to go on with them. */
export function strangersText(strangers: readonly StrangerView[]): string {
  const told = strangers.map(({ slot, id, running, where }) => {
    return `${slot}: ${id} (${running ? 'running' : 'not running'}, ${where})`;
  });
  return `${strangers.length} machines or disks without a record: ${fewOf(told, 5)}`;
}

export const strangersRemedy =
  "put the provider's records back, or end them yourself (local: `npm run clean` ends and removes" +
  ' everything); nothing touches them until then';

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
  if (!kafka.answers) {
    const silent = kafka.asked === false ? 'Kafka could not be asked' : 'Kafka does not answer';
    return [`${silent}${kafka.reason ? ` (${kafka.reason})` : ''}`];
  }
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

function remedyOf({ nodes, kafka }: Inspection): string | undefined {
  const emptied = nodes.filter((n) => n.machine.code === 'disk-emptied').map((n) => n.slot);
  if (emptied.length > 0)
    return `a person must see to the disk of ${fewOf(emptied)}: no start helps`;
  if (kafka.asked === false) return 'put the credentials back, or destroy the cluster';
  const states = nodes.map((n) => n.machine.state);
  if (states.includes('stopped')) return 'the next apply starts stopped machines';
  if (states.some((s) => s === 'absent' || s === 'terminated')) {
    return 'the next apply makes missing machines';
  }
  return undefined;
}

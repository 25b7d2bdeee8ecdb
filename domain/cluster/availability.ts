/**
 * May this node stop now? The rule of rolling restarts, after Strimzi's: what is available must
 * stay so without it. Pure; whoever asks must give all of Kafka's answer, since what is unknown
 * cannot be safe.
 */

export interface PartitionState {
  partition: number;
  /** Node id, -1 while nobody leads it. */
  leader: number;
  replicas: number[];
  isr: number[];
}
export interface TopicState {
  name: string;
  partitions: PartitionState[];
  /** Set when Kafka did not tell its partitions: why. */
  unknown?: string;
}
export interface VoterState {
  nodeId: number;
  logEndOffset: bigint;
  /** Since it last fetched from the leader, by the leader's clock; 0 for the leader itself. */
  sinceFetchMs: number;
}
export interface QuorumState {
  leaderId: number;
  voters: VoterState[];
}

export interface Availability {
  topics: TopicState[];
  /** Explicit configuration by topic. */
  configs: ReadonlyMap<string, Record<string, string>>;
  /** Cluster-wide values for what a topic does not say. */
  defaults: Record<string, string>;
  quorum: QuorumState;
}

/** Why a node must not stop now. */
export interface Hazard {
  kind: 'unknown' | 'offline' | 'min-insync' | 'quorum';
  /** One sentence that names partition or voters. */
  text: string;
}

/**
 * A voter fetches every half second at most, and the metadata log grows by two records a second
 * without any change: who is behind by more is not following.
 */
const voterSilenceMsMax = 1_000;
const voterLagMax = 20n;

/**
 * The first hazard of stopping the node, or undefined. A partition whose replication factor leaves
 * no spare (RF ≤ min.insync.replicas) can never keep its writers: it must keep all that it can, and
 * the plan warns of it. So a quorum of one or two, which no stop can leave with a majority.
 */
export function hazardOf(state: Availability, nodeId: number): Hazard | undefined {
  return partitionHazard(state, nodeId) ?? quorumHazard(state, nodeId);
}

function partitionHazard(
  { topics, configs, defaults }: Availability,
  nodeId: number,
): Hazard | undefined {
  for (const topic of topics) {
    if (topic.unknown !== undefined) {
      const text = `Kafka does not tell the partitions of ${topic.name}: ${topic.unknown}`;
      return { kind: 'unknown', text };
    }
    const minIsr = minInsyncOf(configs.get(topic.name) ?? {}, defaults);
    for (const partition of topic.partitions.filter((p) => p.replicas.includes(nodeId))) {
      const hazard = hazardOfPartition(topic.name, partition, { minIsr, nodeId });
      if (hazard) return hazard;
    }
  }
  return undefined;
}

function minInsyncOf(explicit: Record<string, string>, defaults: Record<string, string>): number {
  const key = 'min.insync.replicas';
  return Number(explicit[key] ?? defaults[key] ?? 1);
}

function hazardOfPartition(
  topic: string,
  { partition, leader, replicas, isr }: PartitionState,
  { minIsr, nodeId }: { minIsr: number; nodeId: number },
): Hazard | undefined {
  const name = `${topic}-${partition}`;
  if (leader < 0) return { kind: 'offline', text: `${name} has no leader` };
  const left = isr.filter((id) => id !== nodeId).length;
  const needed = Math.min(minIsr, replicas.length - 1);
  if (left >= needed) return undefined;
  const text =
    `${name} would have ${left} of ${replicas.length} replicas in sync, needed ${needed}` +
    ` (min.insync.replicas ${minIsr})`;
  return { kind: 'min-insync', text };
}

/** The others must be a majority of the voters, and be following: they elect and commit alone. */
function quorumHazard({ quorum }: Availability, nodeId: number): Hazard | undefined {
  const { voters } = quorum;
  if (!voters.some((v) => v.nodeId === nodeId)) return undefined;
  const majority = Math.floor(voters.length / 2) + 1;
  if (voters.length - 1 < majority) return undefined;
  const others = voters.filter((v) => v.nodeId !== nodeId);
  const behind = others.filter((v) => !isFollowing(quorum, v.nodeId)).map((v) => v.nodeId);
  const following = others.length - behind.length;
  if (following >= majority) return undefined;
  const text =
    `${following} of the other voters follow the metadata log, needed ${majority}` +
    ` (behind: ${behind.join(', ')})`;
  return { kind: 'quorum', text };
}

/** The node is a voter that keeps up with a leader of the quorum, or is that leader. */
export function isFollowing({ leaderId, voters }: QuorumState, nodeId: number): boolean {
  const voter = voters.find((v) => v.nodeId === nodeId);
  const leader = voters.find((v) => v.nodeId === leaderId);
  if (!voter || !leader) return false;
  if (voter === leader) return true;
  const lag = leader.logEndOffset - voter.logEndOffset;
  return lag <= voterLagMax && voter.sinceFetchMs <= voterSilenceMsMax;
}

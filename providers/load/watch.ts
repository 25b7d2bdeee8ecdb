/**
 * Looking at the brokers while a test runs: each is asked itself, over a connection of its own, so
 * that one which stands still or is cut off is seen at once. Read-only; tells what was answered,
 * never what it means.
 */
import { type Broker, type ConnectionPool, metadataV12 } from '@platformatic/kafka';
import type { KafkaLook } from '../../contracts/standing.ts';
import type { BrokerAddress, OpenClusterWatch } from './load.ts';
import { brokerAt, poolOf, responseOf } from './pool.ts';

/** No answer for so long and a broker counts as silent in this look. */
const answerWithinMs = 3_000;

type Metadata = Awaited<ReturnType<typeof metadataV12.api.async>>;
type Heard = { nodeId: number; metadata: Metadata };
type Answer = Heard | { nodeId: number; error: unknown };

/** See OpenClusterWatch. */
export const openClusterWatch: OpenClusterWatch = ({ access, brokers, topic }) => {
  const pool = poolOf(access, answerWithinMs);
  const own = topic === undefined ? [] : [topic];
  return {
    look: async ({ all }) => {
      const answers = await Promise.all(brokers.map((broker) => ask(pool, broker, own)));
      const first = brokers.find((b) => answers.some((a) => a.nodeId === b.nodeId && heard(a)));
      const whole = all && first ? await ask(pool, first, null) : undefined;
      return lookOf(topic, answers, whole);
    },
    close: () => pool.close(),
  };
};

const heard = (answer: Answer): answer is Heard => 'metadata' in answer;

async function ask(
  pool: ConnectionPool,
  { nodeId, address }: BrokerAddress,
  topics: string[] | null,
): Promise<Answer> {
  try {
    return { nodeId, metadata: await metadataOf(pool, brokerAt(address), topics) };
  } catch (error) {
    return { nodeId, error };
  }
}

async function metadataOf(pool: ConnectionPool, broker: Broker, topics: string[] | null) {
  const connection = await pool.get(broker);
  return metadataV12.api.async(connection, topics, false, false).catch(responseOf<Metadata>);
}

function lookOf(
  topic: string | undefined,
  answers: Answer[],
  whole: Answer | undefined,
): KafkaLook {
  const told = answers.filter(heard);
  const topics = [...told, ...(whole && heard(whole) ? [whole] : [])].flatMap(
    ({ metadata }) => metadata.topics,
  );
  const withoutTopic = told
    .filter(({ metadata }) => topic !== undefined && !ownTopic(metadata, topic))
    .map(({ nodeId }) => nodeId);
  const lead = topic === undefined ? undefined : leadOf(told, topic);
  const leaderless = leaderlessOf(topics);
  return {
    answered: told.map((a) => a.nodeId),
    ...knowledgeOf(told),
    silent: answers.flatMap((a) => (heard(a) ? [] : [{ nodeId: a.nodeId, ...silenceOf(a.error) }])),
    behind: behindOf(topics),
    ...(leaderless ? { leaderless } : {}),
    ...(lead ? { lead } : {}),
    ...(withoutTopic.length > 0 ? { withoutTopic } : {}),
  };
}

/** All brokers that anybody knows, and who lacks which of them. */
function knowledgeOf(told: Heard[]): Pick<KafkaLook, 'brokers' | 'blind'> {
  const known = told.map(({ nodeId, metadata }) => ({
    nodeId,
    ids: new Set(metadata.brokers.map((b) => b.nodeId)),
  }));
  const brokers = [...new Set(known.flatMap(({ ids }) => [...ids]))].sort((a, b) => a - b);
  const blind = known.flatMap(({ nodeId, ids }) => {
    const lacks = brokers.filter((id) => !ids.has(id));
    return lacks.length > 0 ? [{ nodeId, lacks }] : [];
  });
  return { brokers, ...(blind.length > 0 ? { blind } : {}) };
}

const ownTopic = ({ topics }: Metadata, name: string) =>
  topics.find((t) => t.name === name && t.errorCode === 0);

/** From whoever knows most: the highest epoch told of each partition. */
function leadOf(told: { metadata: Metadata }[], name: string): KafkaLook['lead'] {
  const lead: NonNullable<KafkaLook['lead']> = [];
  for (const { metadata } of told) {
    for (const p of ownTopic(metadata, name)?.partitions ?? []) {
      const known = lead[p.partitionIndex];
      if (known && known.epoch >= p.leaderEpoch) continue;
      lead[p.partitionIndex] = { leader: p.leaderId, epoch: p.leaderEpoch };
    }
  }
  return lead.length > 0 ? lead : undefined;
}

/** Each replica counts once, though several brokers told of it. */
function behindOf(topics: Metadata['topics']): KafkaLook['behind'] {
  const behind = new Map<number, Set<string>>();
  for (const { name, partitions } of topics) {
    for (const p of partitions) {
      for (const id of p.replicaNodes.filter((node) => !p.isrNodes.includes(node))) {
        behind.set(id, (behind.get(id) ?? new Set()).add(`${name}-${p.partitionIndex}`));
      }
    }
  }
  return [...behind]
    .sort(([a], [b]) => a - b)
    .map(([nodeId, names]) => ({
      nodeId,
      partitions: names.size,
      first: [...names].sort()[0] ?? '',
    }));
}

function leaderlessOf(topics: Metadata['topics']): KafkaLook['leaderless'] {
  const names = topics.flatMap(({ name, partitions }) =>
    partitions.filter((p) => p.leaderId < 0).map((p) => `${name}-${p.partitionIndex}`),
  );
  const [first] = [...new Set(names)].sort();
  return first === undefined ? undefined : { partitions: new Set(names).size, first };
}

/** The innermost cause: the client wraps what the socket said. */
function silenceOf(error: unknown): { reason: string; refused: boolean } {
  const causes: { code?: string; message?: string; cause?: unknown; errors?: unknown[] }[] = [];
  for (let next = error as (typeof causes)[number] | undefined; next && causes.length < 8; ) {
    causes.push(next);
    next = (next.cause ?? next.errors?.[0]) as typeof next;
  }
  if (causes.some((c) => c.code === 'ECONNREFUSED')) {
    return { reason: 'connection refused', refused: true };
  }
  const reason = causes.at(-1)?.message ?? String(error);
  return { reason, refused: causes.some((c) => c.code === 'EHOSTUNREACH') };
}

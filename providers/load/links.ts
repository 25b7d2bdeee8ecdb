/**
 * Connections of a load thread to the brokers, and who leads which partition. On the client's raw
 * protocol calls: its Producer and Consumer repeat requests and wait for metadata of their own
 * accord, which a measurement must not.
 */
import { type Broker, type Connection, listOffsetsV8, metadataV12 } from '@platformatic/kafka';
import type { KafkaAccess } from '../kafka/kafka.ts';
import { brokerAt, poolOf, responseOf } from './pool.ts';

const askTimeoutMs = 3_000;
const refreshPauseMs = 200;

export interface Links {
  topicId(): string;
  /** Leader of each partition; -1 while there is none. */
  leaders(): readonly number[];
  /** Ids of all brokers that Kafka knows. */
  brokerIds(): number[];
  /** Asks Kafka anew, any broker that answers; rejects when none does. */
  refresh(): Promise<void>;
  /** Refreshes in the background until it succeeds, at most every 200 ms. Never rejects. */
  markStale(): void;
  /** The connection for data to a broker; rejects at once when the broker is unknown. */
  connection(nodeId: number): Promise<Connection>;
  /** Offsets of all partitions, asked of their leaders. -1 latest (high watermark), -2 earliest. */
  offsets(timestamp: -1n | -2n): Promise<bigint[]>;
}

/** `requestTimeoutMs` bounds each request for data. Connects when first asked. */
export function createLinks(r: {
  access: KafkaAccess;
  topic: string;
  partitions: number;
  requestTimeoutMs: number;
}): Links {
  const pools = {
    data: poolOf(r.access, r.requestTimeoutMs),
    questions: poolOf(r.access, askTimeoutMs),
  };
  let brokers = new Map<number, Broker>();
  let leaders = new Array<number>(r.partitions).fill(-1);
  let topicId = '';
  let refreshing = false;

  const ask = async (broker: Broker): Promise<void> => {
    const connection = await pools.questions.get(broker);
    const { answer, topic } = await metadataOf(connection, r.topic);
    brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    topicId = topic.topicId;
    leaders = new Array<number>(r.partitions).fill(-1);
    for (const p of topic.partitions) leaders[p.partitionIndex] = p.leaderId;
  };

  const refresh = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const broker of [...brokers.values(), ...r.access.brokers.map(brokerAt)]) {
      try {
        return await ask(broker);
      } catch (error) {
        failures.push(error);
      }
    }
    throw failures[0];
  };

  const markStale = (): void => {
    if (refreshing) return;
    refreshing = true;
    setTimeout(() => {
      refresh().then(
        () => {
          refreshing = false;
        },
        () => {
          refreshing = false;
          markStale();
        },
      );
    }, refreshPauseMs);
  };

  const connection = async (nodeId: number): Promise<Connection> => {
    const broker = brokers.get(nodeId);
    if (!broker) throw new Error(`broker ${nodeId} is not in the cluster`);
    return pools.data.get(broker);
  };

  return {
    topicId: () => topicId,
    leaders: () => leaders,
    brokerIds: () => [...brokers.keys()],
    refresh,
    markStale,
    connection,
    offsets: (timestamp) => offsetsOf({ topic: r.topic, leaders, timestamp, connection }),
  };
}

/** Rejects when this broker does not show the topic. */
async function metadataOf(connection: Connection, name: string) {
  const answer = await metadataV12.api
    .async(connection, [name], false, false)
    .catch(responseOf<Awaited<ReturnType<typeof metadataV12.api.async>>>);
  const topic = answer.topics[0];
  if (topic?.errorCode !== 0) {
    throw new Error(`Kafka does not show topic ${name}: error ${topic?.errorCode ?? 'none'}`);
  }
  return { answer, topic };
}

async function offsetsOf(q: {
  topic: string;
  leaders: readonly number[];
  timestamp: bigint;
  connection: Links['connection'];
}): Promise<bigint[]> {
  const found = new Array<bigint>(q.leaders.length).fill(0n);
  const asked = [...new Set(q.leaders)].map(async (nodeId) => {
    const partitions = q.leaders.flatMap((leader, partitionIndex) =>
      leader === nodeId ? [{ partitionIndex, currentLeaderEpoch: -1, timestamp: q.timestamp }] : [],
    );
    const { topics } = await listOffsetsV8.api.async(await q.connection(nodeId), -1, 0, [
      { name: q.topic, partitions },
    ]);
    for (const p of topics[0]?.partitions ?? []) found[p.partitionIndex] = p.offset;
  });
  await Promise.all(asked);
  return found;
}

/**
 * One transaction commits and is read by a reader of committed records, another aborts and is not;
 * by raw requests.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addPartitionsToTxnV3,
  type Connection,
  type ConnectionPool,
  endTxnV3,
  fetchV15,
  initProducerIdV4,
  metadataV12,
  produceV11,
} from '@platformatic/kafka';
import { anyOf } from '../kafka/connection.ts';
import { protocolErrorOf } from '../kafka/errors.ts';
import { KafkaError } from '../kafka/kafka.ts';
import { coordinates, coordinatorOf } from './coordinator.ts';
import type { CoordinationRun } from './load.ts';
import { brokerAt } from './pool.ts';

const transactionTimeoutMs = 30_000;
const produceTimeoutMs = 10_000;
const completionWithinMs = 20_000;
const completionPauseMs = 50;
const fetchWaitMs = 1_000;
const fetchBytesMax = 1 << 20;
const acksAll = -1;
const readCommitted = 1;
/** Bit of a batch that holds a transaction's end instead of records. */
const controlBit = 0x20;
const partition = 0;
const committedText = 'asgard-committed';
const abortedText = 'asgard-aborted';

/** Rejects with Kafka's answer, or with KafkaError when the reader sees what it must not. */
export async function proveTransactions(pool: ConnectionPool, run: CoordinationRun): Promise<void> {
  const leader = await leaderOf(pool, run);
  const from = await transaction(pool, run, leader, true);
  await transaction(pool, run, leader, false);
  const seen = await readSettled(leader, from);
  if (!seen.includes(committedText)) {
    throw new KafkaError('unavailable', 'a committed record cannot be read');
  }
  if (seen.includes(abortedText)) {
    throw new KafkaError('refused', 'a record of an aborted transaction was read as committed');
  }
}

interface Leader {
  connection: Connection;
  topic: string;
  topicId: string;
}

async function leaderOf(pool: ConnectionPool, run: CoordinationRun): Promise<Leader> {
  const { access, topic } = run;
  const any = await anyOf(pool, access.brokers.map(brokerAt));
  const { brokers, topics } = await metadataV12.api.async(any, [topic], false, false);
  const id = topics[0]?.partitions.find((p) => p.partitionIndex === partition)?.leaderId;
  const broker = brokers.find((b) => b.nodeId === id);
  if (!broker) throw new KafkaError('unavailable', `${topic}-${partition} has no leader`);
  const connection = await pool.get({ host: broker.host, port: broker.port });
  return { connection, topic, topicId: topics[0]?.topicId ?? '' };
}

/** One record in one transaction; answers the record's offset. */
async function transaction(
  pool: ConnectionPool,
  run: CoordinationRun,
  { connection, topic }: Leader,
  commit: boolean,
): Promise<bigint> {
  const { name: transactionalId } = run;
  const coordinator = await coordinatorOf(pool, run, coordinates.transaction);
  const { producerId, producerEpoch } = await afterTheLast(run.signal, () =>
    initProducerIdV4.api.async(coordinator, transactionalId, transactionTimeoutMs),
  );
  const topics = [{ name: topic, partitions: [partition] }];
  const own = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics };
  await afterTheLast(run.signal, () => addPartitionsToTxnV3.api.async(coordinator, [own]));
  const value = Buffer.from(commit ? committedText : abortedText);
  const record = { topic, partition, value, headers: new Map(), timestamp: BigInt(Date.now()) };
  const answer = await produceV11.api.async(connection, acksAll, produceTimeoutMs, [record], {
    transactionalId,
    producerId,
    producerEpoch,
  });
  await endTxnV3.api.async(coordinator, transactionalId, producerId, producerEpoch, commit);
  const offset =
    typeof answer === 'object' ? answer.responses[0]?.partitionResponses[0]?.baseOffset : undefined;
  if (offset === undefined) throw new KafkaError('unavailable', 'Produce was not answered');
  return offset;
}

/**
 * A transaction that has ended goes on being written to its partitions; until that is done Kafka
 * answers CONCURRENT_TRANSACTIONS, which every client waits out. Beginning anew would only put the
 * next one in the way of its own predecessor.
 */
async function afterTheLast<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const end = Date.now() + completionWithinMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const writing = protocolErrorOf(error) === 'CONCURRENT_TRANSACTIONS';
      if (!writing || Date.now() > end || signal.aborted) throw error;
    }
    await sleep(completionPauseMs);
  }
}

/** Reads once both transactions have ended for readers, too: before that neither is shown. */
async function readSettled(leader: Leader, from: bigint): Promise<string[]> {
  const end = Date.now() + completionWithinMs;
  for (;;) {
    const { texts, settled } = await readCommittedFrom(leader, from);
    if (settled) return texts;
    if (Date.now() > end) throw new KafkaError('unavailable', 'a transaction does not end');
    await sleep(completionPauseMs);
  }
}

/** Texts of the records from there on that a reader of committed records is given. */
async function readCommittedFrom(
  { connection, topicId }: Leader,
  from: bigint,
): Promise<{ texts: string[]; settled: boolean }> {
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: from,
    lastFetchedEpoch: -1,
    partitionMaxBytes: fetchBytesMax,
  };
  const { responses } = await fetchV15.api.async(
    connection,
    fetchWaitMs,
    1,
    fetchBytesMax,
    readCommitted,
    0,
    -1,
    [{ topicId, partitions: [wanted] }],
    [],
    '',
  );
  const found = responses[0]?.partitions[0];
  const stable = found?.lastStableOffset ?? 0n;
  const aborted = found?.abortedTransactions ?? [];
  const texts = (found?.records ?? []).flatMap((batch) => {
    if (batch.firstOffset >= stable || (batch.attributes & controlBit) !== 0) return [];
    // The broker names the aborted; leaving them out is the reader's part of the contract.
    const dropped = aborted.some(
      (a) => a.producerId === batch.producerId && batch.firstOffset >= a.firstOffset,
    );
    return dropped ? [] : batch.records.map((r) => r.value?.toString() ?? '');
  });
  return { texts, settled: found !== undefined && stable >= found.highWatermark };
}

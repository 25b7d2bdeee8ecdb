/**
 * Proof that coordinators work, by raw requests: a client library would hide Kafka's reason behind
 * its own retries. One consumer joins a group, commits and gets its offset back; one transaction
 * commits and is read, another aborts and is not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addPartitionsToTxnV3,
  type Connection,
  type ConnectionPool,
  endTxnV3,
  fetchV15,
  findCoordinatorV6,
  initProducerIdV4,
  joinGroupV9,
  leaveGroupV5,
  metadataV12,
  offsetCommitV8,
  offsetFetchV8,
  produceV11,
  syncGroupV5,
} from '@platformatic/kafka';
import { failFrom, protocolErrorOf } from '../kafka/errors.ts';
import { KafkaError } from '../kafka/kafka.ts';
import type { CoordinationProblem, CoordinationRun, ProveCoordination } from './load.ts';
import { brokerAt, poolOf, responseOf } from './pool.ts';

const requestTimeoutMs = 10_000;
const pauseMs = 300;
/** Rights and users made a moment ago may still be unknown to a broker. */
const refusedPatienceMs = 10_000;
const sessionTimeoutMs = 10_000;
const transactionTimeoutMs = 30_000;
const groupKey = 0;
const transactionKey = 1;
const acksAll = -1;
const readCommitted = 1;
const partition = 0;
const committedText = 'asgard-committed';
const abortedText = 'asgard-aborted';

/** See ProveCoordination. */
export const proveCoordination: ProveCoordination = async (run) => {
  const pool = poolOf(run.access, requestTimeoutMs);
  try {
    return (
      (await proved(run, 'no consumer group can work', () => proveGroup(pool, run))) ??
      (await proved(run, 'no transaction can work', () => proveTransactions(pool, run)))
    );
  } finally {
    await pool.close();
  }
};

/** Tries until it holds or the deadline is over; the last reason is the problem. */
async function proved(
  { deadlineMs, signal }: CoordinationRun,
  what: string,
  proof: () => Promise<void>,
): Promise<CoordinationProblem | undefined> {
  const begun = Date.now();
  for (;;) {
    signal.throwIfAborted();
    try {
      await proof();
      return undefined;
    } catch (error) {
      const name = protocolErrorOf(error);
      const failure = failFrom(error);
      const refused = failure instanceof KafkaError && failure.code === 'refused';
      const patienceMs = refused ? Math.min(refusedPatienceMs, deadlineMs) : deadlineMs;
      if (Date.now() - begun > patienceMs) {
        const reason = failure instanceof Error ? failure.message : String(failure);
        const problem = `${what}: ${reason} (asked for ${patienceMs / 1000} s)`;
        return { problem, answered: name !== undefined };
      }
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The connection to whom Kafka names as the coordinator. */
async function coordinatorOf(
  pool: ConnectionPool,
  { access, name }: CoordinationRun,
  keyType: number,
): Promise<Connection> {
  const any = await pool.getFirstAvailable(access.brokers.map(brokerAt));
  const { coordinators } = await findCoordinatorV6.api.async(any, keyType, [name]);
  const [found] = coordinators;
  if (!found) throw new KafkaError('unavailable', 'Kafka named no coordinator');
  return pool.get({ host: found.host, port: found.port });
}

async function proveGroup(pool: ConnectionPool, run: CoordinationRun): Promise<void> {
  const { name, topic } = run;
  const connection = await coordinatorOf(pool, run, groupKey);
  const protocols = [{ name: 'range', metadata: subscription(topic) }];
  const join = (memberId: string) =>
    joinGroupV9.api
      .async(
        connection,
        name,
        sessionTimeoutMs,
        sessionTimeoutMs,
        memberId,
        null,
        'consumer',
        protocols,
      )
      // MEMBER_ID_REQUIRED: Kafka gives a name first, and takes the member at the second call.
      .catch(responseOf<Awaited<ReturnType<typeof joinGroupV9.api.async>>>);
  const first = await join('');
  const joined = first.generationId >= 0 ? first : await join(first.memberId);
  const { memberId, generationId } = joined;
  if (generationId < 0) throw codeError('JoinGroup', joined.errorCode);
  const assignments = [{ memberId, assignment: Buffer.alloc(0) }];
  await syncGroupV5.api.async(
    connection,
    name,
    generationId,
    memberId,
    null,
    'consumer',
    'range',
    assignments,
  );
  const offset = 7n;
  await offsetCommitV8.api.async(connection, name, generationId, memberId, null, [
    {
      name: topic,
      partitions: [
        {
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: '',
        },
      ],
    },
  ]);
  const { groups } = await offsetFetchV8.api.async(
    connection,
    [{ groupId: name, memberEpoch: -1, topics: [{ name: topic, partitionIndexes: [partition] }] }],
    true,
  );
  const read = groups[0]?.topics[0]?.partitions[0]?.committedOffset;
  await leaveGroupV5.api.async(connection, name, [{ memberId, reason: 'proved' }]);
  if (read !== offset) {
    throw new KafkaError('refused', `offset ${offset} was committed, ${read ?? 'none'} came back`);
  }
}

/** ConsumerProtocolSubscription v0: version, topics, user data. */
function subscription(topic: string): Buffer {
  const name = Buffer.from(topic);
  const buffer = Buffer.alloc(2 + 4 + 2 + name.length + 4);
  buffer.writeInt16BE(0, 0);
  buffer.writeInt32BE(1, 2);
  buffer.writeInt16BE(name.length, 6);
  name.copy(buffer, 8);
  buffer.writeInt32BE(-1, 8 + name.length);
  return buffer;
}

const codeError = (what: string, code: number): KafkaError =>
  new KafkaError('unavailable', `${what} answered error ${code}`);

async function proveTransactions(pool: ConnectionPool, run: CoordinationRun): Promise<void> {
  const leader = await leaderOf(pool, run);
  const from = await transaction(pool, run, leader, true);
  await transaction(pool, run, leader, false);
  const seen = await readCommittedFrom(leader, from);
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
  const any = await pool.getFirstAvailable(access.brokers.map(brokerAt));
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
  const coordinator = await coordinatorOf(pool, run, transactionKey);
  const { producerId, producerEpoch } = await initProducerIdV4.api.async(
    coordinator,
    transactionalId,
    transactionTimeoutMs,
  );
  await addPartitionsToTxnV3.api.async(coordinator, [
    {
      transactionalId,
      producerId,
      producerEpoch,
      verifyOnly: false,
      topics: [{ name: topic, partitions: [partition] }],
    },
  ]);
  const value = Buffer.from(commit ? committedText : abortedText);
  const record = { topic, partition, value, headers: new Map(), timestamp: BigInt(Date.now()) };
  const answer = await produceV11.api.async(connection, acksAll, requestTimeoutMs, [record], {
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

/** Texts of the records from there on that a reader of committed records is given. */
async function readCommittedFrom({ connection, topicId }: Leader, from: bigint): Promise<string[]> {
  const wanted = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: from,
    lastFetchedEpoch: -1,
    partitionMaxBytes: 1 << 20,
  };
  const { responses } = await fetchV15.api.async(
    connection,
    1_000,
    1,
    1 << 20,
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
  return (found?.records ?? []).flatMap((batch) => {
    if (batch.firstOffset >= stable || (batch.attributes & 0x20) !== 0) return [];
    // The broker names the aborted; leaving them out is the reader's part of the contract.
    const dropped = aborted.some(
      (a) => a.producerId === batch.producerId && batch.firstOffset >= a.firstOffset,
    );
    return dropped ? [] : batch.records.map((r) => r.value?.toString() ?? '');
  });
}

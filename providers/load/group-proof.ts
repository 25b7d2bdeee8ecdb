/** One consumer joins a group, commits an offset and gets it back, by raw requests. */
import {
  type ConnectionPool,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  offsetFetchV8,
  syncGroupV5,
} from '@platformatic/kafka';
import { KafkaError } from '../kafka/kafka.ts';
import { coordinates, coordinatorOf } from './coordinator.ts';
import type { CoordinationRun } from './load.ts';
import { responseOf } from './pool.ts';

const sessionTimeoutMs = 10_000;
const partition = 0;
/** Any number that a new group does not have by itself. */
const offset = 7n;

/** Rejects with Kafka's answer, or with KafkaError `refused` when another offset comes back. */
export async function proveGroup(pool: ConnectionPool, run: CoordinationRun): Promise<void> {
  const { name, topic } = run;
  const connection = await coordinatorOf(pool, run, coordinates.group);
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

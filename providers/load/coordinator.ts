/** Who coordinates a consumer group or a transactional id. */
import { type Connection, type ConnectionPool, findCoordinatorV6 } from '@platformatic/kafka';
import { anyOf } from '../kafka/connection.ts';
import { KafkaError } from '../kafka/kafka.ts';
import type { CoordinationRun } from './load.ts';
import { brokerAt } from './pool.ts';

/** Kafka's key types in FindCoordinator. */
export const coordinates = { group: 0, transaction: 1 } as const;

/** The connection to whom Kafka names as the coordinator. */
export async function coordinatorOf(
  pool: ConnectionPool,
  { access, name }: CoordinationRun,
  keyType: number,
): Promise<Connection> {
  const any = await anyOf(pool, access.brokers.map(brokerAt));
  const { coordinators } = await findCoordinatorV6.api.async(any, keyType, [name]);
  const [found] = coordinators;
  if (!found) throw new KafkaError('unavailable', 'Kafka named no coordinator');
  return pool.get({ host: found.host, port: found.port });
}

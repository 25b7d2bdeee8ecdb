/**
 * KafkaAdmin over @platformatic/kafka, all but offsets: topics and configuration (in files of their
 * own), SCRAM users, ACLs, quotas, quorum, log directories, unregistering brokers.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  alterUserScramCredentialsV0,
  apiVersionsV4,
  type Connection,
  describeQuorumV2,
  describeUserScramCredentialsV0,
  listPartitionReassignmentsV0,
  ResourcePatternTypes,
  ResourceTypes,
  unregisterBrokerV0,
} from '@platformatic/kafka';
import { createConfigAdmin } from './config-admin.ts';
import { createWire, serverTimeoutMs, type Wire } from './connection.ts';
import { asked, protocolErrorOf } from './errors.ts';
import {
  type AclRule,
  type KafkaAccess,
  type KafkaAdmin,
  KafkaError,
  type QuorumView,
  type Quotas,
} from './kafka.ts';
import { metadataOf } from './metadata.ts';
import { createTopicAdmin } from './topic-admin.ts';

type PlatformaticAdmin = Omit<KafkaAdmin, 'offsets'>;

const scramSha512 = 2;

/** Connects when first asked. */
export function createPlatformaticAdmin(access: KafkaAccess, timeoutMs: number): PlatformaticAdmin {
  const { brokers, username, password } = access;
  const admin = new Admin({
    clientId: 'asgard',
    bootstrapBrokers: brokers,
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    connectTimeout: Math.min(timeoutMs, 3_000),
    timeout: timeoutMs,
    requestTimeout: timeoutMs,
    retries: 1,
    retryDelay: 200,
  });
  const wire = createWire(access, timeoutMs);
  return {
    ...createTopicAdmin(wire),
    ...createConfigAdmin(wire),
    ...userCalls(wire),
    ...aclCalls(admin),
    ...clusterCalls(admin, wire),
    ...quotaCalls(admin),
    ...groupCalls(admin),
    close: async () => {
      await Promise.allSettled([admin.close(), wire.close()]);
    },
  };
}

function userCalls(
  wire: Wire,
): Pick<PlatformaticAdmin, 'upsertScramUser' | 'deleteScramUser' | 'scramUsers'> {
  return {
    upsertScramUser: ({ username, password, iterations }) =>
      wire.change(async (connection) => {
        const salt = randomBytes(24);
        const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
        const user = { name: username, mechanism: scramSha512, iterations, salt, saltedPassword };
        await alterUserScramCredentialsV0.api.async(connection, [], [user]);
      }, `user ${username} with ${iterations} iterations`),
    deleteScramUser: (username) =>
      wire.change(async (connection) => {
        try {
          const user = { name: username, mechanism: scramSha512 };
          await alterUserScramCredentialsV0.api.async(connection, [user], []);
        } catch (error) {
          if (protocolErrorOf(error) !== 'RESOURCE_NOT_FOUND') throw error;
        }
      }, `user ${username}`),
    scramUsers: () =>
      wire.ask(async (connection) => {
        const { results } = await describeUserScramCredentialsV0.api.async(connection, null);
        return results.map((r) => r.user).sort();
      }),
  };
}

const resourceTypes = {
  topic: ResourceTypes.TOPIC,
  group: ResourceTypes.GROUP,
  cluster: ResourceTypes.CLUSTER,
  'transactional-id': ResourceTypes.TRANSACTIONAL_ID,
} as const;
const operations = {
  read: AclOperations.READ,
  write: AclOperations.WRITE,
  create: AclOperations.CREATE,
  describe: AclOperations.DESCRIBE,
  'idempotent-write': AclOperations.IDEMPOTENT_WRITE,
  all: AclOperations.ALL,
} as const;

const anyAcl = {
  resourceType: ResourceTypes.ANY,
  resourceName: null,
  resourcePatternType: ResourcePatternTypes.ANY,
  host: null,
  operation: AclOperations.ANY,
  permissionType: AclPermissionTypes.ANY,
} as const;

function aclCalls(
  admin: Admin,
): Pick<PlatformaticAdmin, 'createAcls' | 'deleteAclsOf' | 'aclPrincipals'> {
  return {
    createAcls: (rules) =>
      asked(
        async () => {
          await admin.createAcls({ creations: rules.flatMap(toAcls) });
        },
        `rights of ${rules.map((r) => `${r.principal} on ${r.resource} ${r.name}`).join(', ')}`,
      ),
    deleteAclsOf: (principal) =>
      asked(async () => {
        await admin.deleteAcls({ filters: [{ ...anyAcl, principal }] });
      }, `rights of ${principal}`),
    aclPrincipals: () =>
      asked(async () => {
        const found = await admin.describeAcls({ filter: { ...anyAcl, principal: null } });
        return [...new Set(found.flatMap((r) => r.acls.map((acl) => acl.principal)))].sort();
      }),
  };
}

const toAcls = (rule: AclRule) =>
  rule.operations.map((operation) => ({
    resourceType: resourceTypes[rule.resource],
    resourceName: rule.name,
    resourcePatternType:
      rule.pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
    principal: rule.principal,
    host: '*',
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }));

function clusterCalls(
  admin: Admin,
  wire: Wire,
): Pick<PlatformaticAdmin, 'quorum' | 'reassigning' | 'features' | 'logDirs' | 'unregisterBroker'> {
  return {
    quorum: () => wire.ask(quorumView),
    reassigning: () =>
      wire.ask(async (connection) => {
        const ask = listPartitionReassignmentsV0.api.async(connection, serverTimeoutMs, null);
        return (await ask).topics.length > 0;
      }),
    features: () =>
      wire.ask(async (connection) => {
        const { finalizedFeatures } = await apiVersionsV4.api.async(connection, 'asgard', '1');
        return Object.fromEntries(
          (finalizedFeatures ?? []).map((f) => [f.name, f.maxVersionLevel]),
        );
      }),
    logDirs: (nodeIds) =>
      asked(async () => {
        const { topics } = await metadataOf(wire, null);
        const found = await admin.describeLogDirs({
          topics: topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map((p) => p.partition),
          })),
        });
        return found
          .filter(({ broker }) => nodeIds.includes(broker))
          .map(({ broker, results }) => {
            const parts = results.flatMap((r) => r.topics.flatMap((t) => t.partitions));
            const bytes = parts.reduce((sum, p) => sum + BigInt(p.partitionSize), 0n);
            return { nodeId: broker, replicas: parts.length, bytes };
          });
      }),
    unregisterBroker: (nodeId) =>
      wire.change(async (connection) => {
        try {
          await unregisterBrokerV0.api.async(connection, nodeId);
        } catch (error) {
          if (protocolErrorOf(error) !== 'BROKER_ID_NOT_REGISTERED') throw error;
        }
      }, `broker ${nodeId}`),
  };
}

const quotaKeys = {
  producerBytesPerS: 'producer_byte_rate',
  consumerBytesPerS: 'consumer_byte_rate',
  requestPercent: 'request_percentage',
} as const;

type QuotaKey = (typeof quotaKeys)[keyof Quotas];
type QuotaChange =
  | { key: QuotaKey; remove: true }
  | { key: QuotaKey; value: number; remove: false };

function quotaCalls(admin: Admin): Pick<PlatformaticAdmin, 'quotas' | 'alterQuotas'> {
  const names = Object.entries(quotaKeys) as [keyof Quotas, QuotaKey][];
  return {
    quotas: (username) =>
      asked(async () => {
        const found = await admin.describeClientQuotas({
          components: [{ entityType: 'user', matchType: 0, match: username }],
        });
        const values = found.flatMap((entry) => entry.values);
        return Object.fromEntries(
          names.flatMap(([name, key]) => {
            const value = values.find((v) => v.key === key)?.value;
            return value === undefined ? [] : [[name, value]];
          }),
        );
      }),
    alterQuotas: (username, quotas) =>
      asked(async () => {
        const ops = names.flatMap(([name, key]): QuotaChange[] => {
          const value = quotas[name];
          if (value === undefined) return [];
          return value === null ? [{ key, remove: true }] : [{ key, value, remove: false }];
        });
        const entities = [{ entityType: 'user' as const, entityName: username }];
        await admin.alterClientQuotas({ entries: [{ entities, ops }] });
      }, `quotas of ${username}`),
  };
}

function groupCalls(admin: Admin): Pick<PlatformaticAdmin, 'groups' | 'deleteGroup'> {
  return {
    groups: () => asked(async () => [...(await admin.listGroups()).keys()].sort()),
    deleteGroup: (id) =>
      asked(async () => {
        try {
          await admin.deleteGroups({ groups: [id] });
        } catch (error) {
          const name = protocolErrorOf(error);
          if (name === 'GROUP_ID_NOT_FOUND') return;
          if (name !== 'NON_EMPTY_GROUP') throw error;
          throw new KafkaError('unavailable', `NON_EMPTY_GROUP: ${id} has members`);
        }
      }, `group ${id}`),
  };
}

async function quorumView(connection: Connection): Promise<QuorumView> {
  const { topics } = await describeQuorumV2.api.async(connection, [
    { topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] },
  ]);
  const log = topics[0]?.partitions[0];
  type Member = { replicaId: number; logEndOffset: bigint; lastFetchTimestamp: bigint };
  const voters: Member[] = log?.currentVoters ?? [];
  // The leader answers with its own time for itself.
  const now = voters.find((v) => v.replicaId === log?.leaderId)?.lastFetchTimestamp ?? 0n;
  const member = (m: Member) => ({ nodeId: m.replicaId, logEndOffset: m.logEndOffset });
  return {
    leaderId: log?.leaderId ?? -1,
    leaderEpoch: log?.leaderEpoch ?? -1,
    voters: voters.map((v) => ({
      ...member(v),
      sinceFetchMs: Number(now - v.lastFetchTimestamp),
    })),
    observers: (log?.observers ?? []).map(member),
  };
}

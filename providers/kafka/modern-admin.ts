/**
 * The part of KafkaAdmin that kafkajs lacks, over @platformatic/kafka: incremental configuration,
 * SCRAM users, ACLs, quorum, log directories, unregistering brokers.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  alterUserScramCredentialsV0,
  apiVersionsV4,
  ConfigResourceTypes,
  ConfigSources,
  type Connection,
  ConnectionPool,
  describeQuorumV2,
  describeUserScramCredentialsV0,
  IncrementalAlterConfigOperationTypes,
  ResourcePatternTypes,
  ResourceTypes,
  unregisterBrokerV0,
} from '@platformatic/kafka';
import { asked, protocolErrorOf } from './errors.ts';
import type {
  AclRule,
  ConfigChange,
  KafkaAccess,
  KafkaAdmin,
  QuorumView,
  Quotas,
} from './kafka.ts';
import { settled } from './settled.ts';

type ModernAdmin = Omit<
  KafkaAdmin,
  'brokers' | 'topics' | 'createTopic' | 'deleteTopic' | 'addPartitions' | 'offsets'
>;

const scramSha512 = 2;

export function createModernAdmin(access: KafkaAccess, timeoutMs: number): ModernAdmin {
  const sasl = {
    mechanism: 'SCRAM-SHA-512',
    username: access.username,
    password: access.password,
  } as const;
  const admin = new Admin({
    clientId: 'asgard',
    bootstrapBrokers: access.brokers,
    sasl,
    connectTimeout: Math.min(timeoutMs, 3_000),
    timeout: timeoutMs,
    requestTimeout: timeoutMs,
    retries: 1,
    retryDelay: 200,
  });
  const pool = new ConnectionPool('asgard', {
    sasl,
    connectTimeout: Math.min(timeoutMs, 3_000),
    requestTimeout: timeoutMs,
  });
  const raw = <T>(work: (connection: Connection) => Promise<T>): Promise<T> =>
    asked(async () => work(await pool.getFirstAvailable(access.brokers.map(toBroker))));
  return {
    ...configCalls(admin),
    ...userCalls(raw),
    ...aclCalls(admin),
    ...clusterCalls(admin, raw),
    ...quotaCalls(admin),
    close: async () => {
      await Promise.allSettled([admin.close(), pool.close()]);
    },
  };
}

type Raw = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;

function toBroker(address: string) {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

function configCalls(
  admin: Admin,
): Pick<ModernAdmin, 'topicConfigs' | 'clusterConfig' | 'alterConfig'> {
  const topicConfigs: ModernAdmin['topicConfigs'] = (names) =>
    asked(async () => {
      if (names.length === 0) return new Map();
      const found = await admin.describeConfigs({
        resources: names.map((resourceName) => ({
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName,
          configurationKeys: null,
        })),
      });
      return new Map(
        found.map((r) => [r.resourceName, valuesFrom(r.configs, ConfigSources.TOPIC_CONFIG)]),
      );
    });
  const clusterConfig: ModernAdmin['clusterConfig'] = () =>
    asked(async () => {
      const resourceType = ConfigResourceTypes.BROKER;
      const [found] = await admin.describeConfigs({
        resources: [{ resourceType, resourceName: '', configurationKeys: null }],
      });
      return valuesFrom(found?.configs ?? [], ConfigSources.DYNAMIC_DEFAULT_BROKER_CONFIG);
    });
  return {
    topicConfigs,
    clusterConfig,
    async alterConfig(change) {
      await asked(() => admin.incrementalAlterConfigs({ resources: [toResource(change)] }));
      const { resource, set } = change;
      if (resource.kind === 'broker') return;
      await settled(async () => {
        const now =
          resource.kind === 'cluster'
            ? await clusterConfig()
            : (await topicConfigs([resource.name])).get(resource.name);
        const shows = ([key, value]: [string, string | null]) => (now?.[key] ?? null) === value;
        return Object.entries(set).every(shows) ? true : undefined;
      });
    },
  };
}

interface ConfigEntry {
  name: string;
  value?: string | null | undefined;
  configSource: number;
}

const valuesFrom = (configs: ConfigEntry[], source: number): Record<string, string> =>
  Object.fromEntries(
    configs.filter((c) => c.configSource === source).map((c) => [c.name, c.value ?? '']),
  );

function toResource({ resource, set }: ConfigChange) {
  const { SET, DELETE } = IncrementalAlterConfigOperationTypes;
  return {
    resourceType:
      resource.kind === 'topic' ? ConfigResourceTypes.TOPIC : ConfigResourceTypes.BROKER,
    resourceName:
      resource.kind === 'topic'
        ? resource.name
        : resource.kind === 'broker'
          ? String(resource.nodeId)
          : '',
    configs: Object.entries(set).map(([name, value]) =>
      value === null ? { name, configOperation: DELETE } : { name, configOperation: SET, value },
    ),
  };
}

function userCalls(
  raw: Raw,
): Pick<ModernAdmin, 'upsertScramUser' | 'deleteScramUser' | 'scramUsers'> {
  return {
    upsertScramUser: ({ username, password, iterations }) =>
      raw(async (connection) => {
        const salt = randomBytes(24);
        const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, 'sha512');
        const user = { name: username, mechanism: scramSha512, iterations, salt, saltedPassword };
        await alterUserScramCredentialsV0.api.async(connection, [], [user]);
      }),
    deleteScramUser: (username) =>
      raw(async (connection) => {
        try {
          const user = { name: username, mechanism: scramSha512 };
          await alterUserScramCredentialsV0.api.async(connection, [user], []);
        } catch (error) {
          if (protocolErrorOf(error) !== 'RESOURCE_NOT_FOUND') throw error;
        }
      }),
    scramUsers: () =>
      raw(async (connection) => {
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
): Pick<ModernAdmin, 'createAcls' | 'deleteAclsOf' | 'aclPrincipals'> {
  return {
    createAcls: (rules) =>
      asked(async () => {
        await admin.createAcls({ creations: rules.flatMap(toAcls) });
      }),
    deleteAclsOf: (principal) =>
      asked(async () => {
        await admin.deleteAcls({ filters: [{ ...anyAcl, principal }] });
      }),
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
  raw: Raw,
): Pick<ModernAdmin, 'quorum' | 'features' | 'logDirs' | 'unregisterBroker'> {
  return {
    quorum: () => raw(quorumView),
    features: () =>
      raw(async (connection) => {
        const { finalizedFeatures } = await apiVersionsV4.api.async(connection, 'asgard', '1');
        return Object.fromEntries(
          (finalizedFeatures ?? []).map((f) => [f.name, f.maxVersionLevel]),
        );
      }),
    logDirs: (nodeIds) =>
      asked(async () => {
        const names = await admin.listTopics({ includeInternals: true });
        const { topics } = await admin.metadata({ topics: names });
        const found = await admin.describeLogDirs({
          topics: [...topics].map(([name, topic]) => ({
            name,
            partitions: topic.partitions.map((_, index) => index),
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
      raw(async (connection) => {
        try {
          await unregisterBrokerV0.api.async(connection, nodeId);
        } catch (error) {
          if (protocolErrorOf(error) !== 'BROKER_ID_NOT_REGISTERED') throw error;
        }
      }),
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

function quotaCalls(admin: Admin): Pick<ModernAdmin, 'quotas' | 'alterQuotas'> {
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
      }),
  };
}

async function quorumView(connection: Connection): Promise<QuorumView> {
  const { topics } = await describeQuorumV2.api.async(connection, [
    { topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] },
  ]);
  const log = topics[0]?.partitions[0];
  const member = (m: { replicaId: number; logEndOffset: bigint }) => ({
    nodeId: m.replicaId,
    logEndOffset: m.logEndOffset,
  });
  return {
    leaderId: log?.leaderId ?? -1,
    leaderEpoch: log?.leaderEpoch ?? -1,
    voters: (log?.currentVoters ?? []).map(member),
    observers: (log?.observers ?? []).map(member),
  };
}

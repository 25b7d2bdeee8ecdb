/**
 * Wrong specs, each with exactly what is said about it. The texts are part of the product: a change
 * of one is a change for users.
 */
import type { Violation } from '../../../contracts/spec.ts';

export interface WrongSpec {
  name: string;
  /** Makes the example spec wrong. */
  // biome-ignore lint/suspicious/noExplicitAny: the point is to break the types.
  change(s: any): void;
  expected: Violation[];
}

export const wrongSpecs: WrongSpec[] = [
  {
    name: 'no name',
    change: (s) => {
      delete s.name;
    },
    expected: [{ field: 'name', rule: 'required', message: 'is missing', remedy: 'add it' }],
  },
  {
    name: 'a number as name',
    change: (s) => {
      s.name = 5;
    },
    expected: [
      { field: 'name', rule: 'type', message: 'must be a string', remedy: 'give a string' },
    ],
  },
  {
    name: 'an empty name',
    change: (s) => {
      s.name = '';
    },
    expected: [
      {
        field: 'name',
        rule: 'name',
        message: '`` is not a cluster name',
        remedy: 'use 1–40 of a–z, 0–9 and -, starting with a letter and not ending with -',
      },
    ],
  },
  {
    name: 'capitals in the name',
    change: (s) => {
      s.name = 'Orders';
    },
    expected: [
      {
        field: 'name',
        rule: 'name',
        message: '`Orders` is not a cluster name',
        remedy: 'use 1–40 of a–z, 0–9 and -, starting with a letter and not ending with -',
      },
    ],
  },
  {
    name: 'a name ending with a dash',
    change: (s) => {
      s.name = 'orders-';
    },
    expected: [
      {
        field: 'name',
        rule: 'name',
        message: '`orders-` is not a cluster name',
        remedy: 'use 1–40 of a–z, 0–9 and -, starting with a letter and not ending with -',
      },
    ],
  },
  {
    name: 'a name of 41 characters',
    change: (s) => {
      s.name = 'a'.repeat(41);
    },
    expected: [
      {
        field: 'name',
        rule: 'limit',
        message: 'must not have more than 40 characters',
        remedy: 'keep within 40',
      },
    ],
  },
  {
    name: 'a name with a slash',
    change: (s) => {
      s.name = '../etc';
    },
    expected: [
      {
        field: 'name',
        rule: 'name',
        message: '`../etc` is not a cluster name',
        remedy: 'use 1–40 of a–z, 0–9 and -, starting with a letter and not ending with -',
      },
    ],
  },
  {
    name: 'an unknown field',
    change: (s) => {
      s.nmae = 1;
    },
    expected: [
      {
        field: 'nmae',
        rule: 'unknown-field',
        message: 'is no field of this object',
        remedy: 'did you mean `name`?',
      },
    ],
  },
  {
    name: 'an unknown provider',
    change: (s) => {
      s.provider = 'azure';
    },
    expected: [
      {
        field: 'provider',
        rule: 'provider',
        message: 'no provider `azure`',
        remedy: 'use local; docker and ec2 are not built yet',
      },
    ],
  },
  {
    name: 'docker, which is not built yet',
    change: (s) => {
      s.provider = 'docker';
    },
    expected: [
      {
        field: 'provider',
        rule: 'provider',
        message: 'no provider `docker`',
        remedy: 'use local; docker and ec2 are not built yet',
      },
    ],
  },
  {
    name: 'no kafka',
    change: (s) => {
      delete s.kafka;
    },
    expected: [{ field: 'kafka', rule: 'required', message: 'is missing', remedy: 'add it' }],
  },
  {
    name: 'no Kafka version',
    change: (s) => {
      delete s.kafka.version;
    },
    expected: [
      { field: 'kafka.version', rule: 'required', message: 'is missing', remedy: 'add it' },
    ],
  },
  {
    name: 'an old Kafka',
    change: (s) => {
      s.kafka.version = '3.9.0';
    },
    expected: [
      {
        field: 'kafka.version',
        rule: 'kafka-version',
        message: 'Kafka 3.9.0 is not supported',
        remedy: 'use 4.3.1',
      },
    ],
  },
  {
    name: 'a list as configuration value',
    change: (s) => {
      s.kafka.config['log.retention.hours'] = [1];
    },
    expected: [
      {
        field: 'kafka.config["log.retention.hours"]',
        rule: 'type',
        message: 'must be a string or a number or a boolean',
        remedy: 'give a string',
      },
    ],
  },
  {
    name: 'a misspelt broker key',
    change: (s) => {
      s.kafka.config['min.insyc.replicas'] = 2;
    },
    expected: [
      {
        field: 'kafka.config["min.insyc.replicas"]',
        rule: 'config-key-unknown',
        message: 'is no broker configuration key of Kafka 4.3.1',
        remedy: 'did you mean `min.insync.replicas`?',
      },
    ],
  },
  {
    name: 'a topic key as broker key',
    change: (s) => {
      s.kafka.config['retention.ms'] = 5;
    },
    expected: [
      {
        field: 'kafka.config["retention.ms"]',
        rule: 'config-key-unknown',
        message: 'is no broker configuration key of Kafka 4.3.1',
        remedy: 'did you mean `log.retention.ms`?',
      },
    ],
  },
  {
    name: 'listeners',
    change: (s) => {
      s.kafka.config.listeners = 'PLAINTEXT://:9092';
    },
    expected: [
      {
        field: 'kafka.config["listeners"]',
        rule: 'config-key-reserved',
        message: 'follows from the machines: every node gets listeners of its own address',
        remedy: 'remove it; the connection that Asgard hands out says where clients connect',
      },
    ],
  },
  {
    name: 'log.dirs',
    change: (s) => {
      s.kafka.config['log.dirs'] = '/data';
    },
    expected: [
      {
        field: 'kafka.config["log.dirs"]',
        rule: 'config-key-reserved',
        message: 'is the mount of the node’s data volume',
        remedy: 'remove it; nodes[].diskGiB says how large the volume is',
      },
    ],
  },
  {
    name: 'the authorizer',
    change: (s) => {
      s.kafka.config['authorizer.class.name'] = 'x';
    },
    expected: [
      {
        field: 'kafka.config["authorizer.class.name"]',
        rule: 'config-key-reserved',
        message:
          'is part of the security that Asgard sets up: SCRAM users, ACLs, its own principals',
        remedy: 'remove it; see docs/guides/security.md',
      },
    ],
  },
  {
    name: 'super users',
    change: (s) => {
      s.kafka.config['super.users'] = 'User:me';
    },
    expected: [
      {
        field: 'kafka.config["super.users"]',
        rule: 'config-key-reserved',
        message:
          'is part of the security that Asgard sets up: SCRAM users, ACLs, its own principals',
        remedy: 'remove it; see docs/guides/security.md',
      },
    ],
  },
  {
    name: 'node.id',
    change: (s) => {
      s.kafka.config['node.id'] = 1;
    },
    expected: [
      {
        field: 'kafka.config["node.id"]',
        rule: 'config-key-reserved',
        message: 'follows from nodes: Asgard forms the quorum and gives out node ids',
        remedy: 'remove it; say who votes by the role `controller` in nodes[].roles',
      },
    ],
  },
  {
    name: 'a word for a number',
    change: (s) => {
      s.kafka.config['log.retention.hours'] = 'two days';
    },
    expected: [
      {
        field: 'kafka.config["log.retention.hours"]',
        rule: 'config-value',
        message: '`two days` is not a whole number',
        remedy: 'give a whole number',
      },
    ],
  },
  {
    name: 'a number below the minimum',
    change: (s) => {
      s.kafka.config['num.io.threads'] = 0;
    },
    expected: [
      {
        field: 'kafka.config["num.io.threads"]',
        rule: 'config-value',
        message: '0 is below 1',
        remedy: 'give at least 1',
      },
    ],
  },
  {
    name: 'a number above the maximum',
    change: (s) => {
      s.kafka.config['compression.lz4.level'] = 18;
    },
    expected: [
      {
        field: 'kafka.config["compression.lz4.level"]',
        rule: 'config-value',
        message: '18 is above 17',
        remedy: 'give at most 17',
      },
    ],
  },
  {
    name: 'a word for a boolean',
    change: (s) => {
      s.kafka.config['auto.create.topics.enable'] = 'no';
    },
    expected: [
      {
        field: 'kafka.config["auto.create.topics.enable"]',
        rule: 'config-value',
        message: '`no` is not a boolean',
        remedy: 'use true or false',
      },
    ],
  },
  {
    name: 'a fraction for a whole number',
    change: (s) => {
      s.kafka.config['num.io.threads'] = 1.5;
    },
    expected: [
      {
        field: 'kafka.config["num.io.threads"]',
        rule: 'config-value',
        message: '`1.5` is not a whole number',
        remedy: 'give a whole number',
      },
    ],
  },
  {
    name: 'default replication above the brokers',
    change: (s) => {
      s.kafka.config['default.replication.factor'] = 4;
    },
    expected: [
      {
        field: 'kafka.config["default.replication.factor"]',
        rule: 'rf-brokers',
        message: '4 replicas need 4 brokers, there are 3',
        remedy: 'use at most 3, or add brokers',
      },
    ],
  },
  {
    name: 'min.insync.replicas as high as the default replication factor',
    change: (s) => {
      s.kafka.config['min.insync.replicas'] = 3;
    },
    expected: [
      {
        field: 'kafka.config["min.insync.replicas"]',
        rule: 'min-isr',
        message: 'min.insync.replicas 3 with default.replication.factor 3 allows no broker to stop',
        remedy: 'use min.insync.replicas of at most 2',
      },
      {
        field: 'topics[0].replicationFactor',
        rule: 'min-isr',
        message: 'min.insync.replicas 3 with 3 replicas allows no broker to stop',
        remedy: 'use more than 3 replicas or a lower min.insync.replicas',
      },
      {
        field: 'topics[1].replicationFactor',
        rule: 'min-isr',
        message: 'min.insync.replicas 3 with 3 replicas allows no broker to stop',
        remedy: 'use more than 3 replicas or a lower min.insync.replicas',
      },
    ],
  },
  {
    name: 'no nodes',
    change: (s) => {
      s.nodes = [];
    },
    expected: [
      {
        field: 'nodes',
        rule: 'pools',
        message: 'there is no node pool',
        remedy: 'add a pool with the roles broker and controller',
      },
    ],
  },
  {
    name: 'nodes that are no list',
    change: (s) => {
      s.nodes = {};
    },
    expected: [
      { field: 'nodes', rule: 'type', message: 'must be an array', remedy: 'give an array' },
    ],
  },
  {
    name: 'no pool name',
    change: (s) => {
      delete s.nodes[0].pool;
    },
    expected: [
      { field: 'nodes[0].pool', rule: 'required', message: 'is missing', remedy: 'add it' },
    ],
  },
  {
    name: 'a bad pool name',
    change: (s) => {
      s.nodes[0].pool = 'Main';
    },
    expected: [
      {
        field: 'nodes[0].pool',
        rule: 'name',
        message: '`Main` is not a pool name',
        remedy: 'use a–z, 0–9 and -, at most 40',
      },
    ],
  },
  {
    name: 'two pools of one name',
    change: (s) => {
      s.nodes.push({ ...s.nodes[0], count: 2 });
    },
    expected: [
      {
        field: 'nodes[1].pool',
        rule: 'pool-unique',
        message: '`main` is there twice',
        remedy: 'rename one',
      },
    ],
  },
  {
    name: 'no node in a pool',
    change: (s) => {
      s.nodes[0].count = 0;
    },
    expected: [
      { field: 'nodes[0].count', rule: 'count', message: '0 nodes', remedy: 'ask for at least 1' },
      {
        field: 'nodes',
        rule: 'brokers',
        message: 'there is no broker',
        remedy: 'give a pool the role broker',
      },
      {
        field: 'nodes',
        rule: 'controllers',
        message: 'there is no controller',
        remedy: 'give a pool the role controller',
      },
    ],
  },
  {
    name: 'a fraction of a node',
    change: (s) => {
      s.nodes[0].count = 1.5;
    },
    expected: [
      {
        field: 'nodes[0].count',
        rule: 'type',
        message: 'must be an integer',
        remedy: 'give an integer',
      },
    ],
  },
  {
    name: 'two controllers',
    change: (s) => {
      s.nodes[0].count = 2;
      s.topics = [];
      s.kafka.config = {};
    },
    expected: [
      {
        field: 'nodes',
        rule: 'controllers-odd',
        message: '2 controllers: an even number tolerates no more failures',
        remedy: 'use 1 or 3',
      },
    ],
  },
  {
    name: 'four controllers',
    change: (s) => {
      s.nodes[0].count = 4;
    },
    expected: [
      {
        field: 'nodes',
        rule: 'controllers-odd',
        message: '4 controllers: an even number tolerates no more failures',
        remedy: 'use 3 or 5',
      },
    ],
  },
  {
    name: 'more nodes than one cluster takes',
    change: (s) => {
      s.nodes[0].count = 251;
    },
    expected: [
      {
        field: 'nodes',
        rule: 'node-limit',
        message: '251 nodes are more than the 250 that provider local takes',
        remedy: 'ask for 250 or fewer',
      },
    ],
  },
  {
    name: 'no roles',
    change: (s) => {
      s.nodes[0].roles = [];
    },
    expected: [
      {
        field: 'nodes[0].roles',
        rule: 'roles',
        message: 'is empty',
        remedy: 'give broker, controller or both',
      },
      {
        field: 'nodes',
        rule: 'brokers',
        message: 'there is no broker',
        remedy: 'give a pool the role broker',
      },
      {
        field: 'nodes',
        rule: 'controllers',
        message: 'there is no controller',
        remedy: 'give a pool the role controller',
      },
    ],
  },
  {
    name: 'a role twice',
    change: (s) => {
      s.nodes[0].roles = ['broker', 'controller', 'broker'];
    },
    expected: [
      {
        field: 'nodes[0].roles',
        rule: 'roles',
        message: 'names a role twice',
        remedy: 'name each role once',
      },
    ],
  },
  {
    name: 'an unknown role',
    change: (s) => {
      s.nodes[0].roles = ['zookeeper'];
    },
    expected: [
      {
        field: 'nodes[0].roles[0]',
        rule: 'one-of',
        message: 'must be `broker` or `controller`',
        remedy: 'give `broker`',
      },
    ],
  },
  {
    name: 'no controller',
    change: (s) => {
      s.nodes[0].roles = ['broker'];
    },
    expected: [
      {
        field: 'nodes',
        rule: 'controllers',
        message: 'there is no controller',
        remedy: 'give a pool the role controller',
      },
    ],
  },
  {
    name: 'no broker',
    change: (s) => {
      s.nodes[0].roles = ['controller'];
      s.topics = [];
      s.kafka.config = {};
      s.loadTest = false;
    },
    expected: [
      {
        field: 'nodes',
        rule: 'brokers',
        message: 'there is no broker',
        remedy: 'give a pool the role broker',
      },
    ],
  },
  {
    name: 'no racks',
    change: (s) => {
      s.nodes[0].racks = [];
    },
    expected: [
      {
        field: 'nodes[0].racks',
        rule: 'racks',
        message: 'is empty',
        remedy: 'name at least one rack',
      },
    ],
  },
  {
    name: 'a rack twice',
    change: (s) => {
      s.nodes[0].racks = ['rack-a', 'rack-a', 'rack-b'];
    },
    expected: [
      {
        field: 'nodes[0].racks',
        rule: 'racks',
        message: 'names a rack twice',
        remedy: 'name each rack once',
      },
      {
        field: 'topics[0].replicationFactor',
        rule: 'rf-racks',
        message: '3 replicas need 3 racks, there are 2',
        remedy: 'use at most 2, or add racks',
      },
      {
        field: 'topics[1].replicationFactor',
        rule: 'rf-racks',
        message: '3 replicas need 3 racks, there are 2',
        remedy: 'use at most 2, or add racks',
      },
    ],
  },
  {
    name: 'a rack with a blank at its end',
    change: (s) => {
      s.nodes[0].racks = ['rack-a ', 'rack-b', 'rack-c'];
    },
    expected: [
      {
        field: 'nodes[0].racks',
        rule: 'rack-name',
        message: '`rack-a ` is no rack name',
        remedy: 'use 1–128 visible characters, with no blank at either end',
      },
    ],
  },
  {
    name: 'an unknown instance type',
    change: (s) => {
      s.nodes[0].instanceType = 'm5.large';
    },
    expected: [
      {
        field: 'nodes[0].instanceType',
        rule: 'instance-type',
        message: 'no type `m5.large`',
        remedy: 'use one of local.small, local.medium, local.large',
      },
    ],
  },
  {
    name: 'no disk',
    change: (s) => {
      s.nodes[0].diskGiB = 0;
    },
    expected: [
      { field: 'nodes[0].diskGiB', rule: 'disk', message: '0 GiB', remedy: 'ask for 1 to 65536' },
    ],
  },
  {
    name: 'a disk in words',
    change: (s) => {
      s.nodes[0].diskGiB = '10GB';
    },
    expected: [
      {
        field: 'nodes[0].diskGiB',
        rule: 'type',
        message: 'must be an integer',
        remedy: 'give an integer',
      },
    ],
  },
  {
    name: 'a topic without partitions',
    change: (s) => {
      delete s.topics[0].partitions;
    },
    expected: [
      {
        field: 'topics[0].partitions',
        rule: 'required',
        message: 'is missing',
        remedy: 'add it',
      },
    ],
  },
  {
    name: 'no partitions',
    change: (s) => {
      s.topics[0].partitions = 0;
    },
    expected: [
      {
        field: 'topics[0].partitions',
        rule: 'partitions',
        message: '0 partitions',
        remedy: 'use 1 to 10000',
      },
    ],
  },
  {
    name: 'too many partitions',
    change: (s) => {
      s.topics[0].partitions = 10001;
    },
    expected: [
      {
        field: 'topics[0].partitions',
        rule: 'partitions',
        message: '10001 partitions',
        remedy: 'use 1 to 10000',
      },
    ],
  },
  {
    name: 'no replicas',
    change: (s) => {
      s.topics[0].replicationFactor = 0;
    },
    expected: [
      {
        field: 'topics[0].replicationFactor',
        rule: 'rf',
        message: '0 replicas',
        remedy: 'use at least 1',
      },
    ],
  },
  {
    name: 'more replicas than brokers',
    change: (s) => {
      s.topics[0].replicationFactor = 4;
    },
    expected: [
      {
        field: 'topics[0].replicationFactor',
        rule: 'rf-brokers',
        message: '4 replicas need 4 brokers, there are 3',
        remedy: 'use at most 3, or add brokers',
      },
    ],
  },
  {
    name: 'more replicas than racks',
    change: (s) => {
      s.nodes[0].racks = ['rack-a', 'rack-b'];
    },
    expected: [
      {
        field: 'topics[0].replicationFactor',
        rule: 'rf-racks',
        message: '3 replicas need 3 racks, there are 2',
        remedy: 'use at most 2, or add racks',
      },
      {
        field: 'topics[1].replicationFactor',
        rule: 'rf-racks',
        message: '3 replicas need 3 racks, there are 2',
        remedy: 'use at most 2, or add racks',
      },
    ],
  },
  {
    name: 'replication factor equal to min.insync.replicas',
    change: (s) => {
      s.topics[0].replicationFactor = 2;
    },
    expected: [
      {
        field: 'topics[0].replicationFactor',
        rule: 'min-isr',
        message: 'min.insync.replicas 2 with 2 replicas allows no broker to stop',
        remedy: 'use more than 2 replicas or a lower min.insync.replicas',
      },
    ],
  },
  {
    name: 'a topic’s own min.insync.replicas too high',
    change: (s) => {
      s.topics[0].config = { 'min.insync.replicas': 3 };
    },
    expected: [
      {
        field: 'topics[0].config["min.insync.replicas"]',
        rule: 'min-isr',
        message: 'min.insync.replicas 3 with 3 replicas allows no broker to stop',
        remedy: 'use more than 3 replicas or a lower min.insync.replicas',
      },
    ],
  },
  {
    name: 'a topic name with a blank',
    change: (s) => {
      s.topics[0].name = 'my topic';
    },
    expected: [
      {
        field: 'topics[0].name',
        rule: 'topic-name',
        message: '`my topic` is not a topic name',
        remedy: 'use a–z, A–Z, 0–9, `.`, `_` and `-`',
      },
    ],
  },
  {
    name: 'a topic called ..',
    change: (s) => {
      s.topics[0].name = '..';
    },
    expected: [
      {
        field: 'topics[0].name',
        rule: 'topic-name',
        message: '`..` is not a topic name',
        remedy: 'use a–z, A–Z, 0–9, `.`, `_` and `-`',
      },
    ],
  },
  {
    name: 'a topic name of 250 characters',
    change: (s) => {
      s.topics[0].name = 't'.repeat(250);
    },
    expected: [
      {
        field: 'topics[0].name',
        rule: 'limit',
        message: 'must not have more than 249 characters',
        remedy: 'keep within 249',
      },
    ],
  },
  {
    name: 'an internal topic',
    change: (s) => {
      s.topics[0].name = '__consumer_offsets';
    },
    expected: [
      {
        field: 'topics[0].name',
        rule: 'topic-name',
        message: '`__consumer_offsets` is reserved',
        remedy: 'do not begin with `__` or `asgard-`',
      },
    ],
  },
  {
    name: 'a topic of Asgard’s own',
    change: (s) => {
      s.topics[0].name = 'asgard-load-1';
    },
    expected: [
      {
        field: 'topics[0].name',
        rule: 'topic-name',
        message: '`asgard-load-1` is reserved',
        remedy: 'do not begin with `__` or `asgard-`',
      },
    ],
  },
  {
    name: 'a topic twice',
    change: (s) => {
      s.topics[1].name = 'orders';
    },
    expected: [
      {
        field: 'topics[1].name',
        rule: 'topic-unique',
        message: '`orders` is there twice',
        remedy: 'remove one',
      },
    ],
  },
  {
    name: 'topics that collide in metric names',
    change: (s) => {
      s.topics[0].name = 'a.b';
      s.topics[1].name = 'a_b';
    },
    expected: [
      {
        field: 'topics[1].name',
        rule: 'topic-unique',
        message: '`a_b` and `a.b` collide in metric names',
        remedy: 'use either `.` or `_`',
      },
    ],
  },
  {
    name: 'an unknown topic key',
    change: (s) => {
      s.topics[0].config = { 'retention.msec': 1 };
    },
    expected: [
      {
        field: 'topics[0].config["retention.msec"]',
        rule: 'config-key-unknown',
        message: 'is no topic configuration key of Kafka 4.3.1',
        remedy: 'did you mean `retention.ms`?',
      },
    ],
  },
  {
    name: 'a broker key as topic key',
    change: (s) => {
      s.topics[0].config = { 'log.retention.ms': 1 };
    },
    expected: [
      {
        field: 'topics[0].config["log.retention.ms"]',
        rule: 'config-key-unknown',
        message: 'is no topic configuration key of Kafka 4.3.1',
        remedy: 'did you mean `retention.ms`?',
      },
    ],
  },
  {
    name: 'an unknown cleanup policy',
    change: (s) => {
      s.topics[0].config = { 'cleanup.policy': 'shrink' };
    },
    expected: [
      {
        field: 'topics[0].config["cleanup.policy"]',
        rule: 'config-value',
        message: '`shrink` is not accepted',
        remedy: 'use one of compact, delete',
      },
    ],
  },
  {
    name: 'an unknown state',
    change: (s) => {
      s.topics[0].state = 'gone';
    },
    expected: [
      {
        field: 'topics[0].state',
        rule: 'one-of',
        message: 'must be `present` or `absent`',
        remedy: 'give `present`',
      },
    ],
  },
  {
    name: 'true for a load test',
    change: (s) => {
      s.loadTest = true;
    },
    expected: [
      {
        field: 'loadTest',
        rule: 'type',
        message: 'must be an object or `false`',
        remedy: 'give an object',
      },
    ],
  },
  {
    name: 'a rate without a unit',
    change: (s) => {
      s.loadTest.rate = '5';
    },
    expected: [
      {
        field: 'loadTest.rate',
        rule: 'load-rate',
        message: '`5` is not a rate',
        remedy: 'write for example `5MB/s`, `2000msg/s` or `max`',
      },
    ],
  },
  {
    name: 'a rate of nothing',
    change: (s) => {
      s.loadTest.rate = '0MB/s';
    },
    expected: [
      {
        field: 'loadTest.rate',
        rule: 'load-rate',
        message: '`0MB/s` is not a rate',
        remedy: 'write for example `5MB/s`, `2000msg/s` or `max`',
      },
    ],
  },
  {
    name: 'a message too small for its proof',
    change: (s) => {
      s.loadTest.messageBytes = 10;
    },
    expected: [
      {
        field: 'loadTest.messageBytes',
        rule: 'load-range',
        message: '10 is too low',
        remedy: 'use 32 to 900000',
      },
    ],
  },
  {
    name: 'a message above Kafka’s limit',
    change: (s) => {
      s.loadTest.messageBytes = 1000000;
    },
    expected: [
      {
        field: 'loadTest.messageBytes',
        rule: 'load-range',
        message: '1000000 is too high',
        remedy: 'use 32 to 900000',
      },
    ],
  },
  {
    name: 'no time to measure',
    change: (s) => {
      s.loadTest.durationS = 0;
    },
    expected: [
      {
        field: 'loadTest.durationS',
        rule: 'load-range',
        message: '0 is too low',
        remedy: 'use 1 to 3600',
      },
    ],
  },
  {
    name: 'a warm-up of an hour',
    change: (s) => {
      s.loadTest.warmupS = 3600;
    },
    expected: [
      {
        field: 'loadTest.warmupS',
        rule: 'load-range',
        message: '3600 is too high',
        remedy: 'use 0 to 600',
      },
    ],
  },
  {
    name: 'acks of two',
    change: (s) => {
      s.loadTest.acks = 2;
    },
    expected: [
      {
        field: 'loadTest.acks',
        rule: 'one-of',
        message: 'must be `all` or `leader` or `none`',
        remedy: 'give `all`',
      },
    ],
  },
  {
    name: 'a load test with four replicas',
    change: (s) => {
      s.loadTest.replicationFactor = 4;
    },
    expected: [
      {
        field: 'loadTest.replicationFactor',
        rule: 'rf-brokers',
        message: '4 replicas with 3 brokers',
        remedy: 'use 1 to 3',
      },
    ],
  },
  {
    name: 'a threshold without an operator',
    change: (s) => {
      s.loadTest.thresholds = ['p(99)'];
    },
    expected: [
      {
        field: 'loadTest.thresholds[0]',
        rule: 'load-threshold',
        message: '`p(99)` is not a threshold',
        remedy: 'write for example `p(99)<50`',
      },
    ],
  },
  {
    name: 'a threshold on nothing known',
    change: (s) => {
      s.loadTest.thresholds = ['p(98)<5'];
    },
    expected: [
      {
        field: 'loadTest.thresholds[0]',
        rule: 'load-threshold',
        message: '`p(98)<5` names no metric that is measured',
        remedy:
          'use one of p(50), p(95), p(99), p(99.9), max, avg, lost, duplicates, errors, balance, rate, or a latency with `e2e_` in front',
      },
    ],
  },
  {
    name: 'a rate threshold without a unit',
    change: (s) => {
      s.loadTest.thresholds = ['rate>=5'];
    },
    expected: [
      {
        field: 'loadTest.thresholds[0]',
        rule: 'load-threshold',
        message: '`rate>=5` has a rate without a unit',
        remedy: 'write for example `rate>=20MB/s` or `rate>=2000msg/s`',
      },
    ],
  },
  {
    name: 'a percentile of too few records',
    change: (s) => {
      s.loadTest.rate = '100msg/s';
      s.loadTest.thresholds = ['p(99)<50', 'e2e_p(99.9)<50'];
    },
    expected: [
      {
        field: 'loadTest.thresholds[1]',
        rule: 'load-samples',
        message: 'e2e_p(99.9) needs at least 2995 samples, this load brings 1500',
        remedy: 'make durationS at least 30, raise the rate, or judge a lower percentile',
      },
    ],
  },
  {
    name: 'a count with a unit',
    change: (s) => {
      s.loadTest.thresholds = ['lost==0ms'];
    },
    expected: [
      {
        field: 'loadTest.thresholds[0]',
        rule: 'load-threshold',
        message: '`lost==0ms` has the unit `ms`',
        remedy: 'leave the unit out',
      },
    ],
  },
  {
    name: 'protection in words',
    change: (s) => {
      s.protection = 'yes';
    },
    expected: [
      { field: 'protection', rule: 'type', message: 'must be a boolean', remedy: 'give a boolean' },
    ],
  },
  {
    name: 'a key of an older Kafka',
    change: (s) => {
      s.kafka.config['zookeeper.connect'] = 'zk:2181';
    },
    expected: [
      {
        field: 'kafka.config["zookeeper.connect"]',
        rule: 'config-key-removed',
        message: 'was a broker key of older Kafkas; Kafka 4.3.1 does not have it',
        remedy:
          'remove it; Kafka 4 has no ZooKeeper, controllers keep the metadata (nodes[].roles)',
      },
    ],
  },
  {
    name: 'a topic key of an older Kafka',
    change: (s) => {
      s.topics[0].config = { 'message.format.version': '2.8' };
    },
    expected: [
      {
        field: 'topics[0].config["message.format.version"]',
        rule: 'config-key-removed',
        message: 'was a topic key of older Kafkas; Kafka 4.3.1 does not have it',
        remedy: 'remove it; Kafka 4 writes one record format (v2) only',
      },
    ],
  },
  {
    name: 'a key that is near none',
    change: (s) => {
      s.kafka.config['my.plugin.setting'] = 1;
    },
    expected: [
      {
        field: 'kafka.config["my.plugin.setting"]',
        rule: 'config-key-unknown',
        message: 'is no broker configuration key of Kafka 4.3.1',
        remedy: 'remove it; nothing in Kafka would read it',
      },
    ],
  },
  {
    name: '2 GiB where Kafka has 31 bits',
    change: (s) => {
      s.topics[0].config = { 'segment.bytes': 2147483648 };
    },
    expected: [
      {
        field: 'topics[0].config["segment.bytes"]',
        rule: 'config-value',
        message: '2147483648 is above 2147483647',
        remedy: 'give at most 2147483647',
      },
    ],
  },
  {
    name: 'a number that JSON does not keep',
    change: (s) => {
      s.topics[0].config = { 'flush.messages': 2 ** 63 };
    },
    expected: [
      {
        field: 'topics[0].config["flush.messages"]',
        rule: 'config-value',
        message: 'is a number beyond 2^53, which JSON does not keep exactly',
        remedy: 'write it as a string',
      },
    ],
  },
  {
    name: 'a level outside its range and its exception',
    change: (s) => {
      s.topics[0].config = { 'compression.gzip.level': 10 };
    },
    expected: [
      {
        field: 'topics[0].config["compression.gzip.level"]',
        rule: 'config-value',
        message: '10 is above 9',
        remedy: 'give at most 9, or -1',
      },
    ],
  },
  {
    name: 'a compression that topics do not have',
    change: (s) => {
      s.topics[0].config = { 'compression.type': 'none' };
    },
    expected: [
      {
        field: 'topics[0].config["compression.type"]',
        rule: 'config-value',
        message: '`none` is not accepted',
        remedy: 'use one of uncompressed, zstd, lz4, snappy, gzip, producer',
      },
    ],
  },
  {
    name: 'a class that nodes do not have',
    change: (s) => {
      s.kafka.config['metric.reporters'] = 'com.example.Reporter';
    },
    expected: [
      {
        field: 'kafka.config["metric.reporters"]',
        rule: 'config-value',
        message:
          '`com.example.Reporter` is no class of Kafka’s own jars that fits here; nodes run no others',
        remedy: 'use org.apache.kafka.common.metrics.JmxReporter, or remove it',
      },
    ],
  },
  {
    name: 'no retention at all',
    change: (s) => {
      s.kafka.config['log.retention.hours'] = 0;
    },
    expected: [
      {
        field: 'kafka.config["log.retention.hours"]',
        rule: 'config-together',
        message: 'log.retention must be unlimited (-1) or at least 1 ms; log.retention.hours is 0',
        remedy: 'change one of log.retention.ms, log.retention.minutes, log.retention.hours',
      },
    ],
  },
  {
    name: 'compaction lags that contradict the brokers’',
    change: (s) => {
      s.kafka.config['log.cleaner.max.compaction.lag.ms'] = 1000;
      s.topics[0].config = { 'min.compaction.lag.ms': 2000 };
    },
    expected: [
      {
        field: 'topics[0].config["min.compaction.lag.ms"]',
        rule: 'config-together',
        message:
          'min.compaction.lag.ms must not be more than max.compaction.lag.ms; min.compaction.lag.ms is 2000, max.compaction.lag.ms is 1000',
        remedy: 'change one of min.compaction.lag.ms, max.compaction.lag.ms',
      },
    ],
  },
  {
    name: 'internal topics that need more brokers',
    change: (s) => {
      s.kafka.config['offsets.topic.replication.factor'] = 5;
      s.kafka.config['transaction.state.log.min.isr'] = 3;
    },
    expected: [
      {
        field: 'kafka.config["offsets.topic.replication.factor"]',
        rule: 'rf-brokers',
        message: '5 replicas need 5 brokers, there are 3',
        remedy: 'use at most 3, or add brokers',
      },
      {
        field: 'kafka.config["transaction.state.log.min.isr"]',
        rule: 'min-isr',
        message:
          'transaction.state.log.min.isr 3 with transaction.state.log.replication.factor 3 allows no broker to stop',
        remedy: 'use transaction.state.log.min.isr of at most 2',
      },
    ],
  },
  {
    name: 'a topic in Strimzi’s words',
    change: (s) => {
      s.topics[0].topicName = 'x';
      s.topics[0].replicas = 3;
    },
    expected: [
      {
        field: 'topics[0].topicName',
        rule: 'unknown-field',
        message: 'is no field of this object',
        remedy: 'did you mean `name`?',
      },
      {
        field: 'topics[0].replicas',
        rule: 'unknown-field',
        message: 'is no field of this object',
        remedy: 'did you mean `replicationFactor`?',
      },
    ],
  },
  {
    name: 'a pool in Strimzi’s words',
    change: (s) => {
      s.nodes[0].replicas = 3;
    },
    expected: [
      {
        field: 'nodes[0].replicas',
        rule: 'unknown-field',
        message: 'is no field of this object',
        remedy: 'did you mean `count`?',
      },
    ],
  },
  {
    name: 'a topic without a replication factor',
    change: (s) => {
      delete s.topics[0].replicationFactor;
    },
    expected: [
      {
        field: 'topics[0].replicationFactor',
        rule: 'required',
        message: 'is missing',
        remedy: 'add it',
      },
    ],
  },
  {
    name: 'a text without end',
    change: (s) => {
      s.kafka.config['log.retention.hours'] = '1'.repeat(10_001);
    },
    expected: [
      {
        field: 'kafka.config["log.retention.hours"]',
        rule: 'limit',
        message: 'must not have more than 10000 characters',
        remedy: 'keep within 10000',
      },
    ],
  },
  {
    name: 'a gate on records that the brokers refuse',
    change: (s) => {
      s.kafka.config['message.max.bytes'] = 1000;
      s.loadTest = { messageBytes: 1000 };
    },
    expected: [
      {
        field: 'loadTest.messageBytes',
        rule: 'load-message',
        message: '1000 bytes do not fit into message.max.bytes of the brokers',
        remedy: 'use at most 917, or a larger message.max.bytes',
      },
    ],
  },
  {
    name: 'requests that the gate does not fit into',
    change: (s) => {
      s.kafka.config['socket.request.max.bytes'] = 100_000;
    },
    expected: [
      {
        field: 'kafka.config["socket.request.max.bytes"]',
        rule: 'load-request',
        message: '100000 is less than the requests of the load test, up to 1200000',
        remedy: 'use at least 1200000, or provision without a load test',
      },
    ],
  },
  {
    name: 'more topics than one spec carries',
    change: (s) => {
      s.topics = Array.from({ length: 7_000 }, (_, i) => ({
        name: `topic-${100_000 + i}`,
        partitions: 10,
        replicationFactor: 3,
      }));
    },
    expected: [
      {
        field: '(the whole input)',
        rule: 'spec-size',
        message: 'the spec has 435 KB, more than 400',
        remedy: 'name fewer topics: one that a spec does not name is left alone, so split it',
      },
    ],
  },
];

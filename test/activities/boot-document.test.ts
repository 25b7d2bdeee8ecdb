/**
 * What nodes boot with: security that a spec cannot switch off, one quorum for all controllers, and
 * directory ids that Kafka and its command line accept. Pure; real brokers boot from it elsewhere.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BootRequest, bootDocument, directoryId } from '../../activities/lib/boot-document.ts';
import { nodeConfigOf } from '../../domain/cluster/broker-properties.ts';
import type { ClusterSecrets } from '../../providers/secrets/secrets.ts';

const secrets: ClusterSecrets = {
  clusterId: 'AAAAAAAAAAAAAAAAAAAAAA',
  directorySeed: 'seed',
  passwords: { admin: 'pw-admin', broker: 'pw-broker', controller: 'pw-ctl', load: 'pw-load' },
};
type Roles = BootRequest['node']['roles'];

const peer = (nodeId: number, roles: Roles) => ({
  slot: `main-${nodeId}`,
  nodeId,
  roles,
  host: '127.0.0.1',
  clientPort: 20_000 + nodeId,
  controllerPort: 21_000 + nodeId,
});

function document(
  index: number,
  all: Roles[],
  staticConfig: Record<string, string> = {},
): ReturnType<typeof bootDocument> {
  const peers = all.map((roles, nodeId) => peer(nodeId, roles));
  const self = peers[index];
  if (!self) throw new Error(`no peer ${index}`);
  const { slot, nodeId, roles } = self;
  const size = { pool: 'main', rack: `rack-${nodeId}`, instanceType: 'local.small', diskGiB: 1 };
  return bootDocument({
    node: { slot, nodeId, roles, ...size },
    config: nodeConfigOf(roles, '4.3.1', staticConfig),
    secrets,
    peers,
    self,
    initial: roles.includes('controller'),
  });
}
const both: Roles = ['broker', 'controller'];

describe('security', () => {
  it('is on, and no static configuration switches it off', () => {
    const careless = {
      'authorizer.class.name': '',
      'allow.everyone.if.no.acl.found': 'true',
      'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'super.users': 'User:ANONYMOUS',
      listeners: 'CLIENT://0.0.0.0:9092',
    };
    const { properties } = document(0, [both, both, both], careless);
    expect(properties).toMatchObject({
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'false',
      'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
      'super.users': 'User:asgard-admin;User:asgard-broker;User:asgard-controller',
      listeners: 'CLIENT://127.0.0.1:20000,CONTROLLER://127.0.0.1:21000',
    });
  });

  it('gives a node the passwords of its own work only', () => {
    const { properties, format } = document(0, [both]);
    const text = JSON.stringify(properties);
    for (const own of ['pw-broker', 'pw-ctl']) expect(text).toContain(own);
    for (const foreign of ['pw-admin', 'pw-load']) expect(text).not.toContain(foreign);
    expect(format.scram.map((entry) => /name=([\w-]+)/.exec(entry)?.[1])).toEqual([
      'asgard-admin',
      'asgard-broker',
    ]);
  });
});

describe('the quorum', () => {
  it('is the same list on every first controller, and is joined by brokers', () => {
    const all = [both, both, both, ['broker'] as Roles];
    const documents = all.map((_, index) => document(index, all));
    const voters = documents.map((d) => d.format.initialControllers);
    expect(new Set(voters.slice(0, 3)).size).toBe(1);
    expect(voters[0]?.split(',').map((v) => v.split('@')[0])).toEqual(['0', '1', '2']);
    expect(voters[3]).toBeUndefined();
    expect(documents[3]?.format.scram).toEqual([]);
    expect(documents[3]?.properties).toMatchObject({
      'process.roles': 'broker',
      'controller.quorum.bootstrap.servers': '127.0.0.1:21000,127.0.0.1:21001,127.0.0.1:21002',
    });
  });

  it('names each voter by the directory id that its own disk gets', () => {
    const all = [both, both, both];
    for (const index of all.keys()) {
      const { format } = document(index, all);
      const own = format.initialControllers?.split(',')[index];
      expect(own).toBe(`${index}@127.0.0.1:${21_000 + index}:${format.directoryId}`);
    }
  });
});

describe('a directory id', () => {
  it('is Kafka’s form of a uuid, never an option and never a reserved one', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (directorySeed, slot) => {
        const id = directoryId({ ...secrets, directorySeed }, slot);
        expect(id).toMatch(/^[A-Za-z0-9][\w-]{21}$/);
        expect(Buffer.from(id, 'base64url').length).toBe(16);
        // Kafka keeps the first hundred ids for itself: 14 bytes of nought and then some.
        expect(Buffer.from(id, 'base64url').subarray(0, 14).some(Boolean)).toBe(true);
        expect(directoryId({ ...secrets, directorySeed }, slot)).toBe(id);
      }),
    );
  });
});

describe('internal topics', () => {
  it.each([
    [1, '1', '1'],
    [2, '2', '1'],
    [3, '3', '2'],
    [5, '3', '2'],
  ])('of %i brokers have %s replicas, of which %s must be in sync', (brokers, factor, least) => {
    const all: Roles[] = Array.from({ length: brokers }, () => both);
    expect(document(0, all).properties).toMatchObject({
      'offsets.topic.replication.factor': factor,
      'transaction.state.log.replication.factor': factor,
      'transaction.state.log.min.isr': least,
    });
  });
});

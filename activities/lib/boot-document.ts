/**
 * What a node boots with: its properties, and how its disk is formatted. Security is on: SASL SCRAM
 * for clients and between brokers, PLAIN with a random password on the controllers' listener (SCRAM
 * credentials live in the very log that the controllers must first agree on), ACLs for everybody
 * but the three principals of Asgard. Pure; its result holds secrets.
 */
import { createHash } from 'node:crypto';
import { principals } from '../../contracts/names.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import { ownSettings } from '../../domain/cluster/own-settings.ts';
import type { BootDocument } from '../../providers/cloud/cloud.ts';
import type { ClusterSecrets } from '../../providers/secrets/secrets.ts';

/** A node's address, as the others must know it. */
export interface Peer {
  slot: string;
  nodeId: number;
  roles: NodeTarget['roles'];
  host: string;
  clientPort: number;
  controllerPort: number;
}

export interface BootRequest {
  node: NodeTarget;
  staticConfig: Record<string, string>;
  kafkaVersion: string;
  secrets: ClusterSecrets;
  /** All nodes of the cluster, this one included. */
  peers: Peer[];
  self: Peer;
  /** True for a controller of the first quorum; others join by themselves. */
  initial: boolean;
}

const scramIterations = 4096;
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';

export function bootDocument(request: BootRequest): BootDocument {
  const { kafkaVersion, secrets, peers, self, initial, staticConfig } = request;
  const controllers = peers.filter((p) => p.roles.includes('controller'));
  const voters = controllers.map(
    (p) => `${p.nodeId}@${p.host}:${p.controllerPort}:${directoryId(secrets, p.slot)}`,
  );
  return {
    kafkaVersion,
    properties: {
      ...ownSettings(peers.filter((p) => p.roles.includes('broker')).length),
      ...staticConfig,
      ...identity(request, controllers),
      ...listeners(request),
      ...security(),
    },
    format: {
      clusterId: secrets.clusterId,
      directoryId: directoryId(secrets, self.slot),
      ...(initial ? { initialControllers: voters.join(',') } : {}),
      // Credentials enter the metadata log once, with the quorum's first snapshot.
      scram: initial
        ? [
            scramEntry(principals.admin, secrets.passwords.admin),
            scramEntry(principals.broker, secrets.passwords.broker),
          ]
        : [],
    },
  };
}

/** Stable per slot: a replaced machine on the same disk is the same voter. */
export function directoryId(secrets: ClusterSecrets, slot: string): string {
  const bytes = createHash('sha256').update(`${secrets.directorySeed}/${slot}`).digest();
  bytes[0] = (bytes[0] ?? 0) & 0x7f; // Never begins with `-` or `_`, nor is it a reserved id.
  return bytes.subarray(0, 16).toString('base64url');
}

const scramEntry = (name: string, password: string): string =>
  `SCRAM-SHA-512=[name=${name},iterations=${scramIterations},password=${password}]`;

function identity({ node }: BootRequest, controllers: Peer[]): Record<string, string> {
  return {
    'node.id': String(node.nodeId),
    'process.roles': [...node.roles].sort().join(','),
    'broker.rack': node.rack,
    'controller.quorum.bootstrap.servers': controllers
      .map((p) => `${p.host}:${p.controllerPort}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
  };
}

function listeners({ node, self, secrets }: BootRequest): Record<string, string> {
  const broker = node.roles.includes('broker');
  const client = `CLIENT://${self.host}:${self.clientPort}`;
  const controller = `CONTROLLER://${self.host}:${self.controllerPort}`;
  const served = [
    ...(broker ? [client] : []),
    ...(node.roles.includes('controller') ? [controller] : []),
  ];
  const { passwords } = secrets;
  return {
    listeners: served.join(','),
    ...(broker ? { 'advertised.listeners': client, 'inter.broker.listener.name': 'CLIENT' } : {}),
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.client.scram-sha-512.sasl.jaas.config': jaas(scram, {
      username: principals.broker,
      password: passwords.broker,
    }),
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': jaas(plain, {
      username: principals.controller,
      password: passwords.controller,
      [`user_${principals.controller}`]: passwords.controller,
    }),
  };
}

function security(): Record<string, string> {
  const superUsers = [principals.admin, principals.broker, principals.controller];
  return {
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': superUsers.map((name) => `User:${name}`).join(';'),
    'allow.everyone.if.no.acl.found': 'false',
  };
}

const jaas = (module: string, options: Record<string, string>): string =>
  `${module} required ${Object.entries(options)
    .map(([key, value]) => `${key}="${value}"`)
    .join(' ')};`;

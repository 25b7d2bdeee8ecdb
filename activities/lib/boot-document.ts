/**
 * What a node boots with: its template filled with addresses and secrets, and how its disk is
 * formatted. Security is on: SASL SCRAM for clients and between brokers, PLAIN with a random
 * password on the controllers' listener (SCRAM credentials live in the very log that the
 * controllers must first agree on), ACLs for everybody but the three principals of Asgard. Pure;
 * its result holds secrets.
 */
import { createHash } from 'node:crypto';
import { principals } from '../../contracts/names.ts';
import type { NodeConfig } from '../../contracts/observed.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import { fillProperties, type Values } from '../../domain/cluster/broker-properties.ts';
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
  config: NodeConfig;
  secrets: ClusterSecrets;
  /** All nodes of the cluster, this one included. */
  peers: Peer[];
  self: Peer;
  /** True for a controller of the first quorum; others join by themselves. */
  initial: boolean;
}

const scramIterations = 4096;
export function bootDocument(request: BootRequest): BootDocument {
  const { config, secrets, peers, self, initial } = request;
  const controllers = peers.filter((p) => p.roles.includes('controller'));
  const voters = controllers.map(
    (p) => `${p.nodeId}@${p.host}:${p.controllerPort}:${directoryId(secrets, p.slot)}`,
  );
  return {
    kafkaVersion: config.kafkaVersion,
    properties: fillProperties(config, valuesOf(request, controllers)),
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

function valuesOf({ node, self, peers, secrets }: BootRequest, controllers: Peer[]): Values {
  const { broker, controller } = secrets.passwords;
  return {
    nodeId: String(node.nodeId),
    rack: node.rack,
    brokers: peers.filter((p) => p.roles.includes('broker')).length,
    clientAddress: `${self.host}:${self.clientPort}`,
    controllerAddress: `${self.host}:${self.controllerPort}`,
    controllers: controllers.map((p) => `${p.host}:${p.controllerPort}`).join(','),
    brokerPassword: broker,
    controllerPassword: controller,
  };
}

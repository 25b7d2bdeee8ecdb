/**
 * Activities on instances, each beside its undo. A boot document holds secrets: it is made here,
 * handed to the cloud, and never returned.
 */
import type { NodeConfig } from '../../contracts/observed.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { nodeConfigOf } from '../../domain/cluster/broker-properties.ts';
import { digestOf } from '../../domain/lib/digest.ts';
import {
  type BootDocument,
  type Cloud,
  CloudError,
  type CloudInstance,
  tagKeys,
} from '../../providers/cloud/cloud.ts';
import { bootDocument, type Peer } from '../lib/boot-document.ts';
import type { ActivityDeps } from '../lib/deps.ts';
import { failure } from '../lib/failure.ts';
import { beating, pause } from '../lib/heartbeat.ts';
import { configOf, keepConfig } from '../lib/node-configs.ts';
import { cloudOf, findLate, makeOnce, nodeTags, slotTags } from '../lib/slots.ts';
import { live, type NodeStep, noteCloudCall } from './resources.ts';

export interface LaunchStep extends NodeStep {
  staticConfig: Record<string, string>;
}
export interface RestoreStep extends NodeStep {
  /** What it booted with before, by digest. */
  configDigest: string;
}

const pollMs = 200;

export const createInstanceActivities = (deps: ActivityDeps) => ({
  ...launchActivities(deps),
  ...powerActivities(deps),
});

function launchActivities(deps: ActivityDeps) {
  const note = noteCloudCall(deps);
  return {
    /**
     * Launches the slot's instance on its volume and interface. Safe to repeat; never two. Fails
     * with ProviderRefused when the cloud refuses a parameter, is full, or has no credentials;
     * retried: Throttled, ProviderUnavailable (its parts do not show yet).
     */
    launchInstance: ({ scope, node, staticConfig }: LaunchStep): Promise<void> =>
      beating(async () => {
        const cloud = cloudOf(deps, scope.provider);
        const config = nodeConfigOf(node.roles, scope.kafkaVersion, staticConfig);
        const configDigest = await keepConfig(deps, config);
        const { volumeId, interfaceId, boot } = await prepare(deps, scope, { node, config });
        const tags = { ...nodeTags(scope, node), [tagKeys.configDigest]: configDigest };
        const { instanceType, rack } = node;
        const { created } = await makeOnce({
          find: () => instancesOf(cloud, scope, node),
          create: (token) =>
            cloud.runInstance({ token, instanceType, rack, volumeId, interfaceId, boot, tags }),
          tokenParts: [
            'instance',
            JSON.stringify([tags, boot.properties, volumeId, interfaceId]),
            instanceType,
          ],
        });
        if (created) await note(scope, 'runInstance', node.slot);
      }),

    /** Terminates every instance of the slot and waits until it has. Safe to repeat. */
    terminateInstance: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async ({ signal }) => {
        const cloud = cloudOf(deps, scope.provider);
        const find = () => instancesOf(cloud, scope, node);
        for (const instance of await findLate(cloud, find, signal)) {
          await cloud.terminateInstance({ id: instance.id });
          await note(scope, 'terminateInstance', node.slot);
        }
        while ((await find()).length > 0) await pause(pollMs, signal);
      }),
  };
}

function powerActivities(deps: ActivityDeps) {
  const note = noteCloudCall(deps);
  return {
    /** Starts the slot's stopped instance. Safe to repeat: a running one is left alone. */
    startInstance: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async ({ signal }) => {
        const cloud = cloudOf(deps, scope.provider);
        const instance = await settled(cloud, scope, node, signal);
        if (instance.state !== 'stopped') return;
        await cloud.startInstance({ id: instance.id });
        await note(scope, 'startInstance', node.slot);
      }),

    /** Asks for a clean stop and waits for it. Safe to repeat. */
    stopInstance: ({ scope, node }: NodeStep): Promise<void> =>
      beating(async ({ signal }) => {
        const cloud = cloudOf(deps, scope.provider);
        const instance = await settled(cloud, scope, node, signal);
        if (instance.state === 'stopped') return;
        await cloud.stopInstance({ id: instance.id });
        await note(scope, 'stopInstance', node.slot);
        while ((await theInstance(cloud, scope, node)).state !== 'stopped') {
          await pause(pollMs, signal);
        }
      }),

    /**
     * Gives the stopped instance its next type and configuration. Safe to repeat. Retried until it
     * is stopped: ProviderUnavailable.
     */
    modifyInstance: ({ scope, node, staticConfig }: LaunchStep): Promise<void> =>
      beating(async () => {
        const config = nodeConfigOf(node.roles, scope.kafkaVersion, staticConfig);
        await keepConfig(deps, config);
        await modify(deps, scope, { node, config });
        await note(scope, 'modifyInstance', node.slot);
      }),

    /**
     * Gives the stopped instance back the type and exactly the configuration that it had before,
     * Asgard's own settings of that time included. Safe to repeat. Fails with ProviderRefused when
     * nobody knows any more what the digest names.
     */
    restoreInstance: ({ scope, node, configDigest }: RestoreStep): Promise<void> =>
      beating(async () => {
        const config = await configOf(deps, configDigest);
        if (!config) {
          const message = `what ${node.slot} booted with before (${configDigest}) is not known`;
          throw failure('ProviderRefused', `${message}; it cannot be put back`);
        }
        await modify(deps, scope, { node, config });
        await note(scope, 'modifyInstance', node.slot);
      }),
  };
}

async function modify(deps: ActivityDeps, scope: StepScope, configured: Configured): Promise<void> {
  const { node, config } = configured;
  const cloud = cloudOf(deps, scope.provider);
  const { id } = await theInstance(cloud, scope, node);
  const { boot } = await prepare(deps, scope, configured);
  const tags = { [tagKeys.configDigest]: digestOf(config) };
  await cloud.modifyInstance({ id, instanceType: node.instanceType, boot, tags });
}

async function instancesOf(
  cloud: Cloud,
  scope: StepScope,
  node: NodeTarget,
): Promise<CloudInstance[]> {
  return live(await cloud.listInstances({ tags: slotTags(scope.cluster, node.slot) }));
}

/** The slot's one live instance; a CloudError NotFound (retried) while none shows. */
export async function theInstance(
  cloud: Cloud,
  scope: StepScope,
  node: NodeTarget,
): Promise<CloudInstance> {
  const [instance] = await instancesOf(cloud, scope, node);
  if (!instance) throw new CloudError('NotFound', `no instance of ${node.slot} is visible`);
  return instance;
}

/** The instance once it is neither starting nor stopping. */
async function settled(
  cloud: Cloud,
  scope: StepScope,
  node: NodeTarget,
  signal: AbortSignal,
): Promise<CloudInstance> {
  for (;;) {
    const instance = await theInstance(cloud, scope, node);
    if (instance.state === 'running' || instance.state === 'stopped') return instance;
    await pause(pollMs, signal);
  }
}

interface Prepared {
  volumeId: string;
  interfaceId: string;
  boot: BootDocument;
}

interface Configured {
  node: NodeTarget;
  config: NodeConfig;
}

/** Looks up what the node is made of and renders what it boots with. */
async function prepare(
  deps: ActivityDeps,
  scope: StepScope,
  { node, config }: Configured,
): Promise<Prepared> {
  const cloud = cloudOf(deps, scope.provider);
  const secrets = await deps.secrets.read(scope.cluster);
  if (!secrets) throw failure('ProviderRefused', `no credentials of ${scope.cluster} are stored`);
  const slot = slotTags(scope.cluster, node.slot);
  const [volume] = live(await cloud.listVolumes({ tags: slot }));
  const peers = await peersOf(cloud, scope.cluster);
  const self = peers.find((peer) => peer.slot === node.slot);
  if (!volume || !self) throw new CloudError('NotFound', `${node.slot} is not all visible yet`);
  const boot = bootDocument({
    node,
    config,
    secrets,
    peers,
    self,
    initial: node.roles.includes('controller'),
  });
  return { volumeId: volume.id, interfaceId: self.interfaceId, boot };
}

/** Every node's address, from the interfaces: they outlive instances, so the list is complete. */
export async function peersOf(
  cloud: Cloud,
  cluster: string,
): Promise<(Peer & { interfaceId: string })[]> {
  const interfaces = live(await cloud.listInterfaces({ tags: { [tagKeys.cluster]: cluster } }));
  return interfaces
    .map((nic) => ({
      interfaceId: nic.id,
      slot: nic.tags[tagKeys.slot] ?? '',
      nodeId: Number(nic.tags[tagKeys.nodeId]),
      roles: (nic.tags[tagKeys.roles] ?? '').split('+') as NodeTarget['roles'],
      host: nic.host,
      clientPort: nic.clientPort,
      controllerPort: nic.controllerPort,
    }))
    .sort((a, b) => a.nodeId - b.nodeId);
}

/**
 * A real secured Kafka cluster straight from the local cloud, without Temporal: for tests of the
 * cloud and of Kafka's provider. Its machines end with `stop()`, and also when the test process
 * dies in any way.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootDocument } from '../../activities/lib/boot-document.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import { kafkaVersion, settingsFrom } from '../../contracts/settings.ts';
import { nodeConfigOf } from '../../domain/cluster/broker-properties.ts';
import type { Cloud, CloudInterface, CloudVolume } from '../../providers/cloud/cloud.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import type { KafkaAccess } from '../../providers/kafka/kafka.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { whenThisProcessEnds } from './processes.ts';

const patienceMs = 120_000;
const name = 'real';

export interface RealNode {
  target: NodeTarget;
  volume: CloudVolume;
  nic: CloudInterface;
  instanceId: string;
}

export interface RealCluster {
  cloud: Cloud;
  nodes: RealNode[];
  bootstrap: string;
  access: KafkaAccess;
  /** File for Kafka's own tools. */
  clientProperties: string;
  /** One more broker, without a vote, that joins the others. */
  addBroker(): Promise<RealNode>;
  /** A new machine on the disk and the address of a node whose machine is terminated. */
  relaunch(node: RealNode): Promise<void>;
  /** The same cloud as a process would see it after a restart of the host. */
  reopen(bootId: string): Cloud;
  /** Waits until Kafka itself knows this many brokers. */
  answers(brokers: number): Promise<void>;
  /** Ends every machine and removes `dir`. Safe to repeat. */
  stop(): Promise<void>;
}

/** Up when this returns: every broker is registered. `dir` must be new. */
export async function startRealCluster(options: {
  nodes: 1 | 3;
  dir: string;
  /** Rack of every node; default `rack-<node id>`. */
  rack?: string;
  /** What nodes boot with beside Asgard's own settings. */
  staticConfig?: Record<string, string>;
}): Promise<RealCluster> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  endMachinesWithThisProcess(dir);
  const reopen = (bootId: string): Cloud =>
    createLocalCloud({
      dir: join(dir, 'cloud'),
      kafkaLibs: settingsFrom(process.env, homedir()).paths.kafkaLibs,
      bootId: () => bootId,
    });
  const cloud = reopen('first-boot');
  const store = createFileSecretStore({ dir: join(dir, 'secrets') });
  const secrets = await store.create(name);
  const nodes: RealNode[] = [];
  const launch = async (node: RealNode, token: string) => {
    const { target, volume, nic } = node;
    const boot = bootDocument({
      node: target,
      config: nodeConfigOf(target.roles, kafkaVersion, options.staticConfig ?? {}),
      secrets,
      peers: nodes.map(peerOf),
      self: peerOf(node),
      initial: target.roles.includes('controller'),
    });
    const { instanceType, rack } = target;
    const parts = { volumeId: volume.id, interfaceId: nic.id };
    const { id } = await cloud.runInstance({ token, instanceType, rack, ...parts, boot, tags: {} });
    node.instanceId = id;
  };
  for (let i = 0; i < options.nodes; i++) {
    nodes.push(await reserve(cloud, i, ['broker', 'controller'], options.rack));
  }
  for (const node of nodes) await launch(node, node.target.slot);
  const brokers = nodes.map(({ nic }) => `${nic.host}:${nic.clientPort}`);
  const { admin: password } = secrets.passwords;
  const access: KafkaAccess = { brokers, username: 'asgard-admin', password };
  const cluster: RealCluster = {
    cloud,
    nodes,
    bootstrap: brokers.join(','),
    access,
    clientProperties: await store.writeClientProperties(name, brokers.join(',')),
    addBroker: async () => {
      const node = await reserve(cloud, nodes.length, ['broker'], options.rack);
      nodes.push(node);
      await launch(node, node.target.slot);
      return node;
    },
    relaunch: (node) => launch(node, `${node.target.slot}-after-${node.instanceId}`),
    reopen,
    answers: (count) => untilRegistered(access, count),
    stop: async () => {
      await endAll(cloud);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await cluster.answers(options.nodes);
  return cluster;
}

/** Disk and address of a node that does not run yet. */
async function reserve(
  cloud: Cloud,
  nodeId: number,
  roles: NodeTarget['roles'],
  rack = `rack-${nodeId}`,
): Promise<RealNode> {
  const token = `main-${nodeId}`;
  const size = { instanceType: 'local.small', diskGiB: 1 };
  const volume = await cloud.createVolume({ token, diskGiB: 1, rack, tags: {} });
  const nic = await cloud.createInterface({ token, rack, tags: {} });
  const target = { slot: token, pool: 'main', nodeId, rack, roles, ...size };
  return { target, volume, nic, instanceId: '' };
}

const peerOf = ({ target, nic }: RealNode) => ({
  slot: target.slot,
  nodeId: target.nodeId,
  roles: target.roles,
  host: nic.host,
  clientPort: nic.clientPort,
  controllerPort: nic.controllerPort,
});

async function untilRegistered(access: KafkaAccess, count: number): Promise<void> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const registered = await brokersOf(access).catch(() => 0);
    if (registered === count) return;
    if (Date.now() > end) throw new Error(`${registered} brokers are registered, not ${count}`);
    await sleep(100);
  }
}

async function brokersOf(access: KafkaAccess): Promise<number> {
  const admin = await openKafkaAdmin(access);
  try {
    return (await admin.brokers()).length;
  } finally {
    await admin.close();
  }
}

async function endAll(cloud: Cloud): Promise<void> {
  const live = async () =>
    (await cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
  for (const { id } of await live()) await cloud.terminateInstance({ id });
  while ((await live()).length > 0) await sleep(100);
}

/**
 * A shell that waits for our end of a pipe and then kills the machines below `dir`, which are
 * detached and would outlive a crashed test for ever. Machines lead groups of their own.
 */
export function endMachinesWithThisProcess(dir: string): void {
  const script = `cat > /dev/null
    for p in /proc/[0-9]*; do
      [ "$p" = "/proc/$$" ] && continue
      case $(tr '\\0' ' ' < "$p/cmdline") in
        *asgard.instance=*"$1"*|*"$1"*asgard.instance=*) kill -s KILL -- "-\${p#/proc/}" ;;
      esac
    done 2> /dev/null`;
  whenThisProcessEnds(script, dir);
}

/** The same for processes with this line in their environment, `NAME=value`. */
export function endProcessesWithThisProcess(line: string): void {
  const script = `cat > /dev/null
    for p in /proc/[0-9]*; do
      tr '\\0' '\\n' < "$p/environ" | grep -qxF "$1" && kill -s KILL "\${p#/proc/}"
    done 2> /dev/null`;
  whenThisProcessEnds(script, line);
}

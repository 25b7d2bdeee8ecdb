/**
 * Activities run as a worker runs them (heartbeats, cancellation), over the local cloud with faults
 * in front and a Kafka that is a table of answers. Machines are stand-ins; `close` ends them, and
 * so does the end of the test process.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ActivityDeps, JournalEntry } from '../../activities/lib/deps.ts';
import type { NodeTarget } from '../../contracts/plan.ts';
import type { StepScope } from '../../contracts/scope.ts';
import { kafkaVersion } from '../../contracts/settings.ts';
import type { Cloud } from '../../providers/cloud/cloud.ts';
import { type Fault, type FaultPlan, withFaults } from '../../providers/cloud/faults.ts';
import { createLocalCloud } from '../../providers/cloud/local/cloud.ts';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { type KafkaAdmin, KafkaError } from '../../providers/kafka/kafka.ts';
import { createFileNodeConfigs } from '../../providers/node-configs/file-store.ts';
import { createFileSecretStore } from '../../providers/secrets/file-store.ts';
import { endMachinesWithThisProcess } from './real-cluster.ts';
import { useStandInJava } from './stand-in-java.ts';

export const scope: StepScope = {
  cluster: 'orders',
  provider: 'local',
  kafkaVersion,
  operationId: 'odin/orders/test',
  runId: '00000000-0000-0000-0000-000000000000',
};

export const nodeOf = (nodeId: number, roles: NodeTarget['roles'] = ['broker', 'controller']) => ({
  ...{ slot: `main-${nodeId}`, pool: 'main', nodeId, rack: 'rack-a', roles },
  ...{ instanceType: 'local.small', diskGiB: 1 },
});

/** A Kafka that answers what a test says; what it does not say fails. */
export type FakeKafka = Partial<KafkaAdmin>;

export interface ActivityLab {
  deps: ActivityDeps;
  /** The same cloud without faults. */
  cloud: Cloud;
  journal: JournalEntry[];
  /** Calls of the cloud, in order, each when it was made. */
  calls(): string[];
  /** Faults of the calls from now on, counted from here. */
  faults(faults: Fault[], visibilityMs?: number): void;
  /** Undefined: Kafka does not answer. */
  kafka: FakeKafka | undefined;
  dir: string;
  close(): Promise<void>;
}

const root = mkdtempSync(join(tmpdir(), 'asgard-activities-'));
endMachinesWithThisProcess(root);
let serial = 0;

export function openActivityLab(): ActivityLab {
  const dir = join(root, String(serial++));
  const restore = useStandInJava(dir);
  const cloud = createLocalCloud({ dir: join(dir, 'cloud'), kafkaLibs: '/nowhere' });
  const traces: string[] = [];
  let plan: FaultPlan;
  const faults = (next: Fault[], visibilityMs = 0) => {
    const traceFile = join(dir, `trace-${traces.length}`);
    writeFileSync(traceFile, '');
    traces.push(traceFile);
    plan = { faults: next, visibilityMs, traceFile };
  };
  faults([]);
  const made: string[] = [];
  const counted = new Proxy(cloud, {
    get: (target, name: keyof Cloud) => {
      const member: unknown = target[name];
      if (typeof member !== 'function') return member;
      return (argument: unknown) => {
        made.push(name);
        return member.call(target, argument) as unknown;
      };
    },
  });
  const journal: JournalEntry[] = [];
  const lab: ActivityLab = {
    cloud,
    journal,
    dir,
    faults,
    calls: () => made.filter((call) => !call.startsWith('list')),
    kafka: undefined,
    deps: {
      clouds: { local: withFaults(counted, () => plan) },
      secrets: createFileSecretStore({ dir: join(dir, 'secrets') }),
      nodeConfigs: createFileNodeConfigs(join(dir, 'node-configs')),
      openKafka: async () => {
        if (!lab.kafka) throw new KafkaError('unavailable', 'no broker answers');
        return { close: async () => {}, ...lab.kafka } as KafkaAdmin;
      },
      load: noLoad,
      journal: async (entry) => void journal.push(entry),
    },
    close: async () => {
      await endAll(cloud);
      restore();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return lab;
}

const absent = () => Promise.reject(new Error('no load in this lab'));
const noLoad = {
  run: absent,
  proveCoordination: absent,
  watch: () => ({ look: absent, close: () => Promise.resolve() }),
};

async function endAll(cloud: Cloud): Promise<void> {
  const live = async () =>
    (await cloud.listInstances({ tags: {} })).filter((i) => i.state !== 'terminated');
  for (const { id } of await live()) {
    await cloud.terminateInstance({ id });
    signalGroup(findProcess(id) ?? 0, 'SIGKILL');
  }
  while ((await live()).length > 0) await sleep(20);
}

/** Failures are what tests are about: they are not printed. */
export const environment = (
  info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {},
): MockActivityEnvironment =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });

/** Runs an activity as a worker would; heartbeats go to `beats`. */
export async function run<T>(
  work: () => Promise<T>,
  { beats = [], env = environment() }: Running = {},
): Promise<T> {
  env.on('heartbeat', (details: unknown) => void beats.push(details));
  return env.run(work);
}

interface Running {
  beats?: unknown[];
  env?: MockActivityEnvironment;
}

/** Runs it again while it fails in a way that Temporal would try again; answers the tries. */
export async function persist(work: () => Promise<unknown>): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      await run(work);
      return tries;
    } catch (error) {
      if (tries > 20 || (error as { nonRetryable?: boolean }).nonRetryable) throw error;
    }
  }
}

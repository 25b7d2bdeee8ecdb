/**
 * Goal: the trials' checker sees what it is for. Method: one real cluster in good order, of which
 * it finds nothing; then one thing at a time is made wrong, found by name, and put right again.
 */
import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProcess, signalGroup } from '../../providers/cloud/local/processes.ts';
import { openKafkaAdmin } from '../../providers/kafka/admin.ts';
import type { KafkaAdmin } from '../../providers/kafka/kafka.ts';
import { oneNodeSpec } from '../support/specs.ts';
import { type Bench, openBench } from './bench.ts';
import { instancesOf, pathsOf } from './cloud-check.ts';
import { type Facts, findViolations } from './invariants.ts';
import { accessTo } from './kafka-check.ts';
import { byTemporal, type Started } from './start.ts';
import { endOf } from './story.ts';

const cluster = 'seen';
const topic = { partitions: 1, replicationFactor: 1, config: {} };
let bench: Bench;
let admin: KafkaAdmin;
let facts: Facts;

beforeAll(async () => {
  bench = await openBench();
  const spec = { ...oneNodeSpec(cluster), topics: [{ name: 'first', ...topic }] };
  const start = { cluster, type: 'provisionCluster', key: 'one', input: { spec } } as const;
  const { handle }: Started = await byTemporal(bench, start);
  const end = await endOf(handle, 120_000);
  if (!end) throw new Error('the cluster was not made');
  const after = { slots: ['main-0'], topics: ['first'] };
  const before = { slots: [], topics: [] };
  facts = {
    ...{ cluster, handle, end, strikes: [] },
    expect: { after, before, phaseBefore: 'absent' },
  };
  const access = await accessTo(bench, cluster);
  if (typeof access === 'string') throw new Error(access);
  admin = await openKafkaAdmin(access);
});
afterAll(async () => {
  await admin?.close();
  await bench.close();
});

const hasty = { temporal: 1_000, kafka: 1_000 };
const found = async (changed: Partial<Facts> = {}): Promise<string[]> =>
  findViolations(bench, { ...facts, ...changed });
const ready = () => ({ end: { outcome: 'ready', reason: '' } });
const secrets = () => pathsOf(bench).secrets;
const journal = () => join(pathsOf(bench).journal, `${cluster}.jsonl`);

/** What is made wrong, what undoes that, and what must be said. */
const planted: [string, () => unknown, () => unknown, RegExp][] = [
  [
    'a topic that the load test left',
    () => admin.createTopics([{ name: 'asgard-load-x', ...topic }]),
    () => admin.deleteTopics(['asgard-load-x']),
    /^topics: asgard-load-x first, wanted first$/,
  ],
  [
    'a user that the load test left',
    () => admin.upsertScramUser({ username: 'asgard-load', password: 'x', iterations: 4096 }),
    () => admin.deleteScramUser('asgard-load'),
    /^users: .*asgard-load/,
  ],
  [
    'rights that the load test left',
    () =>
      admin.createAcls([
        {
          ...{ principal: 'User:asgard-load', resource: 'topic', name: 'x', pattern: 'literal' },
          operations: ['read'],
        },
      ]),
    () => admin.deleteAclsOf('User:asgard-load'),
    /^ACL principals: User:asgard-load/,
  ],
  [
    'a draft of secrets',
    () => writeFileSync(join(secrets(), `${cluster}.json.abc`), '{}'),
    () => rmSync(join(secrets(), `${cluster}.json.abc`)),
    /^secret seen\.json\.abc is left$/,
  ],
  [
    'a directory without a record',
    () => mkdirSync(join(pathsOf(bench).localCloud, 'instances/i-0')),
    () => rmSync(join(pathsOf(bench).localCloud, 'instances/i-0'), { recursive: true }),
    /^directory instances\/i-0 belongs to nothing$/,
  ],
  [
    'a torn line in the journal',
    () => appendFileSync(journal(), '{"at":"20'),
    () => truncateSync(journal(), 0),
    /^journal seen\.jsonl has a broken line/,
  ],
];

describe('of a cluster in good order', () => {
  it('nothing is found', async () => {
    expect(await found()).toEqual([]);
  });
});

describe('one thing that is wrong is found by name', () => {
  it.each(planted)('%s', async (_what, plant, unplant, said) => {
    await plant();
    try {
      expect(await found()).toContainEqual(expect.stringMatching(said));
    } finally {
      await unplant();
    }
  });

  it('a machine that the plan does not want', async () => {
    const { expect: told } = facts;
    const after = { slots: [], topics: [] };
    expect(await found({ expect: { ...told, after }, patienceMs: hasty })).toContain(
      'instances: main-0, wanted none',
    );
  });

  it('a phase that is not what the outcome says', async () => {
    expect(await found({ ...ready(), patienceMs: hasty })).toEqual([
      'the entity says untested, wanted ready',
    ]);
  });

  it('a held operation that keeps to itself what it left', async () => {
    const end = { outcome: 'Held', reason: 'something went wrong' };
    expect(await found({ end, patienceMs: hasty })).toContainEqual(
      expect.stringMatching(/^held without naming main-0/),
    );
  });

  it('an outcome that no trial may have', async () => {
    const end = { outcome: 'KafkaUnavailable', reason: 'it is away' };
    expect(await found({ end, patienceMs: hasty })).toContain(
      'ended with KafkaUnavailable: it is away',
    );
  });

  it('a broker that is missing though nothing was done to it; it is started again', async () => {
    const [machine] = await instancesOf(bench, cluster);
    signalGroup(findProcess(machine?.id ?? '') ?? 0, 'SIGKILL');
    expect(await found()).toEqual(['untested with the broker of main-0 missing']);
    expect(await found()).toEqual([]);
  });

  it('a `ready` of a broker that was killed before the last look, and not of one after it', async () => {
    const kill = async (at: number) => {
      const [machine] = await instancesOf(bench, cluster);
      signalGroup(findProcess(machine?.id ?? '') ?? 0, 'SIGKILL');
      return found({
        ...ready(),
        patienceMs: { ...hasty, kafka: 60_000 },
        strikes: [{ at, until: at, way: 'kill', slots: ['main-0'] }],
      });
    };
    expect(await kill(0)).toContain('ready with the broker of main-0 missing');
    expect(await kill(Date.now())).toEqual(['the entity says untested, wanted ready']);
  });

  it('a Kafka that cannot be asked', async () => {
    const file = join(secrets(), `${cluster}.json`);
    rmSync(file);
    expect(await found({ patienceMs: hasty })).toContain('no credentials are stored');
  });
});

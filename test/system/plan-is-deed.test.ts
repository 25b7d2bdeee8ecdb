/**
 * Goal: the plan is the deed. Method: a hundred generated changes of one real cluster, each
 * planned, then applied by its digest; the mutating calls that were journalled are exactly those of
 * the plan, and a second plan is empty.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterPlan } from '../../contracts/plan.ts';
import { settingsFrom } from '../../contracts/settings.ts';
import type { ClusterSpec, TopicSpec } from '../../contracts/spec.ts';
import { type Bench, openBench } from '../crash/bench.ts';
import { randomOf } from '../support/random.ts';
import { oneNodeSpec } from '../support/specs.ts';

const pairs = 100;
let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const execute = <T>(type: string, workflowId: string, input: unknown): Promise<T> =>
  bench.client.workflow.execute(type, { taskQueue: 'asgard', workflowId, args: [input] });

const journal = (): string[] => {
  const { paths } = settingsFrom({ ASGARD_HOME: bench.home }, homedir());
  const lines = readFileSync(join(paths.journal, 'deed.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { call: string }).call);
};

/** The next spec: some topics and settings come, change or go; partitions only grow. */
function nextSpec(before: ClusterSpec, random: () => number): ClusterSpec {
  const int = (n: number) => Math.floor(random() * n);
  const spec = structuredClone(before);
  const topics = (spec.topics ?? []).filter((t) => t.state !== 'absent');
  const config = () => ({
    ...(random() < 0.5 ? { 'retention.ms': 1_000_000 + int(5) } : {}),
    ...(random() < 0.5 ? { 'cleanup.policy': random() < 0.5 ? 'compact' : 'delete' } : {}),
  });
  const changed: TopicSpec[] = topics.map((topic): TopicSpec => {
    const dice = random();
    if (dice < 0.15) return { name: topic.name, state: 'absent' };
    if (dice < 0.4) return { ...topic, partitions: (topic.partitions ?? 1) + 1 };
    return dice < 0.7 ? { ...topic, config: config() } : topic;
  });
  if (changed.length < 6 && random() < 0.6) {
    const name = `t-${int(1e9)}`;
    changed.push({ name, partitions: 1 + int(3), replicationFactor: 1, config: config() });
  }
  spec.topics = changed;
  spec.kafka.config = {
    ...(random() < 0.5 ? { 'message.max.bytes': 1_000_000 + int(9) } : {}),
    ...(random() < 0.5 ? { 'log.retention.ms': 80_000_000 + int(9) } : {}),
    ...(before.kafka.config?.['num.partitions'] ? { 'num.partitions': 2 } : {}),
    // Rarely, since it restarts the broker.
    ...(random() < 0.04 ? { 'num.partitions': 2 } : {}),
  };
  return spec;
}

describe('the plan', () => {
  it(`is the deed over ${pairs} generated changes of a live cluster`, async () => {
    const random = randomOf(20261124);
    let spec = oneNodeSpec('deed');
    let seen = 0;
    let changes = 0;
    for (let n = 0; n < pairs; n++) {
      const { plan } = await execute<{ plan: ClusterPlan }>('planCluster', `p/${n}`, { spec });
      const apply = { spec, expectDigest: plan.digest };
      await execute('applyPlan', `odin/deed/${n}`, apply);
      const calls = journal().slice(seen);
      seen += calls.length;
      changes += calls.length;
      expect([...calls].sort(), `pair ${n}`).toEqual(plan.steps.flatMap((s) => s.calls).sort());
      const after = await execute<{ plan: ClusterPlan }>('planCluster', `p/${n}/after`, { spec });
      expect(after.plan.steps, `pair ${n}`).toEqual([]);
      spec = nextSpec(spec, random);
    }
    expect(changes).toBeGreaterThan(pairs);
  }, 900_000);
});

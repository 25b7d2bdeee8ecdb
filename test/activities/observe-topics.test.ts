/** Topics as they are told to a plan: only those asked for, in answers that fit into a payload. */
import { describe, expect, it } from 'vitest';
import { topicsOf } from '../../activities/observe/observe.ts';
import type { KafkaAdmin, TopicView } from '../../providers/kafka/kafka.ts';

const view = (name: string, change: Partial<TopicView> = {}): TopicView => ({
  name,
  internal: false,
  partitions: [
    { partition: 0, leader: 0, replicas: [0, 1], isr: [0, 1] },
    { partition: 1, leader: 1, replicas: [1, 0], isr: [1] },
  ],
  ...change,
});

/** A Kafka of these topics, which counts how many are described at a time. */
function kafkaOf(views: TopicView[], config: Record<string, string> = {}) {
  const described: number[] = [];
  const admin = {
    topics: async () => views,
    topicConfigs: async (names: string[]) => {
      described.push(names.length);
      return new Map(names.map((name) => [name, config]));
    },
  } as unknown as KafkaAdmin;
  return { admin, described };
}

describe('topics', () => {
  it('are told when they are asked for, and when their name collides with one', async () => {
    const { admin } = kafkaOf([view('a.b'), view('theirs'), view('c')], { 'retention.ms': '5' });
    const { topics, taken } = await topicsOf(admin, ['a_b', 'c', 'missing']);
    expect(taken).toBe(3);
    expect(topics).toEqual(
      ['a.b', 'c'].map((name) => ({
        name,
        partitions: 2,
        replicationFactor: 2,
        config: { 'retention.ms': '5' },
      })),
    );
  });

  it('say which partitions nobody leads, and what Kafka keeps to itself', async () => {
    const lost = { partition: 0, leader: -1, replicas: [2], isr: [2] };
    const { admin } = kafkaOf([
      view('lost', { partitions: [lost] }),
      view('hidden', { partitions: [], unknown: 'LEADER_NOT_AVAILABLE' }),
    ]);
    const { topics } = await topicsOf(admin, ['lost', 'hidden']);
    expect(topics).toMatchObject([
      { name: 'lost', leaderless: 1 },
      { name: 'hidden', unknown: 'LEADER_NOT_AVAILABLE' },
    ]);
  });

  it('come in answers below 500 KB, each of which takes at least one name', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `topic-${i}`);
    const long = 'x'.repeat(2_000);
    const { admin, described } = kafkaOf(
      names.map((name) => view(name)),
      { long },
    );
    const told: string[] = [];
    for (let rest = names; rest.length > 0; ) {
      const { topics, taken } = await topicsOf(admin, rest);
      expect(JSON.stringify(topics).length).toBeLessThan(500_000);
      expect(taken).toBeGreaterThan(0);
      told.push(...topics.map((t) => t.name));
      rest = rest.slice(taken);
    }
    expect(told).toEqual(names);
    expect(Math.max(...described)).toBeLessThanOrEqual(250);
  });

  it('that alone are too large for an answer are told all the same, one at a time', async () => {
    const { admin } = kafkaOf([view('a'), view('b')], { huge: 'x'.repeat(310_000) });
    expect(await topicsOf(admin, ['a', 'b'])).toMatchObject({ taken: 1, topics: [{ name: 'a' }] });
  });
});

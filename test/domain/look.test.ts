/** What a look at the world comes to in words: nothing is said that was not seen. */
import { describe, expect, it } from 'vitest';
import type { Inspection, NodeStatus } from '../../contracts/http.ts';
import { tellLook } from '../../domain/cluster/look.ts';

type State = NodeStatus['machine']['state'];

const node = (nodeId: number, state: State, more: Partial<NodeStatus> = {}): NodeStatus => ({
  slot: `main-${nodeId}`,
  nodeId,
  rack: 'rack-a',
  roles: ['broker', 'controller'],
  machine: { state },
  broker: { registration: state === 'running' ? 'registered' : 'fenced' },
  controller: 'voter',
  ...more,
});

const look = (states: State[], kafka: Inspection['kafka'] = { answers: true }): Inspection => ({
  lookedAt: '2026-11-25T17:40:03.000Z',
  nodes: states.map((state, i) => node(i, state)),
  kafka,
});

describe('a look is told as', () => {
  it.each<[string, Inspection, string, string | undefined]>([
    [
      'well',
      look(['running', 'running', 'running']),
      '3 of 3 machines running, 3 of 3 brokers registered',
      undefined,
    ],
    [
      'some stopped',
      look(['running', 'stopped', 'stopped']),
      '2 of 3 machines stopped, 1 of 3 brokers registered',
      'the next apply starts stopped machines',
    ],
    [
      'several states at once',
      look(['running', 'stopped', 'absent']),
      '1 of 3 machines stopped, 1 of 3 machines absent, 1 of 3 brokers registered',
      'the next apply starts stopped machines',
    ],
    [
      'all away, with Kafka’s silence and its reason',
      look(['stopped'], { answers: false, reason: 'no machine is running' }),
      '1 of 1 machines stopped, Kafka does not answer (no machine is running)',
      'the next apply starts stopped machines',
    ],
    [
      'missing machines',
      look(['running', 'absent']),
      '1 of 2 machines absent, 1 of 2 brokers registered',
      'the next apply makes missing machines',
    ],
    [
      'machines that run while Kafka has trouble',
      look(['running'], { answers: true, leaderless: 2, underReplicated: 5 }),
      '1 of 1 machines running, 1 of 1 brokers registered, 2 partitions without a leader,' +
        ' 5 partitions with replicas out of sync',
      undefined,
    ],
    ['nothing', look([]), 'no machine exists', undefined],
  ])('%s', (_, found, summary, remedy) => {
    const told = tellLook(found);
    expect(told).toMatchObject({ summary, nodes: found.nodes, lookedAt: found.lookedAt });
    expect(told.remedy).toBe(remedy);
  });

  it('a disk that a person must see to: no apply is promised to help', () => {
    const emptied = node(0, 'stopped', { machine: { state: 'stopped', code: 'disk-emptied' } });
    const { remedy } = tellLook({ ...look([]), nodes: [emptied, node(1, 'stopped')] });
    expect(remedy).toBe('a person must see to the disk of main-0: no start helps');
  });

  it('machines without a record, beside none and beside others, with what to do', () => {
    const found = { id: 'i-1', kind: 'instance' as const, slot: 'main-0', where: '/cloud/i-1' };
    const strangers = [{ ...found, running: true }];
    const text = '1 machines or disks without a record: main-0: i-1 (running, /cloud/i-1)';
    const alone = tellLook({ ...look([]), strangers });
    expect(alone.summary).toBe(text);
    expect(alone.remedy).toMatch(/^put the provider's records back, or end them yourself/);
    const beside = tellLook({ ...look(['running', 'stopped']), strangers });
    expect(beside.summary).toBe(`1 of 2 machines stopped, 1 of 2 brokers registered, ${text}`);
    expect(beside.remedy).toBe(alone.remedy);
  });

  it('a Kafka that nobody has the credentials to ask', () => {
    const kafka = { answers: false, asked: false, reason: 'no credentials of a are stored' };
    const { summary, remedy } = tellLook(look(['running'], kafka));
    expect(summary).toBe(
      '1 of 1 machines running, Kafka could not be asked (no credentials of a are stored)',
    );
    expect(remedy).toBe('put the credentials back, or destroy the cluster');
  });

  it('a running machine whose broker Kafka does not serve', () => {
    const fenced = node(0, 'running', { broker: { registration: 'fenced' } });
    const { summary } = tellLook({ ...look([]), nodes: [fenced, node(1, 'running')] });
    expect(summary).toBe('2 of 2 machines running, 1 of 2 brokers registered');
  });
});

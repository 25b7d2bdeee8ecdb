/** What Kafka answers, read without Kafka: errors of both clients, partial metadata, values. */

import type { Broker, Connection, ConnectionPool } from '@platformatic/kafka';
import { ConfigTypes, NetworkError, ResponseError } from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { sameValue, shows } from '../../providers/kafka/config-admin.ts';
import { answerOf, anyOf } from '../../providers/kafka/connection.ts';
import { failFrom, protocolErrorOf, refusal } from '../../providers/kafka/errors.ts';
import { KafkaError } from '../../providers/kafka/kafka.ts';
import { fromAnswer } from '../../providers/kafka/metadata.ts';

const createTopics = 19;
const scram = 51;
/** As @platformatic/kafka throws what Kafka answered. */
const answered = (...errors: [number, string | null][]) =>
  new ResponseError(
    scram,
    0,
    Object.fromEntries(errors.map((e, i) => [`/results/${i}`, e])) as never,
    { results: [] },
  );
/** As kafkajs throws: a wrapper of a protocol error, which has lost Kafka's sentence. */
const byKafkajs = (type: string, retriable: boolean) =>
  Object.assign(new Error('retries exceeded'), {
    name: 'KafkaJSNumberOfRetriesExceeded',
    cause: Object.assign(new Error('This is not the correct coordinator'), { type, retriable }),
  });

describe('an error of a client', () => {
  it('tells Kafka’s own sentence with its name and what it was about', () => {
    const error = failFrom(answered([93, 'Too few iterations: 1']), 'user u');
    expect(error).toMatchObject({
      code: 'refused',
      message: 'user u: UNACCEPTABLE_CREDENTIAL: Too few iterations: 1',
    });
  });

  it('tells the sentences of several failures, the first few, each once', () => {
    const many = Array.from({ length: 9 }, (_, i): [number, string] => [40, `bad ${i % 5}`]);
    const { message } = failFrom(answered(...many)) as KafkaError;
    expect(message).toBe(
      'INVALID_CONFIG: bad 0, INVALID_CONFIG: bad 1, INVALID_CONFIG: bad 2 and 2 more',
    );
  });

  it('falls back on the protocol’s sentence when Kafka gives none', () => {
    const { message } = failFrom(answered([42, null])) as KafkaError;
    expect(message).toMatch(/^INVALID_REQUEST: \w+/);
  });

  it.each([
    [answered([41, null]), 'unavailable'],
    [answered([7, 'took too long']), 'unavailable'],
    [answered([-1, 'null pointer']), 'unavailable'],
    [answered([29, null]), 'refused'],
    [answered([7, null], [40, 'bad value']), 'refused'],
    [byKafkajs('NOT_COORDINATOR_FOR_GROUP', true), 'unavailable'],
    [byKafkajs('TOPIC_AUTHORIZATION_FAILED', false), 'refused'],
    [new NetworkError('connection refused'), 'unavailable'],
    [new Error('whatever'), 'unavailable'],
    [Object.assign(new Error('x'), { name: 'KafkaJSSASLAuthenticationError' }), 'unauthorized'],
    [Object.assign(new Error('x'), { code: 'PLT_KFK_AUTHENTICATION' }), 'unauthorized'],
  ])('%s is %s', (error, code) => {
    expect(failFrom(error)).toMatchObject({ code });
  });

  it('is found however deep it is wrapped, in causes and in lists', () => {
    const deep = new AggregateError([new Error('a'), answered([89, null])], 'all failed');
    expect(protocolErrorOf(new Error('outer', { cause: deep }))).toBe('THROTTLING_QUOTA_EXCEEDED');
    expect(protocolErrorOf(byKafkajs('UNKNOWN', true))).toBeUndefined();
  });

  it('passes when it is translated already', () => {
    const error = new KafkaError('refused', 'no');
    expect(failFrom(error, 'user u')).toBe(error);
  });
});

describe('an answer that failed in part', () => {
  const item = (name: string, errorCode: number, errorMessage: string | null = null) => ({
    subject: `topic ${name}`,
    errorCode,
    errorMessage,
  });

  it('is the answer, not an error; other errors stay errors', async () => {
    const response = { topics: [1] };
    const partly = new ResponseError(
      createTopics,
      7,
      { '/topics/0': [40, 'x'] } as never,
      response,
    );
    expect(await answerOf(Promise.reject(partly))).toBe(response);
    await expect(answerOf(Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });

  it('names the refused topics before those that may pass later', () => {
    const error = refusal([item('slow', 7), item('bad', 40, 'Invalid value -5 for retention.ms')]);
    expect(error).toMatchObject({
      code: 'refused',
      message: 'topic bad: INVALID_CONFIG: Invalid value -5 for retention.ms',
    });
    expect(refusal([item('slow', 7)])).toMatchObject({ code: 'unavailable' });
    expect(refusal([item('gone', 3)])).toMatchObject({ code: 'refused' });
  });

  it('stays short however many topics fail', () => {
    const all = Array.from({ length: 250 }, (_, i) => item(`t-${i}`, 44, 'no'));
    expect(refusal(all).message).toMatch(/^topic t-0: POLICY_VIOLATION: no, .* and 247 more$/);
  });

  it('names an error code of a later Kafka by its number', () => {
    expect(refusal([item('t', 999)]).message).toContain('error 999');
  });
});

describe('metadata', () => {
  const partition = (errorCode: number, leaderId: number) => ({
    errorCode,
    partitionIndex: 0,
    leaderId,
    leaderEpoch: 1,
    replicaNodes: [2],
    isrNodes: [2],
    offlineReplicas: [],
  });
  const topic = (name: string, errorCode: number, partitions: ReturnType<typeof partition>[]) => ({
    name,
    errorCode,
    topicId: '',
    isInternal: name.startsWith('__'),
    partitions,
    topicAuthorizedOperations: 0,
  });
  const brokers = [{ nodeId: 0, host: 'h', port: 1, rack: null }];

  it('keeps a topic whose partition has no leader, and all others', () => {
    const { topics } = fromAnswer({
      brokers,
      topics: [topic('dead', 0, [partition(5, -1)]), topic('good', 0, [partition(0, 0)])],
    });
    expect(topics.map((t) => [t.name, t.partitions[0]?.leader, t.unknown])).toEqual([
      ['dead', -1, undefined],
      ['good', 0, undefined],
    ]);
  });

  it('marks a topic as unknown that Kafka will not describe; one that is not there is left out', () => {
    const { topics } = fromAnswer({
      brokers,
      topics: [topic('hidden', 29, []), topic('electing', 5, []), topic('missing', 3, [])],
    });
    expect(topics.map((t) => [t.name, t.unknown])).toEqual([
      ['hidden', 'TOPIC_AUTHORIZATION_FAILED'],
      ['electing', 'LEADER_NOT_AVAILABLE'],
    ]);
  });
});

describe('values of configuration', () => {
  const { BOOLEAN, STRING, INT, LONG, DOUBLE, LIST } = ConfigTypes;
  it.each([
    [DOUBLE, '0.1', '0.10', true],
    [DOUBLE, '1', '1.0', true],
    [DOUBLE, '0.05', '5E-02', true],
    [LIST, 'delete,compact', 'delete, compact', true],
    [LIST, 'delete,compact', 'compact,delete', false],
    [BOOLEAN, 'true', 'True', true],
    [LONG, '9223372036854775807', '9223372036854775806', false],
    [LONG, '9007199254740993', '+9007199254740993', true],
    [INT, '5', ' 5 ', true],
    [INT, '5', 'x', false],
    [STRING, 'lz4', 'LZ4', false],
  ])('of type %s: %s and %s are equal: %s', (type, a, b, equal) => {
    expect(sameValue(type, a, b)).toBe(equal);
  });

  it('show when they are set or gone as asked', () => {
    const entry = { name: 'k', value: '0.1', configType: DOUBLE, isSensitive: false };
    expect(shows(entry, '0.10')).toBe(true);
    expect(shows(entry, null)).toBe(false);
    expect(shows(undefined, null)).toBe(true);
    expect(shows(undefined, '1')).toBe(false);
    expect(shows({ ...entry, value: null, isSensitive: true }, 'secret')).toBe(true);
  });
});

describe('a connection to anybody', () => {
  const brokers: Broker[] = [1, 2, 3, 4].map((port) => ({ host: 'h', port }));
  /** Ports that are ready, refuse; the others take the connection and say nothing. */
  const poolOf = (r: { ready: number[]; refuse: number[] }) => {
    const get = ({ port }: Broker): Promise<Connection> => {
      if (r.ready.includes(port)) return Promise.resolve({ port } as unknown as Connection);
      if (r.refuse.includes(port)) return Promise.reject(new NetworkError(`${port} refused`));
      return new Promise(() => {});
    };
    return { get } as ConnectionPool;
  };

  it.each([
    ['the first that is ready, though one before it stands still', { ready: [3], refuse: [2] }, 3],
    ['one further on, when those before refuse', { ready: [4], refuse: [1, 2, 3] }, 4],
  ])('is to %s', async (_, r, port) => {
    expect(await anyOf(poolOf(r), brokers)).toEqual({ port });
  });

  it('is unavailable with every reason when nobody can be reached', async () => {
    const none = anyOf(poolOf({ ready: [], refuse: [1, 2, 3, 4] }), brokers);
    const failure = failFrom(await none.catch((error: unknown) => error));
    expect(failure).toMatchObject({ code: 'unavailable', message: /1 refused.*4 refused/ });
  });
});

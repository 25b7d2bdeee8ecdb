/**
 * What Asgard says of Kafka's configuration against what Kafka 4.3.1 says, from the jars that
 * brokers run on: every key with every kind of value, and keys that must fit each other. Prints the
 * figures; `npm run test:kafka-config` shows them.
 */
import { describe, expect, it } from 'vitest';
import { bootDocument } from '../../activities/lib/boot-document.ts';
import { brokerKeys, type KafkaKey, topicKeys } from '../../contracts/kafka-keys.ts';
import { keyOf, normalConfig, normalValue, sameValue } from '../../contracts/kafka-values.ts';
import type { Violation } from '../../contracts/spec.ts';
import { nodeConfigOf } from '../../domain/cluster/broker-properties.ts';
import {
  checkBrokerRelations,
  checkTopicRelations,
  relations,
} from '../../domain/cluster/config-relations.ts';
import { brokerValues } from '../../domain/cluster/config-values.ts';
import { reservedReason } from '../../domain/cluster/foreign-keys.ts';
import { checkConfig } from '../../domain/cluster/kafka-config.ts';
import { ownSettings } from '../../domain/cluster/own-settings.ts';
import {
  brokerCombinations,
  brokerPairs,
  openKeys,
  topicCombinations,
  valuesFor,
} from './cases.ts';
import { type Answer, askKafka, printedTables, type Question } from './oracle.ts';

type Config = Record<string, string>;
type Ask = Exclude<Question, { base: Config }>;

/** What a node of a one-node cluster boots with, exactly as brokers get it. */
function bootProperties(): Config {
  const roles: ('broker' | 'controller')[] = ['broker', 'controller'];
  const self = { slot: 'main-0', nodeId: 1, roles, host: '127.0.0.1' };
  const peer = { ...self, clientPort: 9092, controllerPort: 9093 };
  const boot = bootDocument({
    node: { ...self, pool: 'main', rack: 'a', instanceType: 'local.small', diskGiB: 1 },
    config: nodeConfigOf(roles, '4.3.1', {}),
    secrets: {
      clusterId: 'abcdefghijklmnopqrstug',
      directorySeed: 'seed',
      passwords: { admin: 'a', broker: 'b', controller: 'c', load: 'd' },
    },
    peers: [peer],
    self: peer,
    initial: true,
  });
  return { ...boot.properties, 'log.dirs': '/tmp/asgard-kafka-config' };
}

/** As checkSpec does: each key by itself, then whether they fit each other. */
function brokerRefusals(config: Config): string[] {
  const single = checkConfig('config', config, 'broker');
  const normal = normalConfig('broker', config);
  const values = brokerValues(normal, ownSettings(1));
  return messages(single.length > 0 ? single : checkBrokerRelations('config', normal, values));
}

function topicRefusals(props: Config, broker: Config): string[] {
  const single = checkConfig('config', props, 'topic');
  const values = brokerValues(normalConfig('broker', broker), ownSettings(1));
  const normal = normalConfig('topic', props);
  return messages(single.length > 0 ? single : checkTopicRelations('config', normal, values));
}

const messages = (violations: Violation[]) => violations.map((v) => `${v.field} ${v.message}`);

function refusalsOf(question: Ask): string[] {
  if (question.ask === 'broker') return brokerRefusals(question.props);
  const { props, broker } = question;
  // Brokers with remote storage need a class that no jar of Kafka has; topics on them do not.
  const { 'remote.log.storage.system.enable': _, ...plain } = broker;
  return [...brokerRefusals(plain), ...topicRefusals(props, broker)];
}

interface Outcome {
  question: Ask;
  answer: Answer;
  refusals: string[];
}

function judge(questions: Ask[]): Outcome[] {
  const [, ...answers] = askKafka([{ base: bootProperties() }, ...questions]);
  return questions.map((question, i) => ({
    question,
    answer: answers[i] as Answer,
    refusals: refusalsOf(question),
  }));
}

/** Accepted here and refused by Kafka, or the other way round; a readable line each. */
const differences = (outcomes: Outcome[]): string[] =>
  outcomes
    .filter(({ answer, refusals }) => answer.ok !== (refusals.length === 0))
    .map(({ question, answer, refusals }) =>
      JSON.stringify({ question, kafka: answer.error ?? 'ok', asgard: refusals[0] ?? 'ok' }),
    );

function singleQuestions(): Ask[] {
  const broker = openKeys.flatMap((key) =>
    valuesFor(brokerKeys[key] as KafkaKey).map(
      (value): Ask => ({ ask: 'broker', props: { [key]: value } }),
    ),
  );
  const topic = Object.entries(topicKeys).flatMap(([key, known]) =>
    valuesFor(known).map((value): Ask => ({ ask: 'topic', props: { [key]: value }, broker: {} })),
  );
  return [...broker, ...topic];
}

/** Level, key and value of a question about one key. */
function single(question: Ask): { kind: 'broker' | 'topic'; key: string; value: string } {
  const [[key, value] = ['', '']] = Object.entries(question.props);
  return { kind: question.ask, key, value };
}

/** Java 17 prints some doubles with a digit too many; as numbers they must be the same. */
const sameText = (type: string, ours: string | undefined, kafkas: string): boolean =>
  ours === kafkas || (type === 'double' && Object.is(Number(ours), Number(kafkas)));

/** What no random choice would hit: texts, and rules that only another one's breach lets show. */
const writtenByHand: Config[] = [
  { 'max.connections.per.ip.overrides': 'nonsense' },
  { 'max.connections.per.ip': '0', 'max.connections.per.ip.overrides': '' },
  { 'max.connections.per.ip': '0', 'max.connections.per.ip.overrides': '127.0.0.1:5' },
  { 'group.share.assignors': 'simple,org.apache.kafka.coordinator.group.assignor.SimpleAssignor' },
  {
    'remote.log.storage.system.enable': 'true',
    'remote.log.metadata.manager.class.name': 'nowhere.Manager',
    'remote.log.metadata.manager.listener.name': 'NOWHERE',
  },
  { 'remote.log.metadata.manager.listener.name': 'NOWHERE' },
];

describe('the table of keys', () => {
  it('is what the jars print today, and no hand has changed it', () => {
    expect(printedTables()).toEqual([brokerKeys, topicKeys]);
  });
});

describe('the configuration of Kafka', () => {
  const outcomes = judge(singleQuestions());
  const accepted = outcomes.filter(({ answer }) => answer.ok);

  it('is accepted and refused as Kafka does, for every key and every kind of value', () => {
    const keys = openKeys.length + Object.keys(topicKeys).length;
    const least = Math.min(...Object.values(brokerKeys).map((key) => valuesFor(key).length));
    const found = differences(outcomes);
    process.stdout.write(
      `kafka-config: ${keys} keys, at least ${least} values each, ${outcomes.length} cases: ` +
        `${accepted.length} accepted by Kafka, ${found.length} differences\n`,
    );
    expect(least).toBeGreaterThanOrEqual(25);
    expect(accepted.length).toBeGreaterThan(1000);
    expect(found).toEqual([]);
  });

  it('is refused with its own reason where Asgard sets it, whatever the value', () => {
    const reserved = Object.keys(brokerKeys).filter((key) => !openKeys.includes(key));
    const refusals = reserved.flatMap((key) => checkConfig('config', { [key]: 'x' }, 'broker'));
    expect(refusals.map((v) => v.rule)).toEqual(reserved.map(() => 'config-key-reserved'));
    for (const key of reserved) expect(reservedReason(key)?.remedy).toMatch(/^remove it/);
    process.stdout.write(`kafka-config: ${reserved.length} more keys are Asgard’s own\n`);
  });

  it('is spelt as Kafka spells it, and compared as Kafka’s values', () => {
    const kafkas = new Map<string, { value: string; normal: string }[]>();
    const misspelt: string[] = [];
    for (const { question, answer } of accepted) {
      const { kind, key, value } = single(question);
      const normal = answer.normal?.[key] ?? '';
      const known = keyOf(kind, key) ?? { type: 'string' };
      const ours = normalValue(known, value);
      if (!sameText(known.type, ours, normal))
        misspelt.push(`${key}: ${value}: ${ours}, ${normal}`);
      const id = `${kind} ${key}`;
      kafkas.set(id, [...(kafkas.get(id) ?? []), { value, normal }]);
    }
    let pairs = 0;
    for (const [id, values] of kafkas) {
      const [kind, key] = id.split(' ') as ['broker' | 'topic', string];
      for (const one of values) {
        for (const other of values) {
          pairs += 1;
          if (sameValue(kind, key, one.value, other.normal) !== (one.normal === other.normal)) {
            misspelt.push(`${key}: ${one.value} and ${other.normal}`);
          }
        }
      }
    }
    process.stdout.write(
      `kafka-config: ${accepted.length} spellings, ${pairs} comparisons, ` +
        `${misspelt.length} differences\n`,
    );
    expect(misspelt).toEqual([]);
  });

  it('is accepted and refused as Kafka does, where keys must fit each other', () => {
    const questions: Ask[] = [
      ...brokerPairs().map((props): Ask => ({ ask: 'broker', props })),
      ...brokerCombinations(500, 42).map((props): Ask => ({ ask: 'broker', props })),
      ...topicCombinations(2_000, 42).map((pair): Ask => ({ ask: 'topic', ...pair })),
      ...writtenByHand.map((props): Ask => ({ ask: 'broker', props })),
    ];
    const judged = judge(questions);
    const refused = judged.filter(({ answer }) => !answer.ok).length;
    const found = differences(judged);
    process.stdout.write(
      `kafka-config: ${judged.length} combinations, ${refused} refused by Kafka, ` +
        `${found.length} differences\n`,
    );
    const told = judged.flatMap(({ refusals }) => refusals).join('\n');
    const untried = relations.filter(({ sentence }) => !told.includes(sentence));
    expect(untried.map(({ sentence }) => sentence)).toEqual([]);
    expect(refused).toBeGreaterThan(500);
    expect(judged.length - refused).toBeGreaterThan(500);
    expect(found).toEqual([]);
  });
});

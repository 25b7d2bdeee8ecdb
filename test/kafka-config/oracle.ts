/** Kafka's own judgement of many configurations, by one short-lived JVM on brokers’ jars. */
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { settingsFrom } from '../../contracts/settings.ts';

export type Question =
  | { base: Record<string, string> }
  | { ask: 'broker'; props: Record<string, string> }
  | { ask: 'topic'; props: Record<string, string>; broker: Record<string, string> };

export interface Answer {
  ok: boolean;
  error?: string;
  /** Kafka's spelling of each value given. */
  normal?: Record<string, string>;
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Runs one source file on the jars of brokers; its output, or an error with its last words. */
function run(source: string, input = ''): string {
  const { paths } = settingsFrom(process.env, homedir());
  const { JAVA_HOME } = process.env;
  const java = JAVA_HOME ? `${JAVA_HOME}/bin/java` : 'java';
  const ran = spawnSync(java, ['-Xmx512m', '-cp', `${paths.kafkaLibs}/*`, source], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 240_000,
  });
  if (ran.status === 0) return ran.stdout;
  const why = (ran.stderr || String(ran.error)).trim().split('\n').slice(-5).join('\n');
  throw new Error(`${source} needs a JDK (openjdk-17-jdk-headless), and ended early:\n${why}`);
}

/** One answer a question, in order. The process ends with its input, whatever becomes of us. */
export function askKafka(questions: Question[]): Answer[] {
  const input = questions.map((q) => `${JSON.stringify(q)}\n`).join('');
  const answers = run(file('Oracle.java'), input)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer);
  if (answers.length !== questions.length) throw new Error(`${answers.length} answers`);
  return answers;
}

/** The tables of keys as the jars print them now: brokers' first, topics' second. */
export function printedTables(): Record<string, unknown>[] {
  const text = run(file('../../deploy/kafka/ConfigKeys.java'));
  return ['brokerKeys', 'topicKeys'].map((name) => {
    const table = text.split(`export const ${name}`)[1]?.split('\n};')[0] ?? '';
    const rows = [...table.matchAll(/^ {2}("[^"]+"): (\{.*\}),?$/gm)];
    return Object.fromEntries(rows.map((r) => [JSON.parse(r[1] ?? ''), JSON.parse(r[2] ?? '')]));
  });
}

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

const program = fileURLToPath(new URL('Oracle.java', import.meta.url));

/** One answer a question, in order. The process ends with its input, whatever becomes of us. */
export function askKafka(questions: Question[]): Answer[] {
  const { paths } = settingsFrom(process.env, homedir());
  const { JAVA_HOME } = process.env;
  const java = JAVA_HOME ? `${JAVA_HOME}/bin/java` : 'java';
  const run = spawnSync(java, ['-Xmx512m', '-cp', `${paths.kafkaLibs}/*`, program], {
    input: questions.map((q) => `${JSON.stringify(q)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 240_000,
  });
  const answers = run.stdout.split('\n').filter((line) => line !== '');
  if (run.status !== 0 || answers.length !== questions.length) {
    const why = (run.stderr || String(run.error)).trim().split('\n').slice(-5).join('\n');
    throw new Error(`Kafka's judge (it needs a JDK: openjdk-17-jdk-headless) ended early:\n${why}`);
  }
  return answers.map((line) => JSON.parse(line) as Answer);
}

// Installs what a fresh clone needs, before `npm start` and `npm test`: npm packages, Kafka's jars
// and the Temporal CLI. Plain JavaScript without dependencies, since it runs on any Node from 20 on
// before anything is there. Quick when all is there; safe to run at the same time twice.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The same two versions stand in contracts/settings.ts; test/tidy holds them together.
const kafkaVersion = '4.3.1';
const temporalCliVersion = '1.5.1';

const root = fileURLToPath(new URL('../..', import.meta.url));
const env = process.env;
const cache = env.ASGARD_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'asgard');

const say = (text) => process.stderr.write(`asgard: ${text}\n`);

/** Ends with the exact thing to do. */
function giveUp(problem, remedy) {
  say(`${problem}\n        ${remedy}`);
  process.exit(1);
}

const answers = (command, ...args) =>
  spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) giveUp(`Node ${process.versions.node} is too old`, 'install Node 20 or newer');
}

function requireJava() {
  const java = answers(env.JAVA_HOME ? join(env.JAVA_HOME, 'bin/java') : 'java', '-version');
  const version = Number(/version "(\d+)/.exec(java.stderr ?? '')?.[1] ?? 0);
  if (version >= 17) return;
  giveUp(
    version ? `Java ${version} is too old for Kafka ${kafkaVersion}` : 'there is no Java on PATH',
    'Debian: apt-get install -y openjdk-17-jre-headless',
  );
}

/** Runs a command, showing elapsed seconds and what `progress` reads from its output. */
function runShown(label, command, args, { cwd = root, extraEnv = {}, progress } = {}) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...env, ...extraEnv },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const line = () => `${label} … ${seconds()} s${progress ? `, ${progress(output)}` : ''}`;
    const onTerminal = process.stderr.isTTY;
    const timer = setInterval(
      () => (onTerminal ? process.stderr.write(`\r\u001b[Kasgard: ${line()}`) : say(line())),
      onTerminal ? 1_000 : 15_000,
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', () => finish(127));
    child.on('close', (code) => finish(code ?? 1));
    let finished = false;
    function finish(code) {
      if (finished) return;
      finished = true;
      clearInterval(timer);
      if (onTerminal) process.stderr.write('\r\u001b[K');
      say(`${label}: ${code === 0 ? 'done' : `failed (${code})`} in ${seconds()} s`);
      resolve({ code, output });
    }
  });
}

async function installPackages() {
  const stamp = join(root, 'node_modules/.asgard-lock');
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const wanted = lock.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { code, output } = await runShown('npm packages', 'npm', [
    'ci',
    '--no-audit',
    '--no-fund',
    // Packages that want the newer Node get it: scripts run on node_modules' own Node 24.
    '--loglevel=error',
  ]);
  if (code !== 0) giveUp('npm ci failed', output.trim().split('\n').slice(-15).join('\n        '));
  writeFileSync(stamp, wanted);
}

async function installKafka() {
  if (env.KAFKA_HOME) {
    if (existsSync(join(env.KAFKA_HOME, 'libs'))) return;
    giveUp(`KAFKA_HOME has no libs directory`, `point it at a Kafka ${kafkaVersion} distribution`);
  }
  const libs = join(cache, `kafka-${kafkaVersion}`, 'libs');
  if (existsSync(libs)) return;
  if (answers('mvn', '-v').status !== 0) {
    giveUp(
      'Kafka’s jars are missing and there is no Maven to fetch them',
      'Debian: apt-get install -y maven; or set KAFKA_HOME to a Kafka 4.3.1 distribution',
    );
  }
  mkdirSync(dirname(libs), { recursive: true });
  const draft = mkdtempSync(`${libs}.`);
  const { code, output } = await runShown(`Kafka ${kafkaVersion} jars`, 'mvn', [
    '-q',
    '-B',
    '-f',
    join(root, 'deploy/kafka/pom.xml'),
    'dependency:copy-dependencies',
    `-DoutputDirectory=${draft}`,
    '-DincludeScope=runtime',
  ]);
  if (code !== 0) giveUp('Maven could not fetch Kafka’s jars', output.trim().slice(-1500));
  commit(draft, libs);
}

/** Renames; when somebody else was quicker, theirs is as good. */
function commit(draft, final) {
  try {
    renameSync(draft, final);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(final)) throw error;
  }
}

function temporalOnPath() {
  const { status, stdout } = answers('temporal', '--version');
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return status === 0 && (Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 5));
}

async function installTemporal() {
  const dir = join(cache, `temporal-${temporalCliVersion}`);
  if (existsSync(join(dir, 'temporal')) || temporalOnPath()) return;
  if (answers('go', 'version').status !== 0) {
    giveUp(
      'there is no Temporal CLI (1.5 or newer) on PATH, and no Go to build one',
      'put `temporal` on PATH, or Debian: apt-get install -y golang',
    );
  }
  say(
    'building the Temporal CLI from the Go module proxy; the first time takes about five minutes',
  );
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(`${dir}.`);
  const module = `github.com/temporalio/cli/cmd/temporal@v${temporalCliVersion}`;
  const { code, output } = await runShown(
    `Temporal CLI ${temporalCliVersion}`,
    'go',
    ['install', '-v', '-ldflags', '-s -w', module],
    {
      cwd: draft,
      extraEnv: { GOBIN: draft, GOFLAGS: '' },
      progress: (text) => {
        const lines = text.split('\n');
        const downloads = lines.filter((l) => l.startsWith('go: downloading')).length;
        return `${downloads} modules fetched, ${lines.length - downloads - 1} packages compiled`;
      },
    },
  );
  if (code !== 0)
    giveUp('go install failed', output.trim().split('\n').slice(-10).join('\n        '));
  commit(draft, dir);
}

requireNode();
requireJava();
await installPackages();
await installKafka();
await installTemporal();

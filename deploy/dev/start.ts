/**
 * `npm start`: the stack, then the main job. With --exit it takes everything down again and its
 * exit status says whether the gate was passed.
 */
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectApi } from '../../cli/client.ts';
import { readDocument } from '../../cli/document.ts';
import { figuresText } from '../../cli/figures.ts';
import { createProgress } from '../../cli/progress.ts';
import { follow, type Started } from '../../cli/watch.ts';
import { endedWell, type OperationStatus } from '../../contracts/operation.ts';
import { type Settings, settingsFrom } from '../../contracts/settings.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { readStackFile, runningSupervisor } from './running.ts';
import { type Stack, startStack } from './stack.ts';

const help = `npm start -- [options]

Starts Temporal, workers and the API, provisions the example cluster and tests it under load.

  --no-job          only start the stack
  --cluster FILE    another cluster spec, JSON or YAML (default deploy/examples/cluster.json)
  --exit            stop stack and brokers after the job; exit status 0 only when all is as
                    asked (a passed gate, unless the spec has none);
                    the last line is one JSON document with the verdict and figures
  --temporal-profile NAME
                    no Temporal of its own, but the one of this profile of your Temporal
                    configuration (address, namespace, certificates, API key)
  --help            this text

Environment: ASGARD_HOME (all state, default ~/.asgard), ASGARD_CACHE, ASGARD_API_PORT,
ASGARD_TEMPORAL_PORT, ASGARD_TEMPORAL_UI_PORT (default: free ports), ASGARD_TOKEN, KAFKA_HOME.
TEMPORAL_* and Temporal's configuration file count only with --temporal-profile.
Ctrl-C stops the stack; brokers go on. \`npm run clean\` ends them too.`;

const example = fileURLToPath(new URL('../examples/cluster.json', import.meta.url));

const say = (text: string) => void process.stderr.write(`asgard: ${text}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'no-job': { type: 'boolean' },
      exit: { type: 'boolean' },
      help: { type: 'boolean' },
      cluster: { type: 'string' },
      'temporal-profile': { type: 'string' },
    },
  });
  if (values.help) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  process.umask(0o077); // Whatever the stack writes is its owner's, also what Temporal writes.
  const settings = settingsFrom(process.env, homedir());
  const other = runningSupervisor(settings);
  if (other) {
    const url = readStackFile(settings)?.apiUrl ?? 'coming up';
    say(`a stack runs already on ${settings.home} (pid ${other}, ${url})`);
    return 1;
  }
  // Before anything is started: a file that cannot be read is told at once.
  const spec = values['no-job'] ? undefined : readDocument(values.cluster ?? example);
  const stopped = interrupted();
  const temporalProfile = values['temporal-profile'];
  const stack = await startStack({ settings, say, temporalProfile });
  try {
    showStack(stack, settings);
    if (spec === undefined) {
      await stopped;
      return 0;
    }
    const options = { spec: spec as ClusterSpec, exit: values.exit ?? false, stopped };
    return await job(stack, settings, options);
  } finally {
    say('stopping the stack');
    await stack.stop();
  }
}

/** Resolves on Ctrl-C, SIGTERM, or the terminal's end. */
const interrupted = (): Promise<'interrupted'> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => resolve('interrupted'));
    }
  });

function showStack({ file, token }: Stack, { home }: Settings): void {
  say(`state     ${home}`);
  say(`API       ${file.apiUrl}/docs   (token ${token})`);
  const { temporalUiUrl, temporalAddress, namespace } = file;
  say(`Temporal  ${temporalUiUrl ?? `namespace ${namespace}`}   (${temporalAddress})`);
  if (!temporalUiUrl) return;
  say('          every user of this machine may use these two ports, with all rights;');
  say('          see docs/guides/security.md for a Temporal that asks who one is');
}

interface JobOptions {
  spec: ClusterSpec;
  exit: boolean;
  stopped: Promise<'interrupted'>;
}

async function job(stack: Stack, settings: Settings, options: JobOptions): Promise<number> {
  const { spec } = options;
  const api = connectApi({
    ...process.env,
    ASGARD_API: stack.file.apiUrl,
    ASGARD_TOKEN: stack.token,
  });
  // Who said stop while the stack came up wants no brokers after that.
  if (await Promise.race([options.stopped, undefined])) return 130;
  const body = { spec, requester: process.env.USER ?? 'npm start' };
  const started = await api.send<Started>('POST', '/v1/clusters', body);
  const progress = createProgress(process.stderr);
  const status = await Promise.race([follow(api, started, progress), options.stopped]);
  progress.end();
  if (status === 'interrupted') return 130;
  showResult(status, stack, settings);
  if (!options.exit) {
    say('Ctrl-C stops the stack; the brokers go on');
    await options.stopped;
    return 0;
  }
  await takeDown(api, spec.name);
  const passed = endedWell(status);
  process.stdout.write(`${JSON.stringify(summary(status))}\n`);
  return passed ? 0 : 1;
}

function showResult(status: OperationStatus, { file }: Stack, settings: Settings): void {
  const { outcome, reason, connection, load, cluster, operationId, runId } = status;
  const out = (text: string) => void process.stdout.write(`${text}\n`);
  out(`\n${cluster}: ${outcome}${reason ? `: ${reason}` : ''}`);
  if (outcome === 'unchanged') out('the cluster is as the spec says; nothing was changed');
  for (const line of load?.verdict ? figuresText(load.verdict) : []) out(line);
  if (connection) {
    out(`bootstrap   ${connection.bootstrap}`);
    out(`client      ${connection.clientPropertiesFile}`);
    out(`try         ${topicCommand(settings, connection)}`);
  }
  const run = `${encodeURIComponent(operationId)}/${runId}`;
  const ui = file.temporalUiUrl;
  if (ui) out(`this run    ${ui}/namespaces/${file.namespace}/workflows/${run}`);
  out(`API docs    ${file.apiUrl}/docs`);
}

const topicCommand = (
  { paths }: Settings,
  connection: { bootstrap: string; clientPropertiesFile: string },
): string =>
  `java -cp '${paths.kafkaLibs}/*' org.apache.kafka.tools.TopicCommand` +
  ` --bootstrap-server ${connection.bootstrap.split(',')[0]}` +
  ` --command-config ${connection.clientPropertiesFile} --list`;

/** Ends the cluster the way a user would: lift the protection, then destroy. */
async function takeDown(api: ReturnType<typeof connectApi>, name: string): Promise<void> {
  say('taking the cluster down');
  await api
    .send('PUT', `/v1/clusters/${name}/protection`, { enabled: false })
    .catch(() => undefined);
  try {
    const started = await api.send<Started>('DELETE', `/v1/clusters/${name}`, { confirm: name });
    const { outcome, reason } = await follow(api, started, { update() {}, end() {} });
    if (outcome !== 'destroyed') say(`destroy ended ${outcome}: ${reason ?? ''}`);
  } catch (error) {
    // A provision that was rolled back leaves nothing to destroy.
    say(error instanceof Error ? error.message : String(error));
  }
}

const summary = ({ operationId, cluster, outcome, reason, load, connection }: OperationStatus) => ({
  operationId,
  cluster,
  outcome,
  reason,
  verdict: load?.verdict,
  bootstrap: connection?.bootstrap,
});

// Not left to run out: after an interruption nobody waits any more for what still follows the job.
try {
  process.exit(await main());
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

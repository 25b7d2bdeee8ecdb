/**
 * The worker process: polls the task queues named in ASGARD_QUEUES (comma-separated short names,
 * default all). Prints one JSON line once it polls; SIGTERM and SIGINT let running work finish.
 */
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { taskQueues } from '../contracts/names.ts';
import { composeDependencies } from './dependencies.ts';

type QueueName = keyof typeof taskQueues;

/**
 * Longer than a heartbeat timeout, so that a worker going away hands its activities over cleanly.
 */
const shutdownGraceTime = '10 seconds';

/**
 * How long a task waits for the worker that has the workflow in its cache before any worker may
 * take it (default 10 s): the time lost when that worker is killed. A worker that is merely busy
 * longer than this costs one replay.
 */
const stickyQueueScheduleToStartTimeout = '2 seconds';

async function main(): Promise<void> {
  process.umask(0o077); // Boot files, logs and records are their owner's only.
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const common = { connection, namespace: namespace ?? 'default', shutdownGraceTime };
    const workers = await Promise.all(queueNames().map((name) => createWorker(name, common)));
    const runs = workers.map((worker) => worker.run());
    process.stdout.write(`${JSON.stringify({ ready: true, queues: queueNames() })}\n`);
    await Promise.all(runs);
  } finally {
    await connection.close();
  }
}

function queueNames(): QueueName[] {
  const wanted = process.env.ASGARD_QUEUES?.split(',') ?? Object.keys(taskQueues);
  for (const name of wanted) {
    if (!(name in taskQueues)) {
      throw new Error(
        `ASGARD_QUEUES: \`${name}\` is none of ${Object.keys(taskQueues).join(', ')}`,
      );
    }
  }
  return wanted as QueueName[];
}

interface Common {
  connection: NativeConnection;
  namespace: string;
  shutdownGraceTime: string;
}

function createWorker(name: QueueName, common: Common): Promise<Worker> {
  const taskQueue = taskQueues[name];
  if (name === 'workflows') {
    return Worker.create({
      ...common,
      taskQueue,
      ...workflowCode(),
      stickyQueueScheduleToStartTimeout,
      maxCachedWorkflows: 200,
    });
  }
  const activities = createActivities(composeDependencies(process.env))[name];
  return Worker.create({ ...common, taskQueue, activities });
}

/** ASGARD_WORKFLOW_BUNDLE names code bundled before; without it the source is bundled now (3 s). */
function workflowCode() {
  const codePath = process.env.ASGARD_WORKFLOW_BUNDLE;
  if (codePath) return { workflowBundle: { codePath } };
  return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) };
}

await main();

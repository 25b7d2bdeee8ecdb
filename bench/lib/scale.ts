/**
 * `npm run bench:scale [-- --topics N]`: the limits that are stated, met. Pure plan time of the two
 * largest specs; then thousands of topics applied on three real brokers, with what the operation
 * carried: its largest payload and its history. Real brokers, real Temporal; loopback only.
 */
import { parseArgs } from 'node:util';
import { nothingObserved } from '../../contracts/observed.ts';
import type { OperationResult } from '../../contracts/operation.ts';
import type { ClusterPlan } from '../../contracts/plan.ts';
import type { ClusterSpec } from '../../contracts/spec.ts';
import { planCluster } from '../../domain/cluster/plan.ts';
import { checkSpec } from '../../domain/cluster/rules.ts';
import { openBench } from '../../test/crash/bench.ts';
import { nodesSpec, topicsSpec } from '../../test/support/big-specs.ts';
import { carriedBy } from '../../test/support/payloads.ts';

const { values } = parseArgs({ options: { topics: { type: 'string', default: '2500' } } });
const topics = Number(values.topics);

const row = (what: string, figure: string): void => console.log(`${what.padEnd(58)} ${figure}`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} KB`;

/** Shape, rules and plan, as a workflow computes them. */
function timePlan(what: string, spec: ClusterSpec): void {
  const begun = performance.now();
  const checked = checkSpec(spec);
  if (!('spec' in checked)) throw new Error(JSON.stringify(checked.violations));
  const plan = planCluster(checked.spec, nothingObserved);
  const ms = performance.now() - begun;
  const sizes = [spec, plan].map((v) => kilobytes(Buffer.byteLength(JSON.stringify(v))));
  row(`plan of ${what}`, `${seconds(ms)}, ${plan.steps.length} steps, ${sizes.join(' → ')}`);
}

timePlan('5,000 topics × 10 partitions', topicsSpec('a', 5_000, 10));
timePlan('200 nodes', nodesSpec('b', 200));

const bench = await openBench();
try {
  await operate('three brokers', 'provisionCluster', { spec: topicsSpec('scale', 0, 1) });
  const spec = topicsSpec('scale', topics, 1);
  await operate(`${topics} topics of one partition, applied`, 'provisionCluster', { spec });
  const again = await operate('the same again: read and compared', 'planCluster', { spec });
  const { steps } = (again as unknown as { plan: ClusterPlan }).plan;
  if (steps.length > 0) throw new Error(`not applied: ${steps[0]?.summary}`);
  const changed = structuredClone(spec);
  for (const topic of changed.topics ?? []) topic.config = { 'retention.ms': 3_600_000 };
  await operate(`${topics} topics, configuration changed`, 'provisionCluster', { spec: changed });
  for (const topic of changed.topics ?? []) topic.partitions = 2;
  await operate(`${topics} topics, a partition more each`, 'provisionCluster', { spec: changed });
  for (const topic of changed.topics ?? []) topic.state = 'absent';
  await operate(`${topics} topics deleted`, 'provisionCluster', { spec: changed });
} finally {
  await bench.close();
}
process.exit();

/** Runs it and tells how long it took and what it carried. */
async function operate(what: string, type: string, input: unknown): Promise<OperationResult> {
  const begun = performance.now();
  const handle = await bench.client.workflow.start(type, {
    taskQueue: 'asgard',
    workflowId: `bench/${what}`,
    args: [input],
  });
  const result = (await handle.result()) as OperationResult;
  const ms = performance.now() - begun;
  const { events, bytes, where } = await carriedBy(handle);
  const carried = `${events} events, largest payload ${kilobytes(bytes)} (${where.replace('EventAttributes', '')})`;
  row(what, `${seconds(ms)}, ${carried}`);
  return result;
}

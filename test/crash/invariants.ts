/**
 * What must hold after every trial, whatever was done to it: exactly the machines, brokers, topics
 * and users that the outcome calls for, an entity that says so and lends nothing, no workflow that
 * still runs or ever failed a task, and a `ready` only of a cluster that is whole now.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { ClusterPhase } from '../../contracts/cluster.ts';
import { clusterWorkflowId } from '../../contracts/names.ts';
import type { TrialBench } from './bench.ts';
import {
  journalViolations,
  leftovers,
  resourceViolations,
  secretViolations,
  unnamed,
  type Wanted,
} from './cloud-check.ts';
import { heal, kafkaViolations, missingNow } from './kafka-check.ts';
import { byTemporal } from './start.ts';
import {
  type End,
  endOf,
  entityOf,
  openWorkflows,
  type Story,
  statusOf,
  storyOf,
} from './story.ts';
import type { Strike } from './strike.ts';
import { statusViolations } from './told.ts';

export interface Expectation {
  after: Wanted;
  /** How it was before, and so is after a rollback. */
  before: Wanted;
  phaseBefore: ClusterPhase;
}

export interface Facts {
  cluster: string;
  handle: WorkflowHandle;
  end: End;
  expect: Expectation;
  /** What was done to the cluster, in this trial and, unhealed, before it. */
  strikes: Strike[];
  /** How long the entity and lists may take to be right, and Kafka to be whole. Default: long. */
  patienceMs?: { temporal: number; kafka: number };
}

const patienceMs = { temporal: 20_000, kafka: 90_000 };

/** Phase by outcome; absent: as before. */
const phases: Record<string, ClusterPhase | undefined> = {
  ready: 'ready',
  untested: 'untested',
  quarantined: 'quarantined',
  destroyed: 'destroyed',
  Held: 'held',
};
const successes = ['ready', 'untested', 'unchanged', 'applied', 'quarantined'];
const undone = ['RolledBack', 'Aborted'];

/** Empty when all is well. May start machines that the product says ended by themselves. */
export async function findViolations(bench: TrialBench, facts: Facts): Promise<string[]> {
  const { cluster, end, expect } = facts;
  // Nobody was left to clean up, and the entity has yet to find out: the next operation shows.
  if (end.outcome === 'Terminated') return journalViolations(bench);
  const always = [...(await temporalViolations(bench, facts)), ...journalViolations(bench)];
  if (end.outcome === 'Held') {
    const before = expect.before.slots;
    const silent = await unnamed(bench, cluster, { reason: end.reason, before });
    return [...always, ...silent, ...(await leftovers(bench))];
  }
  const wanted = wantedBy(end.outcome, expect);
  if (!wanted) return [...always, `ended with ${end.outcome}: ${end.reason}`];
  const stands = wanted.slots.length > 0;
  return [
    ...always,
    ...(await resourceViolations(bench, cluster, wanted.slots)),
    ...(await leftovers(bench)),
    ...secretViolations(bench, cluster, stands),
    ...(stands ? await insideViolations(bench, facts, wanted) : []),
  ];
}

function wantedBy(outcome: string, { after, before }: Expectation): Wanted | undefined {
  if (outcome === 'destroyed') return { slots: [], topics: [] };
  if (undone.includes(outcome)) return before;
  return successes.includes(outcome) ? after : undefined;
}

/** Brokers that are missing at the end, and then, with those started again, all that Kafka says. */
async function insideViolations(
  bench: TrialBench,
  facts: Facts,
  wanted: Wanted,
): Promise<string[]> {
  const missing = await missingNow(bench, facts.cluster, wanted.slots);
  const story = await storyOf(facts.handle);
  const found = [
    ...missingViolations(facts, missing, story),
    ...disturbed(facts, story),
    ...(await statusViolations(bench, facts.cluster)),
  ];
  const unwhole = await heal(bench, facts.cluster, (facts.patienceMs ?? patienceMs).kafka);
  if (unwhole.length > 0) return [...found, ...unwhole];
  const inside = await kafkaViolations(bench, facts.cluster, wanted);
  const excused = inside.length > 0 && (await toldOfLeftovers(facts));
  return [...found, ...(excused ? await afterNextTest(bench, facts, wanted) : inside)];
}

/** The gate could not clean up, and its operation said so; it never does when it passed. */
async function toldOfLeftovers({ handle, end }: Facts): Promise<boolean> {
  const events = (await statusOf(handle))?.events ?? [];
  return end.verdict?.verdict !== 'pass' && events.some((e) => e.text.includes('may be left'));
}

/** What a load test could not remove is removed by the next one: it is run, and all looked at. */
async function afterNextTest(bench: TrialBench, facts: Facts, wanted: Wanted): Promise<string[]> {
  const { cluster } = facts;
  const key = `left-by-${facts.handle.workflowId.split('/').at(-1)}`;
  const { handle } = await byTemporal(bench, {
    cluster,
    type: 'loadTest',
    key,
    input: { cluster },
  });
  const end = await endOf(handle, 120_000);
  const ended = end?.outcome === 'tested' ? [] : [`the next load test ended ${end?.outcome}`];
  return [...ended, ...(await kafkaViolations(bench, cluster, wanted))];
}

/** A `ready` may miss only what was struck after its last look; others, what was struck at all. */
function missingViolations({ end, strikes }: Facts, missing: string[], story: Story): string[] {
  const claims = end.outcome === 'ready' || end.verdict?.verdict === 'pass';
  const after = claims ? story.lastLookAt : 0;
  const excused = strikes.filter((s) => s.until >= after);
  return missing
    .filter((slot) => !excused.some((s) => s.slots.includes(slot) || s.way === 'fill'))
    .map((slot) => `${end.outcome} with the broker of ${slot} missing`);
}

/** A broker was killed while the figures of a `pass` were taken. */
function disturbed({ end, strikes }: Facts, { measured }: Story): string[] {
  if (end.verdict?.verdict !== 'pass' || !measured) return [];
  const { from, to } = measured;
  return strikes
    .filter((s) => s.slots.length > 0 && s.way === 'kill' && s.at > from && s.at < to)
    .map((s) => `pass, though ${s.slots} was killed ${Math.round(s.at - from)} ms into it`);
}

/** The entity hears of an end a moment later, and lists are eventually right: both get seconds. */
async function temporalViolations(bench: TrialBench, facts: Facts): Promise<string[]> {
  const { client } = bench;
  let left: string[] = [];
  const patience = facts.patienceMs ?? patienceMs;
  for (const end = Date.now() + patience.temporal; Date.now() < end; await sleep(200)) {
    await bench.revive();
    left = [
      ...(await entityViolations(bench, facts)),
      ...(await openWorkflows(client, facts.cluster)).map((id) => `${id} still runs`),
    ];
    if (left.length === 0) break;
  }
  const entity = client.workflow.getHandle(clusterWorkflowId(facts.cluster));
  const stories = [await storyOf(facts.handle), await storyOf(entity)];
  const failed = stories.flatMap((s) => s.failedTasks);
  return [...left, ...failed.map((cause) => `failed workflow task: ${cause}`)];
}

async function entityViolations({ client }: TrialBench, facts: Facts): Promise<string[]> {
  const { cluster, end, expect } = facts;
  const entity = await entityOf(client, cluster);
  if (!entity) return ['the entity does not answer'];
  const wanted = phases[end.outcome] ?? expect.phaseBefore;
  const { raw } = await client.workflow.getHandle(clusterWorkflowId(cluster)).describe();
  return [
    ...(entity.phase === wanted ? [] : [`the entity says ${entity.phase}, wanted ${wanted}`]),
    ...entity.leases.map((l) => `${l.operationId} still has the lease`),
    ...entity.waiting.map((w) => `${w.operationId} still waits for the lease`),
    ...((raw.pendingActivities ?? []).length > 0 ? ['the entity has pending activities'] : []),
  ];
}

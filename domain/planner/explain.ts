/** A move plan as text for people. Pure; every figure is the plan's. */
import type { LoadSummary, MovePlan, ResourceName } from '../../contracts/rebalance.ts';
import { bytesText } from './refusals.ts';

const blockedShown = 20;

/** What moves, what it costs, how even the cluster is before and after, and what is blocked. */
export function explainPlan(plan: MovePlan): string {
  const { lowerBoundBytes: bound } = plan;
  const ratio = bound > 0 ? (plan.movedBytes / bound).toFixed(3) : '–';
  const budget = plan.budgetBytes === null ? '' : `, budget ${bytesText(plan.budgetBytes)}`;
  return [
    `${plan.intent}: ${plan.moves} replica moves, ${plan.leaderChanges} leader changes` +
      ` (${plan.leadershipOnly} without bytes)`,
    `bytes: ${bytesText(plan.movedBytes)}, lower bound ${bytesText(bound)}, ratio ${ratio}${budget}`,
    `about ${Math.ceil(plan.durationS)} s at the throttle, in ${plan.batches.length} batches`,
    ...debtLines(plan),
    ...electionLines(plan),
    '',
    'load         before → after (max ÷ mean)   after: min   outside ± 10 %   worst   of its limit',
    ...(Object.keys(plan.after) as ResourceName[]).map((name) =>
      loadLine(name, plan.before[name], plan.after[name]),
    ),
    '',
    ...limitLines(plan),
    ...blockedLines(plan),
  ].join('\n');
}

function debtLines({ rackDebt }: MovePlan): string[] {
  if (rackDebt.before === 0 && rackDebt.after === 0) return [];
  const remedy = rackDebt.after > 0 ? '; the intent repairRacks moves them' : '';
  return [
    `replicas in a fuller rack than need be: ${rackDebt.before} → ${rackDebt.after}${remedy}`,
  ];
}

function electionLines({ electionsPending: pending }: MovePlan): string[] {
  if (pending === 0) return [];
  return [`${pending} partitions wait for an election of their preferred leader`];
}

function loadLine(name: string, before: LoadSummary | null, after: LoadSummary | null): string {
  if (!after) return `${name.padEnd(12)} unknown: not balanced on, and its limit is not claimed`;
  const was = before ? before.maxOverMean.toFixed(3) : 'unknown';
  const forced =
    after.forcedOverMean > 1.001 ? ` (racks force ${after.forcedOverMean.toFixed(3)})` : '';
  const change = `${was} → ${after.maxOverMean.toFixed(3)}${forced}`;
  const share = after.ofLimit === null ? '–' : `${(after.ofLimit * 100).toFixed(0)} %`;
  return [
    name.padEnd(12),
    change.padEnd(29),
    after.minOverMean.toFixed(3).padEnd(12),
    String(after.outside).padEnd(16),
    String(after.worstBroker).padEnd(7),
    share,
  ].join(' ');
}

function limitLines({ overLimit, unknownLoads }: MovePlan): string[] {
  const unknown =
    unknownLoads.length > 0 ? ` (of what is known; not ${unknownLoads.join(', ')})` : '';
  if (overLimit.length === 0) return [`limits: all met${unknown}`];
  const told = overLimit.slice(0, blockedShown).map((o) => `broker ${o.broker} ${o.resource}`);
  return [`limits: ${overLimit.length} not met: ${told.join(', ')}${unknown}`];
}

function blockedLines({ blocked }: MovePlan): string[] {
  if (blocked.length === 0) return [];
  const more = blocked.length - blockedShown;
  return [
    `${blocked.length} replicas or leaders could not be placed:`,
    ...blocked
      .slice(0, blockedShown)
      .map(
        (b) => `  ${b.topic}-${b.partition} on ${b.broker}: ${b.rule}: ${b.message}; ${b.remedy}`,
      ),
    ...(more > 0 ? [`  … ${more} more`] : []),
  ];
}

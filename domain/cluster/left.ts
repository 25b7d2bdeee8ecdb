/**
 * What an operation that stopped half-way has left in place, in words: by the states of its steps,
 * since nothing is asked of the world any more. Pure.
 */
import type { StepState, StepStatus } from '../../contracts/operation.ts';
import type { ClusterPlan, PlanStep, StepKind } from '../../contracts/plan.ts';
import { fewOf } from '../../contracts/text.ts';

/** Enough for a person to go and look; the steps of the status have them all. */
const most = 20;

const made: Partial<Record<StepKind, string>> = {
  createInterface: 'address',
  createVolume: 'disk',
  launchInstance: 'machine',
};
const removed: Partial<Record<StepKind, string>> = {
  deleteInterface: 'address',
  deleteVolume: 'disk',
  terminateInstance: 'machine',
};
/** Nothing was made, or it is gone again. One that failed may have made it all the same. */
const without: StepState[] = ['pending', 'skipped', 'undone'];

/** Such as `main-0 (address, disk, machine), topic orders`; empty when nothing is known to be left. */
export function leftBy(plan: ClusterPlan | undefined, steps: readonly StepStatus[]): string {
  const states = new Map(steps.map((s) => [s.id, s.state]));
  const slots = new Map<string, string[]>();
  const others: string[] = [];
  for (const step of plan?.steps ?? []) {
    const state = states.get(step.id) ?? 'pending';
    if (!isLeft(step, state)) continue;
    const { kind } = step.action;
    const part = made[kind] ?? removed[kind];
    if (part && 'node' in step.action) {
      const { slot } = step.action.node;
      slots.set(slot, [...(slots.get(slot) ?? []), part]);
    } else others.push('topic' in step.action ? `topic ${step.action.topic}` : 'credentials');
  }
  const nodes = [...slots].map(([slot, parts]) => `${slot} (${parts.sort().join(', ')})`);
  return fewOf([...nodes, ...new Set(others)], most);
}

function isLeft({ action: { kind } }: PlanStep, state: StepState): boolean {
  if (kind in made || kind === 'createTopic' || kind === 'createIdentity') {
    return !without.includes(state);
  }
  return (kind in removed || kind === 'deleteIdentity') && state !== 'done';
}

/**
 * What an operation that stopped half-way has left in place, in words: by the states of its steps,
 * since nothing is asked of the world any more. Pure; knows no service and no kind of step.
 */
import type { StepState, StepStatus } from '../../contracts/operation.ts';
import type { ShownPlan, ShownStep } from '../../contracts/plan.ts';
import { fewOf } from '../../contracts/text.ts';

/** Enough for a person to go and look; the steps of the status have them all. */
const most = 20;

/** Nothing was made, or it is gone again. A step that failed may have made it all the same. */
const without: StepState[] = ['pending', 'skipped', 'undone'];

/** Such as `main-0 (interface, volume), orders (topic)`; empty when nothing is known to be left. */
export function leftBy(plan: ShownPlan | undefined, steps: readonly StepStatus[]): string {
  const states = new Map(steps.map((s) => [s.id, s.state]));
  const parts = new Map<string, Set<string>>();
  for (const step of plan?.steps ?? []) {
    if (!isLeft(step, states.get(step.id) ?? 'pending')) continue;
    for (const call of step.calls) {
      const [made = '', target = ''] = call.split(' ');
      parts.set(target, (parts.get(target) ?? new Set()).add(thingOf(made)));
    }
  }
  return fewOf(
    [...parts].map(([target, things]) => `${target} (${[...things].join(', ')})`),
    most,
  );
}

function isLeft({ symbol }: ShownStep, state: StepState): boolean {
  if (symbol === '+') return !without.includes(state);
  return symbol === '-' && state !== 'done';
}

/** `cloud.createVolume` makes a volume, `kafka.createTopics` a topic, `secrets.create` secrets. */
function thingOf(call: string): string {
  const [world = '', name = ''] = call.split('.');
  const thing = name.replace(/^(create|run|delete|terminate|unregister)/, '').replace(/s$/, '');
  return thing ? thing.toLowerCase() : world;
}

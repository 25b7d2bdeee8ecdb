/**
 * The order of execution: batches of steps in which no limit is broken at any moment, in whatever
 * order a batch's steps end. A partition copies one replica at a time; partitions at or below their
 * min.insync.replicas come first; copies into and out of one broker are capped; leadership goes
 * only to what is in sync, and only when its broker has room. What cannot be done so is not done:
 * `changed` gets back what each partition ends with. Pure.
 */
import type { Batch, Step } from '../../contracts/rebalance.ts';
import { type Copy, copySeconds } from './duration.ts';
import { InFlight } from './in-flight.ts';
import type { Model } from './model.ts';
import type { Rules } from './rules.ts';
import { type Change, Journey } from './steps.ts';

export interface Schedule {
  batches: Batch[];
  /** Partitions that end otherwise than planned. */
  cut: number[];
}

/** How many copies at a time, and how fast. */
export interface Pace {
  copiesPerBroker: number;
  throttleBytesPerS: number;
}

/** Orders the changes; `to` of those that were cut short is what they end with. */
export function scheduleOf(model: Model, rules: Rules, changes: Change[], pace: Pace): Schedule {
  const first = attempt(model, rules, changes, pace, !rules.isForced);
  // What was over a limit may be more so on the way, but only when it is under it in the end.
  const isFine = first.waiting.length === 0 || !first.isRelaxed;
  const { batches, waiting } = isFine ? first : attempt(model, rules, changes, pace, false);
  for (const journey of waiting) changes[journey.index]!.to = journey.now();
  return { batches, cut: waiting.map((j) => j.index) };
}

function attempt(
  model: Model,
  rules: Rules,
  changes: Change[],
  { copiesPerBroker, throttleBytesPerS }: Pace,
  mayRelax: boolean,
) {
  const flight = new InFlight(model, copiesPerBroker);
  let waiting = changes.map((change, i) => new Journey(model, rules, change, i)).sort(byUrgency);
  const batches: Batch[] = [];
  let isRelaxed = false;
  while (waiting.length > 0) {
    const taken = fillBatch(flight, waiting);
    if (taken.length === 0) {
      if (flight.isRelaxed || !mayRelax) break;
      flight.isRelaxed = true;
      isRelaxed = true;
      continue;
    }
    const durationS = copySeconds(flight.copies as Copy[], throttleBytesPerS);
    batches.push({ steps: taken.map(({ step }) => step), durationS });
    flight.isRelaxed = false;
    flight.land(taken.map(({ journey }) => journey));
    waiting = waiting.filter((j) => !j.isDone);
  }
  return { batches, waiting, isRelaxed };
}

/** Partitions at risk, with what copies nothing; or all, when none of them can begin. */
function fillBatch(flight: InFlight, waiting: Journey[]): Taken[] {
  const urgent = waiting.filter((j) => j.isAtRisk || !j.copiesNext());
  const taken = urgent.some((j) => j.isAtRisk) ? fill(flight, urgent) : [];
  if (taken.some(({ journey }) => journey.isAtRisk)) return taken;
  flight.abandon(taken.map(({ journey }) => journey));
  return fill(flight, waiting);
}

interface Taken {
  journey: Journey;
  step: Step;
}

function byUrgency(a: Journey, b: Journey): number {
  return (
    Number(b.isAtRisk) - Number(a.isAtRisk) ||
    a.inSyncCount - b.inSyncCount ||
    b.bytes - a.bytes ||
    a.index - b.index
  );
}

function fill(flight: InFlight, journeys: Journey[]): Taken[] {
  const taken: Taken[] = [];
  for (const journey of journeys) {
    for (const move of journey.nextMoves()) {
      if (!flight.board(journey.p, move)) continue;
      const replicas = journey.start(move);
      taken.push({ journey, step: { change: journey.index, replicas } });
      break;
    }
  }
  return taken;
}

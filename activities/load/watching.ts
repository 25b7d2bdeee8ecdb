/**
 * Watching the cluster while a load test measures: what was missing or changed, and when. A look
 * never fails the measurement, its findings go to the verdict; only when no broker runs any more
 * is there nothing left to measure, and the measurement is told to end.
 */
import type { PlannedNode, Standing } from '../../contracts/standing.ts';
import {
  brokersAllDown,
  changesSince,
  missingOf,
  patientWith,
} from '../../domain/cluster/standing.ts';
import { pause } from '../lib/heartbeat.ts';
import type { Observer } from './standing.ts';

/** How many disturbances are kept; one dead broker brings a handful. */
const disturbancesMax = 20;
const watchPauseMs = 1_000;
/** Looks in a row in which no broker runs: fewer may be a restart of the only one. */
const downLooks = 10;

/**
 * Looks about once a second until it is stopped; each thing that is missing or changed is told
 * once, with the time and what was being done. A cloud that does not answer for a moment is no
 * disturbance: the look after the test must see it. `over` is aborted, with the reason, once no
 * broker's machine has run for ten looks: about ten seconds.
 */
export function watchStanding(
  observer: Observer,
  r: {
    nodes: PlannedNode[];
    before: Standing;
    signal: AbortSignal;
    doing(): string;
    onSeen(disturbances: string[]): void;
  },
): { over: AbortSignal; stop(): Promise<string[]> } {
  const over = new AbortController();
  const seen = new Map<string, string>();
  const stopped = new AbortController();
  const signal = AbortSignal.any([r.signal, stopped.signal]);
  const watch = async (): Promise<void> => {
    let previous: Standing | undefined;
    let downFor = 0;
    while (!signal.aborted) {
      const look = await observer.look({ all: false });
      const believed = patientWith(withMachines(look, previous ?? r.before), previous);
      previous = look;
      for (const text of [
        ...missingOf(r.nodes, believed),
        ...changesSince(r.nodes, r.before, believed),
      ]) {
        if (seen.has(text) || seen.size >= disturbancesMax) continue;
        seen.set(text, `${text} (seen at ${look.at.slice(11, 19)}, ${r.doing()})`);
        r.onSeen([...seen.values()]);
      }
      const down = brokersAllDown(r.nodes, look);
      downFor = down.length > 0 ? downFor + 1 : 0;
      if (downFor >= downLooks)
        over.abort(new Error(`no broker runs any more: ${down.join('; ')}`));
      await pause(watchPauseMs, signal).catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    over: over.signal,
    stop: async () => {
      stopped.abort();
      await watching;
      return [...seen.values()];
    },
  };
}

const withMachines = (look: Standing, known: Standing): Standing =>
  look.machines || !known.machines ? look : { ...look, machines: known.machines };

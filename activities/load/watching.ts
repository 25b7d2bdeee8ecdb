/**
 * Watching the cluster while a load test measures: what was missing or changed, and when. A look
 * never fails the measurement; its findings go to the verdict.
 */
import type { PlannedNode, Standing } from '../../contracts/standing.ts';
import { changesSince, missingOf, patientWith } from '../../domain/cluster/standing.ts';
import { pause } from '../lib/heartbeat.ts';
import type { Observer } from './standing.ts';

/** How many disturbances are kept; one dead broker brings a handful. */
const disturbancesMax = 20;
const watchPauseMs = 1_000;

/**
 * Looks about once a second until it is stopped; each thing that is missing or changed is told
 * once, with the time and what was being done. A cloud that does not answer for a moment is no
 * disturbance: the look after the test must see it.
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
): { stop(): Promise<string[]> } {
  const seen = new Map<string, string>();
  const stopped = new AbortController();
  const signal = AbortSignal.any([r.signal, stopped.signal]);
  const watch = async (): Promise<void> => {
    let previous: Standing | undefined;
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
      await pause(watchPauseMs, signal).catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    stop: async () => {
      stopped.abort();
      await watching;
      return [...seen.values()];
    },
  };
}

const withMachines = (look: Standing, known: Standing): Standing =>
  look.machines || !known.machines ? look : { ...look, machines: known.machines };

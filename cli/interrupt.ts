/** Ctrl-C and its relatives while something is followed: the watching ends, nothing else does. */
import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborts at the first of the signals; the second one kills the process as usual. */
  signal: AbortSignal;
  /** Exit status of a process that ended by the signal (130 after Ctrl-C), when there was one. */
  status(): number | undefined;
  /** Gives the signals back. */
  end(): void;
}

/** Listens until the first signal, or `end`. */
export function listenForInterrupt(): Interruption {
  const stop = new AbortController();
  let status: number | undefined;
  const heard = (name: (typeof signals)[number]) => {
    status = 128 + constants.signals[name];
    end();
    stop.abort();
  };
  const end = () => {
    for (const name of signals) process.removeListener(name, heard);
  };
  for (const name of signals) process.on(name, heard);
  return { signal: stop.signal, status: () => status, end };
}

/**
 * Was it the load generator, and not Kafka, that decided the figures? Pure. A thread that waits for
 * Kafka is idle, however slow Kafka is; one whose event loop is never idle is itself the limit.
 */
import type { GeneratorHealth, LoadReport } from '../../contracts/load.ts';

const lateShareMax = 0.25;
const busyShareMax = 0.95;

/**
 * Why the generator counts as saturated; undefined when it does not. Of a fixed rate only: `max` is
 * meant to end at somebody's limit, and `searchLimitOf` says whose. The reader's pace shows in
 * end-to-end latency only, so it counts where that is judged.
 */
export function saturationOf(report: LoadReport, judgesEndToEnd: boolean): string | undefined {
  if (report.targetRecordsPerS === 'max') return undefined;
  const { lateShare, sendBusyShare, readBusyShare } = report.generator;
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  if (lateShare > lateShareMax) {
    return `${percent(lateShare)} of the records left more than 10 ms late`;
  }
  if (sendBusyShare > busyShareMax) {
    return `its sending thread was busy ${percent(sendBusyShare)} of the time`;
  }
  if (judgesEndToEnd && readBusyShare > busyShareMax) {
    return `its reading thread was busy ${percent(readBusyShare)} of the time`;
  }
  return undefined;
}

/** Who fell behind when the search for `max` ended; undefined at a fixed rate. */
export function searchLimitOf({ search }: GeneratorHealth): 'kafka' | 'generator' | undefined {
  if (!search) return undefined;
  const { failedRecordsPerS, sendBusyShare = 1 } = search;
  return failedRecordsPerS === undefined || sendBusyShare > busyShareMax ? 'generator' : 'kafka';
}

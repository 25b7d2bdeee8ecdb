/** Records that are due and wait for a request, by partition. Pure; no clock and no socket. */
import type { Chunk } from './schedule.ts';

const requestBytesMax = 1_000_000;
/** Below the broker's default `message.max.bytes` (1,048,588) with the records' own overhead. */
const batchBytesMax = 900_000;
const recordOverheadBytes = 20;

interface Waiting {
  chunk: Chunk;
  sinceUs: number;
}

export class Backlog {
  /** Most records that a chunk may have, and a partition's batch. */
  readonly chunkMax: number;
  private readonly recordBytes: number;
  private readonly queues: Waiting[][];

  constructor(o: { partitions: number; messageBytes: number }) {
    this.recordBytes = o.messageBytes + recordOverheadBytes;
    this.chunkMax = Math.max(1, Math.floor(batchBytesMax / this.recordBytes));
    this.queues = Array.from({ length: o.partitions }, (): Waiting[] => []);
  }

  add(chunk: Chunk, sinceUs: number): void {
    this.queues[chunk.partition]?.push({ chunk, sinceUs });
  }

  /** Takes out as many chunks of these partitions, oldest first, as fit into one request. */
  take(partitions: readonly number[]): Chunk[] {
    const taken: Chunk[] = [];
    let bytes = 0;
    for (const partition of partitions) {
      const queue = this.queues[partition] ?? [];
      let records = 0;
      for (let next = queue[0]?.chunk; next; next = queue[0]?.chunk) {
        const size = next.count * this.recordBytes;
        const tooMany = records > 0 && records + next.count > this.chunkMax;
        if (tooMany || (bytes > 0 && bytes + size > requestBytesMax)) break;
        queue.shift();
        taken.push(next);
        records += next.count;
        bytes += size;
      }
    }
    return taken;
  }

  /** Takes out what has waited here since before `us`. */
  takeAddedBefore(us: number): Chunk[] {
    return this.queues.flatMap((queue) => {
      const young = queue.findIndex(({ sinceUs }) => sinceUs >= us);
      return queue.splice(0, young < 0 ? queue.length : young).map(({ chunk }) => chunk);
    });
  }
}

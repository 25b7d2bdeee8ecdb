/** What a workflow has carried: the largest payload of a history, wherever in it it is. */
import type { WorkflowHandle } from '@temporalio/client';

export interface Carried {
  events: number;
  /** Bytes of the largest payload, and the event that holds it. */
  bytes: number;
  where: string;
}

/** Reads the whole history. */
export async function carriedBy(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<Carried> {
  const { events } = await handle.fetchHistory();
  let largest = { bytes: 0, where: '' };
  for (const event of events ?? []) {
    const bytes = Math.max(0, ...payloadsIn(event));
    if (bytes > largest.bytes) largest = { bytes, where: attributesOf(event) };
  }
  return { events: events?.length ?? 0, ...largest };
}

const attributesOf = (event: object): string =>
  Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? 'event';

/** Sizes of all `data` of payloads, however deep. */
function payloadsIn(value: unknown): number[] {
  if (!value || typeof value !== 'object' || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'data' && ArrayBuffer.isView(inner) ? [inner.byteLength] : payloadsIn(inner),
  );
}

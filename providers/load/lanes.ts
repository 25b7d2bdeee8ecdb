/**
 * From due records to Produce requests: one lane per broker with one request on its way. What comes
 * due meanwhile waits and leaves as a larger batch. More on the way would only wait in the broker's
 * socket, each with few records, since a broker takes the next request off a connection when it has
 * answered the last: with three brokers, five on the way took three times the median latency.
 */
import { type Connection, type MessageRecord, produceV11 } from '@platformatic/kafka';
import { Backlog } from './backlog.ts';
import type { Links } from './links.ts';
import { encodeRecord, nowUs } from './record.ts';
import type { Chunk } from './schedule.ts';

/** Acknowledged by a broker, or why not. */
export type Outcome = { nodeId: number } | { error: string };

const produceTimeoutMs = 30_000;
/** A record that no leader could be sent for so long is an error. */
const waitMaxUs = 30_000_000;
const reconnectAfterUs = 300_000;
/** With acks none nothing is answered: then the socket's own buffer says that Kafka is behind. */
const unwrittenBytesMax = 1_000_000;
const noHeaders = new Map<Buffer, Buffer>();

interface Lane {
  nodeId: number;
  /** A request is on its way. */
  busy: boolean;
  connection?: Connection;
  connecting: boolean;
  notBeforeUs: number;
}

export interface LaneOptions {
  links: Links;
  topic: string;
  partitions: number;
  acks: number;
  messageBytes: number;
  template: Buffer;
  /** Called exactly once for each chunk added. */
  onOutcome(chunk: Chunk, outcome: Outcome): void;
}

export class Lanes {
  private readonly o: LaneOptions;
  private readonly backlog: Backlog;
  private readonly lanes = new Map<number, Lane>();

  constructor(o: LaneOptions) {
    this.o = o;
    this.backlog = new Backlog(o);
  }

  /** Most records that a chunk may have. */
  get chunkMax(): number {
    return this.backlog.chunkMax;
  }

  add(chunk: Chunk, now: number): void {
    this.backlog.add(chunk, now);
  }

  /** Sends what waits, where a broker has room, and gives up on what waited for too long. */
  pump(now: number): void {
    const { links, onOutcome } = this.o;
    for (const chunk of this.backlog.takeAddedBefore(now - waitMaxUs)) {
      links.markStale();
      onOutcome(chunk, { error: 'it could not be sent to a leader within 30 s' });
    }
    for (const nodeId of new Set(links.leaders())) {
      if (nodeId >= 0) this.pumpLane(this.laneOf(nodeId), now);
      else links.markStale();
    }
  }

  private laneOf(nodeId: number): Lane {
    const lane = this.lanes.get(nodeId) ?? {
      nodeId,
      busy: false,
      connecting: false,
      notBeforeUs: 0,
    };
    this.lanes.set(nodeId, lane);
    return lane;
  }

  private pumpLane(lane: Lane, now: number): void {
    const { connection } = lane;
    if (!connection?.isConnected()) {
      if (!lane.connecting && now >= lane.notBeforeUs) void this.connect(lane);
      return;
    }
    if (lane.busy || connection.socket.writableLength > unwrittenBytesMax) return;
    const leaders = this.o.links.leaders();
    const mine = leaders.flatMap((leader, i) => (leader === lane.nodeId ? [i] : []));
    const chunks = this.backlog.take(mine);
    if (chunks.length > 0) this.send(lane, connection, chunks);
  }

  private send(lane: Lane, connection: Connection, chunks: Chunk[]): void {
    const { links, acks, onOutcome } = this.o;
    const { nodeId } = lane;
    lane.busy = true;
    const answered = (error: Error | null, answer?: Answer | boolean) => {
      lane.busy = false;
      if (error) links.markStale();
      for (const chunk of chunks) onOutcome(chunk, outcomeOf({ nodeId, chunk, error, answer }));
      this.pumpLane(lane, nowUs());
    };
    produceV11.api(connection, acks, produceTimeoutMs, this.messagesOf(chunks), {}, answered);
  }

  private messagesOf(chunks: Chunk[]): MessageRecord[] {
    const { topic, template } = this.o;
    const timestamp = BigInt(Date.now());
    const messages: MessageRecord[] = [];
    for (const { partition, first, count, firstUs, intervalUs } of chunks) {
      for (let i = 0; i < count; i++) {
        const value = encodeRecord(template, first + i, firstUs + i * intervalUs);
        messages.push({ topic, partition, value, headers: noHeaders, timestamp });
      }
    }
    return messages;
  }

  private async connect(lane: Lane): Promise<void> {
    const { links } = this.o;
    lane.connecting = true;
    try {
      lane.connection = await links.connection(lane.nodeId);
    } catch {
      links.markStale();
      lane.notBeforeUs = nowUs() + reconnectAfterUs;
    } finally {
      lane.connecting = false;
    }
  }
}

interface Answer {
  responses: { partitionResponses: { index: number; errorCode: number }[] }[];
}

/** With acks none there is no answer: a record handed to the socket counts. */
function outcomeOf(r: {
  nodeId: number;
  chunk: Chunk;
  error: Error | null;
  answer: Answer | boolean | undefined;
}): Outcome {
  const { nodeId, chunk, error } = r;
  if (!error && typeof r.answer !== 'object') return { nodeId };
  const whole = typeof r.answer === 'object' ? r.answer : undefined;
  const answer = whole ?? (error as { response?: Answer } | null)?.response;
  const partition = answer?.responses[0]?.partitionResponses.find(
    (p) => p.index === chunk.partition,
  );
  return partition?.errorCode === 0 ? { nodeId } : { error: reasonOf(error) };
}

/** The innermost one: `NOT_LEADER_OR_FOLLOWER` says more than "received response with error". */
function reasonOf(error: unknown): string {
  const { errors, apiId, message } = (error ?? {}) as {
    errors?: unknown[];
    apiId?: string;
    message?: string;
  };
  if (errors?.[0]) return reasonOf(errors[0]);
  return apiId ?? message ?? 'no answer for the partition';
}

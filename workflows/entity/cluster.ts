/**
 * cluster: the entity of one cluster (id `cluster/<name>`). Holds its state, lends the lease that
 * every change must take, and keeps the history. It never touches the cloud or Kafka itself.
 *
 *   absent ──provision──▶ ready | quarantined | untested | held ──destroy──▶ destroyed (ends)
 *
 * A holder that ends without a word (terminated, timed out, reset) is found by a ping that fails;
 * the lease then goes to the next in line and the cluster is `held` until an operation ends well.
 * Messages of the wrong shape are dropped with a word in the log. A cancellation is not heard: the
 * entity's memory is the only one of who may change the cluster.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type Static, type TSchema, Type } from 'typebox';
import {
  type ClusterStatus,
  ProtectionInput,
  type ProtectionResult,
  type SubmitInput,
  type SubmitResult,
} from '../../contracts/cluster.ts';
import {
  LeaseBook,
  type LeaseHolder,
  LeaseReleased,
  LeaseRequested,
  leaseSignals,
} from '../../contracts/lease.ts';
import { clusterWorkflowId } from '../../contracts/names.ts';
import { statusQuery, updates } from '../../contracts/operation.ts';
import { definitionOf } from '../../contracts/services/index.ts';
import * as leases from '../../domain/cluster/lease.ts';
import { checkInput, isClusterName } from '../../domain/cluster/rules.ts';
import { fail } from '../operation/failure.ts';
import { now } from '../operation/operation.ts';
import { requireInput } from '../operation/validate.ts';
import { clusterDetails } from './details.ts';
import { showPhase } from './show.ts';
import { startSubmitted, validateSubmit } from './submit.ts';

const ClusterInput = Type.Object(
  {
    name: Type.String({ maxLength: 40 }),
    /** Carried over by continue-as-new. */
    book: Type.Optional(LeaseBook),
    /** Continue as new after this many events; default: when the server suggests it. */
    historyMax: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
type ClusterInput = Static<typeof ClusterInput>;

/** With someone waiting the holder is asked often, else now and then. */
const pingMs = (book: LeaseBook): number => (book.waiting.length > 0 ? 10_000 : 60_000);
/** A name that nobody used ends its entity after this; one whose protection was lifted, later. */
const idleMs = ({ protection }: LeaseBook): number => (protection ? 60_000 : 3_600_000);

interface Entity {
  book: LeaseBook;
  wake: boolean;
}

/** Runs until the cluster is destroyed. Fails with InvalidInput for what is no cluster's name. */
export async function cluster(input: ClusterInput): Promise<ClusterStatus> {
  requireClusterInput(input);
  // The state comes before the handlers: messages that wait are handled as these are set.
  const book = (input.book as LeaseBook | undefined) ?? leases.newBook(input.name, now());
  const entity: Entity = { book, wake: true };
  listen(entity);
  return CancellationScope.nonCancellable(() => live(entity, input));
}

function requireClusterInput(input: ClusterInput): void {
  // What the entity carried over itself is trusted: refusing it would lose the cluster's memory.
  if (workflowInfo().continuedFromExecutionRunId) return;
  requireInput(ClusterInput, input);
  if (!isClusterName(input.name)) {
    throw fail('InvalidInput', `name: \`${input.name}\` is not a cluster name`);
  }
  const { workflowId } = workflowInfo();
  if (workflowId !== clusterWorkflowId(input.name)) {
    const wanted = clusterWorkflowId(input.name);
    throw fail('InvalidInput', `the workflow id is \`${workflowId}\`, it must be \`${wanted}\``);
  }
}

async function live(entity: Entity, input: ClusterInput): Promise<ClusterStatus> {
  for (;;) {
    const { book } = entity;
    await serve(entity);
    const status = leases.statusOf(book);
    showPhase(status, clusterDetails(status));
    const quiet = () => !entity.wake && allHandlersFinished();
    if (isFull(input) && quiet()) await continueAsNew<typeof cluster>({ ...input, book });
    const waitMs = book.holders.length > 0 ? pingMs(book) : idleMs(book);
    if (await condition(() => entity.wake, waitMs)) continue;
    for (const holder of [...book.holders]) await ping(entity, holder);
    if (leases.isOver(book) && quiet()) return leases.statusOf(book);
  }
}

const isFull = ({ historyMax }: ClusterInput): boolean => {
  const info = workflowInfo();
  return (
    info.continueAsNewSuggested || info.historyLength > (historyMax ?? Number.MAX_SAFE_INTEGER)
  );
};

function listen(entity: Entity): void {
  setHandler(defineQuery<ClusterStatus>(statusQuery), () => leases.statusOf(entity.book), {
    description: 'State, leases, waiting operations, last verdict and history of the cluster.',
  });
  hear(entity, leaseSignals.requested, LeaseRequested, (request: LeaseRequested) => {
    if (!definitionOf(request.type)) return;
    leases.request(entity.book, request, now());
  });
  hear(entity, leaseSignals.released, LeaseReleased, (released: LeaseReleased) =>
    leases.release(entity.book, released, now()),
  );
  setHandler(
    defineUpdate<SubmitResult, [SubmitInput]>(updates.submit),
    async (submitted) => {
      // A handler runs in the run's own scope, which a cancellation of the entity has ended.
      const result = await CancellationScope.nonCancellable(() =>
        startSubmitted(entity.book, submitted),
      );
      entity.wake = true;
      return result;
    },
    {
      description: 'Start an operation as the lease holder, or be told which one is running.',
      validator: (submitted) => validateSubmit(entity.book, submitted),
    },
  );
  listenProtection(entity);
}

/** A signal cannot be refused: one of the wrong shape is dropped, and the log says so. */
function hear<T>(
  entity: Entity,
  name: string,
  schema: TSchema,
  handle: (message: T) => unknown,
): void {
  setHandler(defineSignal<[T]>(name), (message) => {
    const [wrong] = checkInput(schema, message);
    if (wrong) {
      log.warn(`dropped a ${name} signal of the wrong shape`, { field: wrong.field });
      return;
    }
    handle(message);
    entity.wake = true;
  });
}

function listenProtection(entity: Entity): void {
  setHandler(
    defineUpdate<ProtectionResult, [ProtectionInput]>(updates.setProtection),
    ({ enabled }) => {
      entity.book.protection = enabled;
      entity.wake = true;
      return { enabled, known: entity.book.known };
    },
    {
      description: 'Deletion protection on or off: {"enabled": false}.',
      validator: (input) => {
        requireInput(ProtectionInput, input);
        const destroying = entity.book.holders.find(
          (h) => definitionOf(h.type)?.phase === 'destroying',
        );
        if (destroying) {
          const { operationId } = destroying;
          throw fail('OperationRunning', 'the cluster is being destroyed', { operationId });
        }
      },
    },
  );
}

/** Hands leases to those in line that are still there, and asks those to stop who must give way. */
async function serve(entity: Entity): Promise<void> {
  const { book } = entity;
  entity.wake = false;
  for (let due = leases.grant(book); due.length > 0; due = leases.grant(book)) {
    for (const holder of due) {
      holder.told = true;
      const granted = await tell(holder, leaseSignals.granted, leases.grantOf(book, holder));
      if (granted) holder.knows = true;
      else leases.interrupt(book, holder, now());
    }
  }
  for (const holder of leases.recall(book)) {
    const { runId, recalledBy: by } = holder;
    await tell(holder, leaseSignals.recalled, { runId, by });
  }
}

async function ping({ book }: Entity, holder: LeaseHolder): Promise<void> {
  if (!holder.runId || (await tell(holder, leaseSignals.pinged))) return;
  leases.interrupt(book, holder, now());
}

/** False when that run has ended: the signal cannot be delivered. */
async function tell(
  { operationId, runId }: LeaseHolder,
  name: string,
  ...message: unknown[]
): Promise<boolean> {
  try {
    const holder = getExternalWorkflowHandle(operationId, runId);
    await holder.signal(defineSignal<unknown[]>(name), ...message);
    return true;
  } catch {
    return false;
  }
}

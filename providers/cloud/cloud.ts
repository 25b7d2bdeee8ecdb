/**
 * The cloud as Asgard sees it: three resources (data volume, network interface, instance), made
 * with client tokens and tags, changing state on their own time. Shaped so that EC2 (CreateVolume,
 * CreateNetworkInterface, RunInstances) and Docker (volume, network alias, container) fit as they
 * are.
 *
 * Rules for every implementation, checked by test/providers/cloud-contract.ts:
 * - create with a token seen before returns the first result; with other parameters it throws
 *   `IdempotentParameterMismatch`; when that resource is gone, `IdempotentResourceGone`.
 * - a thing just made may stay invisible to `list*` for a while; "not found" right after create
 *   proves nothing.
 * - every delete accepts that the thing is gone already (it returns, it does not throw).
 * - what the provider has no record of is told by `listStrangers` and never touched; reads delete
 *   nothing but the remains of what a delete call has ended.
 * - a machine that cannot be started says so in its own state; calls about others go on.
 * - a disk is formatted once. Without its data it is `disk-emptied`, never formatted again.
 * - calls may throw `Throttled` or `Unavailable` after or before they took effect: repeat them.
 */
import type { InstanceState } from '../../contracts/observed.ts';

export type Tags = Record<string, string>;

/** Tag keys that Asgard sets in the create call itself. */
export const tagKeys = {
  cluster: 'asgard:cluster',
  slot: 'asgard:slot',
  pool: 'asgard:pool',
  nodeId: 'asgard:node-id',
  rack: 'asgard:rack',
  roles: 'asgard:roles',
  configDigest: 'asgard:config-digest',
  operation: 'asgard:operation',
} as const;

export interface CloudVolume {
  id: string;
  state: 'creating' | 'available' | 'in-use' | 'deleted';
  diskGiB: number;
  rack: string;
  tags: Tags;
}
export interface CloudInterface {
  id: string;
  state: 'available' | 'in-use' | 'deleted';
  /** Stable address; outlives the instance. */
  host: string;
  clientPort: number;
  controllerPort: number;
  rack: string;
  tags: Tags;
}
export interface CloudInstance {
  id: string;
  state: InstanceState;
  instanceType: string;
  rack: string;
  volumeId: string;
  interfaceId: string;
  tags: Tags;
  /** Another value after each start, whoever started it; absent when the cloud cannot tell. */
  run?: string;
  /** Why it is not running, when it was not asked to stop and the cloud knows; a sentence. */
  stateReason?: string;
  /**
   * What kind of reason that is. `ended`: its process ended by itself, a start may help;
   * `not-started`: it could not be started, a start may help; `disk-emptied`: its disk was
   * formatted once and holds nothing now, no start helps until a person has seen to it.
   */
  stateCode?: 'ended' | 'not-started' | 'disk-emptied';
  /** When it came into its state, or was found in it (ISO), when the cloud knows. */
  stateSince?: string;
  /** Where its log can be read by a person, also for a while after it is terminated. */
  logFile?: string;
}
/**
 * A machine or disk that is there without a record in the provider: lost records, or a foreign
 * hand. Nobody knows what hangs on it, so no call ever changes or deletes it.
 */
export interface Stranger {
  id: string;
  kind: 'instance' | 'volume';
  /** A machine runs now; a disk is used by one that does. */
  running: boolean;
  /** Where a person finds it. */
  where: string;
  /** As noted beside the lost record; empty when even that is gone. */
  tags: Tags;
}

/**
 * What a machine runs at boot; EC2's user data. May hold secrets: never logged, never in Temporal.
 */
export interface BootDocument {
  kafkaVersion: string;
  /** server.properties without log.dirs, which the machine adds from its own mount. */
  properties: Record<string, string>;
  format: {
    clusterId: string;
    directoryId: string;
    /** Value of --initial-controllers; absent: --no-initial-controllers. */
    initialControllers?: string;
    /** Values of --add-scram. */
    scram: string[];
    metadataVersion?: string;
  };
}

export interface Cloud {
  readonly name: string;
  /** Longest time in ms that a thing just made may stay out of `list*`; default 0. */
  readonly visibilityMs?: number;
  createVolume(r: {
    token: string;
    diskGiB: number;
    rack: string;
    tags: Tags;
  }): Promise<CloudVolume>;
  growVolume(r: { id: string; diskGiB: number }): Promise<void>;
  deleteVolume(r: { id: string }): Promise<void>;
  listVolumes(r: { tags: Tags }): Promise<CloudVolume[]>;

  createInterface(r: { token: string; rack: string; tags: Tags }): Promise<CloudInterface>;
  deleteInterface(r: { id: string }): Promise<void>;
  listInterfaces(r: { tags: Tags }): Promise<CloudInterface[]>;

  /** Asynchronous: answers `pending`; the machine then boots on its own. */
  runInstance(r: {
    token: string;
    instanceType: string;
    rack: string;
    volumeId: string;
    interfaceId: string;
    boot: BootDocument;
    tags: Tags;
  }): Promise<CloudInstance>;
  /**
   * Starts a stopped instance; a running or pending one is left alone, one that is still stopping
   * is refused (`InvalidState`: repeat later). Safe to repeat.
   */
  startInstance(r: { id: string }): Promise<void>;
  /** Asks for a clean stop (SIGTERM); answers before it has stopped. Safe to repeat. */
  stopInstance(r: { id: string }): Promise<void>;
  /**
   * Only while stopped: new type, boot document and tags (merged) for the next start. Safe to
   * repeat.
   */
  modifyInstance(r: {
    id: string;
    instanceType: string;
    boot: BootDocument;
    tags: Tags;
  }): Promise<void>;
  terminateInstance(r: { id: string }): Promise<void>;
  /** Terminated instances stay listed for a while, as in EC2. */
  listInstances(r: { tags: Tags }): Promise<CloudInstance[]>;
  /**
   * The end of what a machine wrote (EC2: GetConsoleOutput): at most some 8 KB, '' when there is
   * nothing; also for a while after it is terminated. May quote what it booted with: never show it
   * before secrets are taken out. Read-only.
   */
  consoleOutput(r: { id: string }): Promise<string>;
  /** What is there and has no record; empty for clouds that are their own record. Read-only. */
  listStrangers(r: { tags: Tags }): Promise<Stranger[]>;
  /** Types on offer: heap for `local`. */
  instanceTypes(): Promise<{ name: string; memoryMiB: number }[]>;
}

export type CloudErrorCode =
  | 'IdempotentParameterMismatch'
  | 'IdempotentResourceGone'
  | 'NotFound'
  | 'InvalidState'
  | 'InvalidParameter'
  | 'CapacityExceeded'
  | 'Throttled'
  | 'Unavailable';

/** The only error a Cloud throws; activities map the code to the catalogue. */
export class CloudError extends Error {
  readonly code: CloudErrorCode;
  constructor(code: CloudErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CloudError';
    this.code = code;
  }
}

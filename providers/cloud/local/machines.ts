/**
 * Machines of the local cloud: wanted state in the records, real state from the processes, and
 * `reconcile`, which moves the one towards the other from whichever process calls it.
 *
 *   pending ─spawn─▶ running ─stop─▶ stopping ─▶ stopped ─start─▶ pending …; terminate from any
 */
import { readFileSync } from 'node:fs';
import type { InstanceState } from '../../../contracts/observed.ts';
import { type BootDocument, CloudError, type CloudInstance, type Tags } from '../cloud.ts';
import { writeBootFiles } from './boot-script.ts';
import type { Place, Places } from './places.ts';
import { findProcess, runOf, signalGroup, startedAt, startMachine } from './processes.ts';
import type { Records, Row } from './records.ts';

export interface InstanceData {
  instanceType: string;
  rack: string;
  volumeId: string;
  interfaceId: string;
  /** Absent once terminated: it holds secrets. */
  boot?: BootDocument;
  wanted: 'running' | 'stopped' | 'terminated';
  /** A process was started for the present wish to run; without one now, it crashed. */
  started: boolean;
  pid?: number;
  bootId?: string;
  /** When SIGTERM was sent, ms since the epoch. */
  askedAt?: number;
  /** Why it stopped without being asked; absent when it was asked. */
  stopped?: Stopped;
  /** It was seen to run on a formatted disk, and the disk's record says so. */
  diskSeen?: boolean;
}

export interface VolumeData {
  diskGiB: number;
  rack: string;
  /** It was formatted once; never again. */
  formatted?: boolean;
}

interface Stopped {
  code: NonNullable<CloudInstance['stateCode']>;
  text: string;
  /** When it was found so, ms since the epoch. */
  at?: number;
}

interface MachinesOptions {
  kafkaLibs: string;
  bootId?: () => string;
  records: Records;
  places: Places;
  types: Record<string, number>;
}

/** Which machines a call is about; it neither moves nor waits for others. */
export type About =
  | { tags: Tags }
  | { id: string }
  | { volumeId: string }
  | { interfaceId: string };

/** A stopping broker hands over its leaders; a terminated one has nothing to keep. */
const graceMs = { stopped: 60_000, terminated: 2_000 };

const kernelBootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export class Machines {
  private readonly options: MachinesOptions;
  /** What kept this process from moving a machine on; another process may know better. */
  private readonly troubles = new Map<string, string>();

  constructor(options: MachinesOptions) {
    this.options = options;
  }

  /** Rows of instances that are not terminated. */
  live(): Row<InstanceData>[] {
    return this.options.records
      .list<InstanceData>('instance', {})
      .filter((row) => row.goneAt === null);
  }

  /** Records a wish and when it was made; a terminated machine stays so. */
  want(data: InstanceData, wanted: 'stopped' | 'terminated'): void {
    if (data.wanted === 'terminated' || data.wanted === wanted) return;
    data.wanted = wanted;
    delete data.askedAt;
  }

  describe({ id, tags, data, goneAt }: Row<InstanceData>): CloudInstance {
    const { instanceType, rack, volumeId, interfaceId, stopped } = data;
    const reason = stopped?.text ?? this.troubles.get(id);
    const pid = findProcess(id, data.pid);
    const run = pid === undefined ? undefined : runOf(pid);
    const state = goneAt !== null ? 'terminated' : this.stateOf(pid !== undefined, data);
    const since = goneAt ?? sinceOf(state, data, pid);
    return {
      id,
      state,
      instanceType,
      rack,
      volumeId,
      interfaceId,
      tags,
      logFile: this.options.places.kafkaLog(id),
      ...(run ? { run } : {}),
      ...(reason ? { stateReason: reason } : {}),
      ...(stopped ? { stateCode: stopped.code } : {}),
      ...(since ? { stateSince: new Date(since).toISOString() } : {}),
    };
  }

  private stateOf(alive: boolean, data: InstanceData): InstanceState {
    if (data.wanted === 'running') return alive ? 'running' : 'pending';
    return alive ? 'stopping' : data.wanted === 'stopped' ? 'stopped' : 'terminated';
  }

  /**
   * Lets the machines that a call is about take their next step, each by itself: what goes wrong
   * with one is its own state's reason, and never the others' trouble. Safe from any process at any
   * time.
   */
  async reconcile(about: About): Promise<void> {
    const { records } = this.options;
    const due = this.live().filter((row) => isAbout(row, about) && this.isDue(row));
    let ended = false;
    for (const { id } of due) {
      try {
        ended = this.stepOf(id) || ended;
        this.troubles.delete(id);
      } catch (error) {
        this.troubles.set(id, error instanceof Error ? error.message : String(error));
      }
    }
    if (ended) records.wipe();
    await this.clearEnded(about);
  }

  /** One step under the lock; true when it was the last one. */
  private stepOf(id: string): boolean {
    const { records } = this.options;
    return records.exclusively(() => {
      const row = records.get<InstanceData>(id);
      if (!row || row.goneAt !== null) return false;
      this.step(row);
      records.save(row);
      return row.goneAt !== null;
    });
  }

  /** Places that no record knows, not even as gone. */
  strangers(): Place[] {
    const { records, places } = this.options;
    return places.all().filter(({ id }) => records.get(id) === undefined);
  }

  /**
   * Removes what a delete call has ended, also when the process that did it was killed. Only what
   * the call is about: a large disk takes its time, and others do not wait for it.
   */
  async clearEnded(about: About): Promise<void> {
    const { records, places } = this.options;
    for (const place of places.all()) {
      const row = records.get(place.id);
      if (!row || row.goneAt === null) continue;
      const concerned =
        row.kind === 'instance' ? isAbout(row as Row<InstanceData>, about) : isOf(row, about);
      if (concerned) await places.remove(place);
    }
  }

  /** Cheap check without the lock: does wish and reality differ? */
  private isDue({ id, data }: Row<InstanceData>): boolean {
    const alive = findProcess(id, data.pid) !== undefined;
    return data.wanted === 'running'
      ? !alive || !data.started || this.hasNewDisk(data)
      : alive || data.wanted === 'terminated';
  }

  private step(row: Row<InstanceData>): void {
    const { id, data } = row;
    const pid = findProcess(id, data.pid);
    if (data.wanted === 'running') this.stepUp(row, pid);
    else if (pid !== undefined) this.stepDown(data, pid, data.wanted);
    else {
      delete data.pid;
      if (data.wanted !== 'terminated') return;
      row.goneAt = Date.now();
      delete data.boot;
    }
  }

  private stepUp(row: Row<InstanceData>, pid: number | undefined): void {
    const { id, data } = row;
    const { places } = this.options;
    const bootId = (this.options.bootId ?? kernelBootId)();
    if (pid !== undefined) {
      Object.assign(data, { pid, started: true, bootId });
      if (this.hasNewDisk(data)) this.recordFormatted(data);
    } else if (!data.started || data.bootId !== bootId) {
      Object.assign(data, { started: true, bootId });
      this.boot(row);
    } else {
      // It ran in this boot and is gone without being asked: as a cloud would, report it stopped.
      const emptied = places.isMarkedFormatted(data.volumeId) && !places.hasData(data.volumeId);
      const text = `its process ended by itself; ${places.kafkaLog(id)} says why`;
      stopFor(data, emptied ? this.emptied(data.volumeId) : { code: 'ended', text });
    }
  }

  private hasNewDisk = ({ volumeId, diskSeen }: InstanceData): boolean =>
    !diskSeen && this.options.places.hasData(volumeId);

  private recordFormatted(data: InstanceData): void {
    const { records, places } = this.options;
    places.markFormatted(data.volumeId);
    const volume = records.get<VolumeData>(data.volumeId);
    if (volume) {
      volume.data.formatted = true;
      records.save(volume);
    }
    data.diskSeen = true;
  }

  private stepDown(data: InstanceData, pid: number, wanted: 'stopped' | 'terminated'): void {
    data.pid = pid;
    if (data.askedAt === undefined) {
      data.askedAt = Date.now();
      signalGroup(pid, 'SIGTERM');
    } else if (Date.now() - data.askedAt > graceMs[wanted]) signalGroup(pid, 'SIGKILL');
  }

  /** Starts its process, or stops it with the reason why that cannot be. */
  private boot(row: Row<InstanceData>): void {
    const { id, data } = row;
    const { places, records } = this.options;
    try {
      places.prepare(id, data.volumeId, row.tags);
      const formatted = records.get<VolumeData>(data.volumeId)?.data.formatted ?? false;
      if (formatted) places.markFormatted(data.volumeId);
      if (places.isMarkedFormatted(data.volumeId) && !places.hasData(data.volumeId)) {
        stopFor(data, this.emptied(data.volumeId));
        return;
      }
      const pid = this.spawn(id, data);
      if (pid !== undefined) data.pid = pid;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      stopFor(data, { code: 'not-started', text: `it could not be started: ${cause}` });
    }
  }

  private emptied(volumeId: string): Stopped {
    const path = this.options.places.dataDir(volumeId);
    const text =
      `disk-emptied: ${volumeId} was formatted before and holds no data now; a disk is never` +
      ` formatted twice. Put its data back at ${path}, or destroy the cluster`;
    return { code: 'disk-emptied', text };
  }

  private spawn(id: string, data: InstanceData): number | undefined {
    const { kafkaLibs, types, places } = this.options;
    if (!data.boot) throw new CloudError('InvalidState', `${id} has nothing to boot with`);
    const script = writeBootFiles({
      instanceId: id,
      instanceDir: places.instanceDir(id),
      dataDir: places.dataDir(data.volumeId),
      formattedMark: places.formattedMark(data.volumeId),
      kafkaLog: places.kafkaLog(id),
      kafkaLibs,
      memoryMiB: types[data.instanceType] ?? 256,
      boot: data.boot,
    });
    const consoleLog = places.consoleLog(id);
    return startMachine({ instanceId: id, script, dir: places.instanceDir(id), consoleLog });
  }
}

/** A machine that is not asked to run any more, and why. */
/** When it came into its state, ms since the epoch; undefined while it is only about to. */
function sinceOf(
  state: InstanceState,
  { askedAt, stopped }: InstanceData,
  pid: number | undefined,
): number | undefined {
  if (state === 'running') return pid === undefined ? undefined : startedAt(pid);
  return state === 'pending' ? undefined : (stopped?.at ?? askedAt);
}

function stopFor(data: InstanceData, stopped: Stopped): void {
  Object.assign(data, { wanted: 'stopped', stopped: { ...stopped, at: Date.now() } });
  delete data.pid;
}

function isAbout(row: Row<InstanceData>, about: About): boolean {
  if ('volumeId' in about) return row.data.volumeId === about.volumeId;
  if ('interfaceId' in about) return row.data.interfaceId === about.interfaceId;
  return isOf(row, about);
}

/** True for what the call is about itself, whatever kind it is of. */
function isOf({ id, tags }: Row, about: About): boolean {
  if ('id' in about) return id === about.id;
  if ('volumeId' in about) return id === about.volumeId;
  if ('interfaceId' in about) return id === about.interfaceId;
  return Object.entries(about.tags).every(([key, value]) => tags[key] === value);
}

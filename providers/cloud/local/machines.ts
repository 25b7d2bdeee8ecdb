/**
 * Machines of the local cloud: wanted state in the records, real state from the processes, and
 * `reconcile`, which moves the one towards the other from whichever process calls it.
 *
 *   pending ─spawn─▶ running ─stop─▶ stopping ─▶ stopped ─start─▶ pending …; terminate from any
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceState } from '../../../contracts/observed.ts';
import { type BootDocument, CloudError, type CloudInstance } from '../cloud.ts';
import { writeBootFiles } from './boot-script.ts';
import { findProcess, signalGroup, startMachine } from './processes.ts';
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
  reason?: string;
}

interface MachinesOptions {
  dir: string;
  kafkaLibs: string;
  bootId?: () => string;
  records: Records;
  types: Record<string, number>;
}

/** A stopping broker hands over its leaders; a terminated one has nothing to keep. */
const graceMs = { stopped: 60_000, terminated: 2_000 };

const endedByItself = 'its process ended by itself; its log file and console.log beside it say why';

const kernelBootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export class Machines {
  private readonly options: MachinesOptions;

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
    const { instanceType, rack, volumeId, interfaceId, reason } = data;
    return {
      id,
      state: goneAt !== null ? 'terminated' : this.stateOf(id, data),
      instanceType,
      rack,
      volumeId,
      interfaceId,
      tags,
      logFile: join(this.dirOf(id), 'kafka.log'),
      ...(reason ? { stateReason: reason } : {}),
    };
  }

  private stateOf(id: string, data: InstanceData): InstanceState {
    const alive = findProcess(id, data.pid) !== undefined;
    if (data.wanted === 'running') return alive ? 'running' : 'pending';
    return alive ? 'stopping' : data.wanted === 'stopped' ? 'stopped' : 'terminated';
  }

  /** Lets every machine take its next step. Safe from any process at any time. */
  async reconcile(): Promise<void> {
    const { records } = this.options;
    const due = this.live().filter((row) => this.isDue(row));
    let ended = false;
    for (const { id } of due) {
      records.exclusively(() => {
        const row = records.get<InstanceData>(id);
        if (!row || row.goneAt !== null) return;
        this.step(row);
        records.save(row);
        ended ||= row.goneAt !== null;
      });
    }
    if (ended) records.wipe();
    this.sweep();
  }

  /** Removes directories whose instance or volume is gone, also those a killed process left. */
  private sweep(): void {
    const { records, dir } = this.options;
    for (const kind of ['instances', 'volumes']) {
      for (const id of listDirectory(join(dir, kind))) {
        const row = records.get(id);
        if (row && row.goneAt === null) continue;
        rmSync(join(dir, kind, id), { recursive: true, force: true });
      }
    }
  }

  /** Cheap check without the lock: does wish and reality differ? */
  private isDue({ id, data }: Row<InstanceData>): boolean {
    const alive = findProcess(id, data.pid) !== undefined;
    return data.wanted === 'running'
      ? !alive || !data.started
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
    const { data } = row;
    const bootId = (this.options.bootId ?? kernelBootId)();
    if (pid !== undefined) Object.assign(data, { pid, started: true, bootId });
    else if (!data.started || data.bootId !== bootId) {
      const spawned = this.spawn(row);
      Object.assign(data, { started: true, bootId, ...(spawned ? { pid: spawned } : {}) });
    } else {
      // It ran in this boot and is gone without being asked: as a cloud would, report it stopped.
      Object.assign(data, { wanted: 'stopped', reason: endedByItself });
      delete data.pid;
    }
  }

  private stepDown(data: InstanceData, pid: number, wanted: 'stopped' | 'terminated'): void {
    data.pid = pid;
    if (data.askedAt === undefined) {
      data.askedAt = Date.now();
      signalGroup(pid, 'SIGTERM');
    } else if (Date.now() - data.askedAt > graceMs[wanted]) signalGroup(pid, 'SIGKILL');
  }

  private spawn({ id, data }: Row<InstanceData>): number | undefined {
    const { dir, kafkaLibs, types } = this.options;
    if (!data.boot) throw new CloudError('InvalidState', `${id} has nothing to boot with`);
    const instanceDir = this.dirOf(id);
    const script = writeBootFiles({
      instanceId: id,
      instanceDir,
      volumeDir: join(dir, 'volumes', data.volumeId),
      kafkaLibs,
      memoryMiB: types[data.instanceType] ?? 256,
      boot: data.boot,
    });
    return startMachine({
      instanceId: id,
      script,
      lockFile: join(instanceDir, 'lock'),
      consoleLog: join(instanceDir, 'console.log'),
    });
  }

  private readonly dirOf = (id: string): string => join(this.options.dir, 'instances', id);
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // Nothing was ever started here.
  }
}

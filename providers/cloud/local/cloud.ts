/**
 * The `local` provider: a small cloud of real broker processes on loopback. Machines are detached
 * and outlive workers; disks and addresses outlive machines. Nothing runs in the background: every
 * call first lets the machines that it is about catch up (`reconcile`), from whichever process
 * makes it. What the records do not know is never touched.
 */
import { randomBytes } from 'node:crypto';
import { localInstancesMax } from '../../../contracts/settings.ts';
import {
  type BootDocument,
  type Cloud,
  CloudError,
  type CloudInstance,
  type CloudInterface,
  type CloudVolume,
  type Stranger,
  type Tags,
} from '../cloud.ts';
import { type InstanceData, Machines, type VolumeData } from './machines.ts';
import { Places } from './places.ts';
import { freePorts } from './ports.ts';
import { findProcess, machinesBelow, signalGroup } from './processes.ts';
import { fingerprint, type Kind, Records, type Row } from './records.ts';

export interface LocalCloudOptions {
  /** Absolute directory of records, disks and logs. */
  dir: string;
  /** Absolute directory of Kafka's jars. */
  kafkaLibs: string;
  /** Identifies the machine's boot; after another one, wanted instances are started again. */
  bootId?: () => string;
  /** Default localInstancesMax. */
  instancesMax?: number;
}

/** Heap by type, in MiB. */
const types: Record<string, number> = {
  'local.small': 256,
  'local.medium': 512,
  'local.large': 1024,
};

interface InterfaceData {
  rack: string;
  clientPort: number;
  controllerPort: number;
}

const host = '127.0.0.1';

/** A cloud over `dir`. Any number of processes may use the same directory at the same time. */
export function createLocalCloud(options: LocalCloudOptions): Cloud {
  return new LocalCloud(options);
}

/**
 * Ends machines that no record knows and removes their directories, with all data on their disks;
 * answers their ids. Only for a person who asked for exactly that (`npm run clean`). Repeatable.
 */
export async function sweepStrangers(options: LocalCloudOptions): Promise<string[]> {
  const records = new Records(options.dir);
  const places = new Places(options.dir);
  const unknown = (id: string) => records.get(id) === undefined;
  const running = [...new Set(machinesBelow(options.dir))].filter(unknown);
  for (const id of running) signalGroup(findProcess(id) ?? 0, 'SIGKILL');
  const left = places.all().filter(({ id }) => unknown(id));
  for (const place of left) await places.remove(place);
  return [...new Set([...running, ...left.map(({ id }) => id)])];
}

class LocalCloud implements Cloud {
  readonly name = 'local';
  private readonly options: LocalCloudOptions;
  private readonly records: Records;
  private readonly places: Places;
  private readonly machines: Machines;

  constructor(options: LocalCloudOptions) {
    this.options = options;
    this.records = new Records(options.dir);
    this.places = new Places(options.dir);
    const { records, places } = this;
    this.machines = new Machines({ ...options, records, places, types });
  }

  async createVolume(r: { token: string; diskGiB: number; rack: string; tags: Tags }) {
    const { diskGiB, rack } = r;
    if (!(diskGiB >= 1)) throw new CloudError('InvalidParameter', `diskGiB is ${diskGiB}`);
    const row = this.create<VolumeData>('volume', r, () => ({ diskGiB, rack }));
    return this.toVolume(row, this.machines.live());
  }

  async growVolume({ id, diskGiB }: { id: string; diskGiB: number }) {
    this.change<VolumeData>('volume', id, (row) => {
      if (diskGiB < row.data.diskGiB) {
        const message = `${id} has ${row.data.diskGiB} GiB and cannot shrink to ${diskGiB}`;
        throw new CloudError('InvalidParameter', message);
      }
      row.data.diskGiB = diskGiB;
    });
  }

  async deleteVolume({ id }: { id: string }) {
    await this.machines.reconcile({ volumeId: id });
    this.remove(id, (user) => user.volumeId === id);
    await this.machines.clearEnded({ volumeId: id });
  }

  async listVolumes({ tags }: { tags: Tags }): Promise<CloudVolume[]> {
    await this.machines.clearEnded({ tags });
    const live = this.machines.live();
    return this.records.list<VolumeData>('volume', tags).map((row) => this.toVolume(row, live));
  }

  async createInterface(r: { token: string; rack: string; tags: Tags }) {
    const taken = new Set(
      this.records
        .list<InterfaceData>('interface', {})
        .filter((row) => row.goneAt === null)
        .flatMap(({ data }) => [data.clientPort, data.controllerPort]),
    );
    const [clientPort = 0, controllerPort = 0] = await freePorts(2, taken);
    const row = this.create<InterfaceData>('interface', r, () => {
      this.requireUnused([clientPort, controllerPort]);
      return { rack: r.rack, clientPort, controllerPort };
    });
    return this.toInterface(row, this.machines.live());
  }

  async deleteInterface({ id }: { id: string }) {
    await this.machines.reconcile({ interfaceId: id });
    this.remove(id, (user) => user.interfaceId === id);
  }

  async listInterfaces({ tags }: { tags: Tags }): Promise<CloudInterface[]> {
    const live = this.machines.live();
    const rows = this.records.list<InterfaceData>('interface', tags);
    return rows.map((row) => this.toInterface(row, live));
  }

  async runInstance(r: {
    token: string;
    instanceType: string;
    rack: string;
    volumeId: string;
    interfaceId: string;
    boot: BootDocument;
    tags: Tags;
  }): Promise<CloudInstance> {
    this.requireType(r.instanceType);
    await this.machines.reconcile({ volumeId: r.volumeId });
    await this.machines.reconcile({ interfaceId: r.interfaceId });
    // Machines that have ended, but that nobody has asked about since, still count.
    if (this.machines.live().length >= this.instancesMax)
      await this.machines.reconcile({ tags: {} });
    const { instanceType, rack, volumeId, interfaceId, boot } = r;
    const row = this.create<InstanceData>('instance', r, () => {
      this.requireParts(volumeId, interfaceId);
      const wanted = 'running' as const;
      return { instanceType, rack, volumeId, interfaceId, boot, wanted, started: false };
    });
    const instance = this.machines.describe(row);
    await this.machines.reconcile({ id: row.id });
    return instance;
  }

  async startInstance({ id }: { id: string }) {
    await this.machines.reconcile({ id });
    this.change<InstanceData>('instance', id, (row) => {
      const { data } = row;
      if (data.wanted === 'terminated') throw new CloudError('InvalidState', `${id} is terminated`);
      if (data.wanted === 'running') return;
      // It would be taken for the new start, and then be gone.
      if (this.machines.describe(row).state === 'stopping') {
        throw new CloudError('InvalidState', `${id} is still stopping`);
      }
      Object.assign(data, { wanted: 'running', started: false });
      delete data.stopped;
    });
    await this.machines.reconcile({ id });
  }

  async stopInstance({ id }: { id: string }) {
    this.change<InstanceData>('instance', id, ({ data }) => this.machines.want(data, 'stopped'));
    await this.machines.reconcile({ id });
  }

  async modifyInstance(r: { id: string; instanceType: string; boot: BootDocument; tags: Tags }) {
    this.requireType(r.instanceType);
    await this.machines.reconcile({ id: r.id });
    this.change<InstanceData>('instance', r.id, (row) => {
      if (this.machines.describe(row).state !== 'stopped') {
        throw new CloudError('InvalidState', `${r.id} is not stopped`);
      }
      Object.assign(row.data, { instanceType: r.instanceType, boot: r.boot });
      Object.assign(row.tags, r.tags);
    });
  }

  async terminateInstance({ id }: { id: string }) {
    const row = this.records.get<InstanceData>(id);
    if (!row || row.goneAt !== null) return;
    this.change<InstanceData>('instance', id, ({ data }) => this.machines.want(data, 'terminated'));
    await this.machines.reconcile({ id });
  }

  async listInstances({ tags }: { tags: Tags }): Promise<CloudInstance[]> {
    await this.machines.reconcile({ tags });
    const rows = this.records.list<InstanceData>('instance', tags);
    return rows.map((row) => this.machines.describe(row));
  }

  async consoleOutput({ id }: { id: string }): Promise<string> {
    const known = this.records.get(id)?.kind === 'instance';
    return known ? this.places.consoleOutput(id) : ''; // An id is a path: only known ones are read.
  }

  async listStrangers({ tags }: { tags: Tags }): Promise<Stranger[]> {
    const wanted = Object.entries(tags);
    const up = machinesBelow(this.options.dir);
    return this.machines
      .strangers()
      .map(({ kind, id, path }) => ({
        id,
        kind,
        running:
          kind === 'instance'
            ? findProcess(id) !== undefined
            : up.some((machine) => this.places.usesDisk(machine, id)),
        where: path,
        tags: this.places.notedTags(id),
      }))
      .filter((stranger) => wanted.every(([key, value]) => stranger.tags[key] === value));
  }

  async instanceTypes() {
    return Object.entries(types).map(([name, memoryMiB]) => ({ name, memoryMiB }));
  }

  /** The resource of the token, made now or before. */
  private create<T>(
    kind: Kind,
    { token, tags, ...rest }: { token: string; tags: Tags },
    data: () => T,
  ): Row<T> {
    const params = fingerprint({ tags, ...rest });
    return this.records.exclusively(() => {
      const before = this.records.byToken<T>(kind, token, params);
      if (before) return before;
      this.records.purge(Date.now(), (id) => this.places.has(id));
      const id = `${idPrefix[kind]}-${randomBytes(8).toString('hex')}`;
      const row: Row<T> = { id, kind, token, params, tags, data: data(), goneAt: null };
      this.records.insert(row);
      return row;
    });
  }

  private change<T>(kind: Kind, id: string, edit: (row: Row<T>) => void): void {
    this.records.exclusively(() => {
      const row = this.records.get<T>(id);
      if (!row || row.kind !== kind || row.goneAt !== null) {
        throw new CloudError('NotFound', `no ${kind} ${id}`);
      }
      edit(row);
      this.records.save(row);
    });
  }

  /** Marks a volume or interface gone, unless a live instance uses it. Accepts that it is gone. */
  private remove(id: string, isUser: (data: InstanceData) => boolean): void {
    this.records.exclusively(() => {
      const row = this.records.get(id);
      if (!row || row.goneAt !== null) return;
      const user = this.machines.live().find(({ data }) => isUser(data));
      if (user) throw new CloudError('InvalidState', `${id} is in use by ${user.id}`);
      row.goneAt = Date.now();
      this.records.save(row);
    });
  }

  private requireType(instanceType: string): void {
    if (Object.hasOwn(types, instanceType)) return;
    const message = `no instance type ${instanceType}; there are ${Object.keys(types).join(', ')}`;
    throw new CloudError('InvalidParameter', message);
  }

  /** Volume and interface exist and are free, and there is room for one more machine. */
  private requireParts(volumeId: string, interfaceId: string): void {
    for (const id of [volumeId, interfaceId]) {
      const row = this.records.get(id);
      if (!row || row.goneAt !== null) throw new CloudError('NotFound', `no ${id}`);
    }
    const live = this.machines.live();
    const user = live.find(
      (i) => i.data.volumeId === volumeId || i.data.interfaceId === interfaceId,
    );
    if (user) throw new CloudError('InvalidState', `${user.id} uses ${volumeId} or ${interfaceId}`);
    if (live.length >= this.instancesMax) {
      const message = `${this.instancesMax} instances run; raise instancesMax`;
      throw new CloudError('CapacityExceeded', message);
    }
  }

  private get instancesMax(): number {
    return this.options.instancesMax ?? localInstancesMax;
  }

  private requireUnused(ports: number[]): void {
    const rows = this.records.list<InterfaceData>('interface', {});
    const clash = rows.some(
      ({ goneAt, data }) =>
        goneAt === null && (ports.includes(data.clientPort) || ports.includes(data.controllerPort)),
    );
    if (clash)
      throw new CloudError('Unavailable', 'the ports were just given to another interface');
  }

  private toVolume({ id, tags, data, goneAt }: Row<VolumeData>, live: Row<InstanceData>[]) {
    const { diskGiB, rack } = data;
    const used = live.some((i) => i.data.volumeId === id);
    return { id, state: stateOfPart(goneAt, used), tags, diskGiB, rack };
  }

  private toInterface({ id, tags, data, goneAt }: Row<InterfaceData>, live: Row<InstanceData>[]) {
    const used = live.some((i) => i.data.interfaceId === id);
    return { id, state: stateOfPart(goneAt, used), tags, host, ...data };
  }
}

const stateOfPart = (goneAt: number | null, used: boolean) =>
  goneAt !== null ? ('deleted' as const) : used ? ('in-use' as const) : ('available' as const);

const idPrefix: Record<Kind, string> = { volume: 'vol', interface: 'eni', instance: 'i' };

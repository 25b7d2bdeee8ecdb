/**
 * The `local` provider: a small cloud of real broker processes on loopback. Machines are detached
 * and outlive workers; disks and addresses outlive machines. Nothing runs in the background: every
 * call first lets the cloud catch up (`reconcile`), from whichever process makes it.
 */
import { randomBytes } from 'node:crypto';
import {
  type BootDocument,
  type Cloud,
  CloudError,
  type CloudInstance,
  type CloudInterface,
  type CloudVolume,
  type Tags,
} from '../cloud.ts';
import { type InstanceData, Machines } from './machines.ts';
import { freePorts } from './ports.ts';
import { fingerprint, type Kind, Records, type Row } from './records.ts';

export interface LocalCloudOptions {
  /** Absolute directory of records, disks and logs. */
  dir: string;
  /** Absolute directory of Kafka's jars. */
  kafkaLibs: string;
  /** Identifies the machine's boot; after another one, wanted instances are started again. */
  bootId?: () => string;
  /** Default 64. */
  instancesMax?: number;
}

/** Heap by type, in MiB. */
const types: Record<string, number> = {
  'local.small': 256,
  'local.medium': 512,
  'local.large': 1024,
};

interface VolumeData {
  diskGiB: number;
  rack: string;
}
interface InterfaceData {
  rack: string;
  clientPort: number;
  controllerPort: number;
}

const host = '127.0.0.1';

/** A cloud over `dir`. Any number of processes may use the same directory at the same time. */
export function createLocalCloud(options: LocalCloudOptions): Cloud {
  const records = new Records(options.dir);
  return new LocalCloud(options, records, new Machines({ ...options, records, types }));
}

class LocalCloud implements Cloud {
  readonly name = 'local';
  private readonly options: LocalCloudOptions;
  private readonly records: Records;
  private readonly machines: Machines;

  constructor(options: LocalCloudOptions, records: Records, machines: Machines) {
    this.options = options;
    this.records = records;
    this.machines = machines;
  }

  async createVolume(r: { token: string; diskGiB: number; rack: string; tags: Tags }) {
    const { diskGiB, rack } = r;
    if (!(diskGiB >= 1)) throw new CloudError('InvalidParameter', `diskGiB is ${diskGiB}`);
    return this.toVolume(this.create<VolumeData>('volume', r, () => ({ diskGiB, rack })));
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
    await this.machines.reconcile();
    this.remove(id, (user) => user.volumeId === id);
    await this.machines.reconcile();
  }

  async listVolumes({ tags }: { tags: Tags }): Promise<CloudVolume[]> {
    return this.records.list<VolumeData>('volume', tags).map((row) => this.toVolume(row));
  }

  async createInterface(r: { token: string; rack: string; tags: Tags }) {
    const taken = new Set(
      this.records
        .list<InterfaceData>('interface', {})
        .filter((row) => row.goneAt === null)
        .flatMap(({ data }) => [data.clientPort, data.controllerPort]),
    );
    const [clientPort = 0, controllerPort = 0] = await freePorts(2, taken);
    return this.toInterface(
      this.create<InterfaceData>('interface', r, () => {
        this.requireUnused([clientPort, controllerPort]);
        return { rack: r.rack, clientPort, controllerPort };
      }),
    );
  }

  async deleteInterface({ id }: { id: string }) {
    await this.machines.reconcile();
    this.remove(id, (user) => user.interfaceId === id);
  }

  async listInterfaces({ tags }: { tags: Tags }): Promise<CloudInterface[]> {
    return this.records.list<InterfaceData>('interface', tags).map((row) => this.toInterface(row));
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
    await this.machines.reconcile();
    const { instanceType, rack, volumeId, interfaceId, boot } = r;
    const row = this.create<InstanceData>('instance', r, () => {
      this.requireParts(volumeId, interfaceId);
      const wanted = 'running' as const;
      return { instanceType, rack, volumeId, interfaceId, boot, wanted, started: false };
    });
    const instance = this.machines.describe(row);
    await this.machines.reconcile();
    return instance;
  }

  async startInstance({ id }: { id: string }) {
    await this.machines.reconcile();
    this.change<InstanceData>('instance', id, (row) => {
      const { data } = row;
      if (data.wanted === 'terminated') throw new CloudError('InvalidState', `${id} is terminated`);
      if (data.wanted === 'running') return;
      // It would be taken for the new start, and then be gone.
      if (this.machines.describe(row).state === 'stopping') {
        throw new CloudError('InvalidState', `${id} is still stopping`);
      }
      Object.assign(data, { wanted: 'running', started: false });
      delete data.reason;
    });
    await this.machines.reconcile();
  }

  async stopInstance({ id }: { id: string }) {
    this.change<InstanceData>('instance', id, ({ data }) => this.machines.want(data, 'stopped'));
    await this.machines.reconcile();
  }

  async modifyInstance(r: { id: string; instanceType: string; boot: BootDocument; tags: Tags }) {
    this.requireType(r.instanceType);
    await this.machines.reconcile();
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
    await this.machines.reconcile();
  }

  async listInstances({ tags }: { tags: Tags }): Promise<CloudInstance[]> {
    await this.machines.reconcile();
    const rows = this.records.list<InstanceData>('instance', tags);
    return rows.map((row) => this.machines.describe(row));
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
      this.records.purge(Date.now());
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
    if (instanceType in types) return;
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
    const most = this.options.instancesMax ?? 64;
    if (live.length >= most) {
      throw new CloudError('CapacityExceeded', `${most} instances run; raise instancesMax`);
    }
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

  private toVolume({ id, tags, data, goneAt }: Row<VolumeData>): CloudVolume {
    const used = this.machines.live().some((i) => i.data.volumeId === id);
    const state = goneAt !== null ? 'deleted' : used ? 'in-use' : 'available';
    return { id, state, tags, ...data };
  }

  private toInterface({ id, tags, data, goneAt }: Row<InterfaceData>): CloudInterface {
    const used = this.machines.live().some((i) => i.data.interfaceId === id);
    const state = goneAt !== null ? 'deleted' : used ? 'in-use' : 'available';
    return { id, state, tags, host, ...data };
  }
}

const idPrefix: Record<Kind, string> = { volume: 'vol', interface: 'eni', instance: 'i' };

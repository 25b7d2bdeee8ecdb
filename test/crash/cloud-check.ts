/** What the cloud, the disk and the process table hold, against what they should. Read-only. */
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { settingsFrom } from '../../contracts/settings.ts';
import type { CloudInstance } from '../../providers/cloud/cloud.ts';
import type { TrialBench } from './bench.ts';

export interface Wanted {
  slots: string[];
  topics: string[];
}

export const pathsOf = ({ home }: TrialBench) =>
  settingsFrom({ ...process.env, ASGARD_HOME: home }, homedir()).paths;

const tagsOf = (cluster: string) => ({ 'asgard:cluster': cluster });

export async function instancesOf(bench: TrialBench, cluster: string): Promise<CloudInstance[]> {
  const all = await bench.cloud.listInstances({ tags: tagsOf(cluster) });
  return all.filter((r) => r.state !== 'terminated');
}

/** Slots of all that stands, by kind; one entry for each resource. */
async function standing({ cloud }: TrialBench, cluster: string): Promise<Record<string, string[]>> {
  const tags = tagsOf(cluster);
  const live = {
    instances: (await cloud.listInstances({ tags })).filter((r) => r.state !== 'terminated'),
    volumes: (await cloud.listVolumes({ tags })).filter((r) => r.state !== 'deleted'),
    interfaces: (await cloud.listInterfaces({ tags })).filter((r) => r.state !== 'deleted'),
  };
  return Object.fromEntries(
    Object.entries(live).map(([kind, all]) => [
      kind,
      all.map((r) => r.tags['asgard:slot'] ?? '?').sort(),
    ]),
  );
}

/** Exactly one machine, disk and address of each slot. */
export async function resourceViolations(
  bench: TrialBench,
  cluster: string,
  slots: string[],
): Promise<string[]> {
  const want = [...slots].sort().join(' ');
  return Object.entries(await standing(bench, cluster)).flatMap(([kind, have]) =>
    have.join(' ') === want
      ? []
      : [`${kind}: ${have.join(' ') || 'none'}, wanted ${want || 'none'}`],
  );
}

/** A held operation must name each slot of which something stands that was not so before. */
export async function unnamed(
  bench: TrialBench,
  cluster: string,
  { reason, before }: { reason: string; before: string[] },
): Promise<string[]> {
  const found = await standing(bench, cluster);
  const whole = (slot: string) => Object.values(found).every((slots) => slots.includes(slot));
  const left = [...new Set(Object.values(found).flat())];
  return left
    .filter((slot) => !(before.includes(slot) && whole(slot)) && !reason.includes(slot))
    .map((slot) => {
      const kinds = Object.keys(found).filter((kind) => found[kind]?.includes(slot));
      return `held without naming ${slot}, of which ${kinds.join(', ')} stand: ${reason}`;
    });
}

/** Processes, directories, records and notes that belong to nothing; brokers that run twice. */
export async function leftovers(bench: TrialBench): Promise<string[]> {
  const { cloud, home } = bench;
  const instances = (await cloud.listInstances({ tags: {} })).filter(
    (i) => i.state !== 'terminated',
  );
  const volumes = (await cloud.listVolumes({ tags: {} })).filter((v) => v.state !== 'deleted');
  const known = { instances: instances.map((i) => i.id), volumes: volumes.map((v) => v.id) };
  const found = brokerProcesses(home);
  const dir = pathsOf(bench).localCloud;
  const strange = (kind: 'instances' | 'volumes') =>
    list(join(dir, kind))
      .filter((name) => !known[kind].includes(name))
      .map((name) => `directory ${kind}/${name} belongs to nothing`);
  const notes = list(join(dir, 'notes')).filter((name) => {
    const id = name.split('.')[0] ?? '';
    return ![...known.instances, ...known.volumes].includes(id);
  });
  return [
    ...found
      .filter((id) => !known.instances.includes(id))
      .map((id) => `broker process of ${id} belongs to nothing`),
    ...found
      .filter((id, index) => found.indexOf(id) < index)
      .map((id) => `two broker processes of ${id}`),
    ...strange('instances'),
    ...strange('volumes'),
    ...notes.map((name) => `note ${name} belongs to nothing`),
    ...(await cloud.listStrangers({ tags: {} })).map((s) => `${s.kind} ${s.id} has no record`),
  ];
}

/** Instance ids of the JVMs that run kafka.Kafka from this home. */
function brokerProcesses(home: string): string[] {
  return list('/proc').flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const id = /-Dasgard\.instance=([\w-]+)/.exec(line)?.[1];
      return id && line.includes(`${home}/`) ? [id] : [];
    } catch {
      return [];
    }
  });
}

export function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** Only the secrets and the client's file of a cluster that stands; no draft, nothing after it. */
export function secretViolations(bench: TrialBench, cluster: string, wanted: boolean): string[] {
  const all = list(pathsOf(bench).secrets).filter((name) => name.startsWith(`${cluster}.`));
  const own = [`${cluster}.json`, `${cluster}.client.properties`];
  const surplus = all.filter((name) => !wanted || !own.includes(name));
  return [
    ...surplus.map((name) => `secret ${name} is left`),
    ...(wanted && !all.includes(`${cluster}.json`) ? ['no credentials are stored'] : []),
  ];
}

/** Every line of every journal is JSON. */
export function journalViolations(bench: TrialBench): string[] {
  const dir = pathsOf(bench).journal;
  return list(dir).flatMap((file) =>
    readFileSync(join(dir, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !isJson(line))
      .map((line) => `journal ${file} has a broken line: ${line.slice(0, 60)}`),
  );
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

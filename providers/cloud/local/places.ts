/**
 * Where the local cloud keeps what, and the only file that removes any of it: never without a
 * record that says so (or the explicit sweep of `npm run clean`). A directory that no record knows
 * may be the last copy of somebody's data.
 *
 *   instances/<id>/       boot files, kernel lock          gone when terminated (they hold secrets)
 *   volumes/<id>/         the disk                         gone when deleted
 *   logs/<id>/            kafka.log, console.log           the newest ended ones are kept
 *   notes/<id>.json       tags, beside the record          for when the record is lost
 *   notes/<id>.formatted  the disk was formatted once      never again
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Tags } from '../cloud.ts';
import { bootScriptName } from './boot-script.ts';
import { keepTail, tailOf } from './log-tail.ts';

/** Logs of this many ended machines are kept, each cut to its last MiB. */
const endedLogsMax = 20;
const endedLogBytes = 1024 * 1024;

export interface Place {
  kind: 'instance' | 'volume';
  id: string;
  path: string;
}

export class Places {
  private readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  readonly instanceDir = (id: string): string => join(this.dir, 'instances', id);
  readonly volumeDir = (id: string): string => join(this.dir, 'volumes', id);
  readonly logDir = (id: string): string => join(this.dir, 'logs', id);
  readonly kafkaLog = (id: string): string => join(this.logDir(id), 'kafka.log');
  readonly consoleLog = (id: string): string => join(this.logDir(id), 'console.log');
  readonly dataDir = (volumeId: string): string => join(this.volumeDir(volumeId), 'data');
  /** Outside the disk, so that emptying the disk does not empty the memory of it. */
  readonly formattedMark = (volumeId: string): string =>
    join(this.dir, 'notes', `${volumeId}.formatted`);
  private readonly noteFile = (id: string): string => join(this.dir, 'notes', `${id}.json`);
  private readonly draftNote = (id: string): string => `${this.noteFile(id)}.draft`;

  /** True when Kafka's own mark of a formatted disk is on it. */
  hasData(volumeId: string): boolean {
    return existsSync(join(this.dataDir(volumeId), 'meta.properties'));
  }

  isMarkedFormatted(volumeId: string): boolean {
    return existsSync(this.formattedMark(volumeId));
  }

  /** True when what the machine boots from names the disk; its record may be lost. */
  usesDisk(id: string, volumeId: string): boolean {
    try {
      const script = readFileSync(join(this.instanceDir(id), bootScriptName), 'utf8');
      return script.includes(`${this.dataDir(volumeId)}/`);
    } catch {
      return false; // It was never booted, or is gone.
    }
  }

  /** Safe to repeat. */
  markFormatted(volumeId: string): void {
    mkdirSync(join(this.dir, 'notes'), { recursive: true, mode: 0o700 });
    writeFileSync(this.formattedMark(volumeId), '', { mode: 0o600 });
  }

  /** Makes the directories of a machine and notes whose they are. Safe to repeat. */
  prepare(id: string, volumeId: string, tags: Tags): void {
    const dirs = [this.instanceDir(id), this.volumeDir(volumeId), this.logDir(id)];
    for (const path of [...dirs, join(this.dir, 'notes')]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    for (const known of [id, volumeId]) {
      writeFileSync(this.draftNote(known), JSON.stringify({ tags }), { mode: 0o600 });
      renameSync(this.draftNote(known), this.noteFile(known));
    }
  }

  /** What was noted beside the record; empty when nothing was, or it cannot be read. */
  notedTags(id: string): Tags {
    try {
      const { tags } = JSON.parse(readFileSync(this.noteFile(id), 'utf8')) as { tags?: Tags };
      return tags ?? {};
    } catch {
      return {};
    }
  }

  /** Every directory of a machine or disk that is there now, whether a record knows it or not. */
  all(): Place[] {
    const of = (kind: Place['kind'], path: (id: string) => string): Place[] =>
      listDirectory(path('')).map((id) => ({ kind, id, path: path(id) }));
    return [...of('instance', this.instanceDir), ...of('volume', this.volumeDir)];
  }

  /** True when a directory of it is there. */
  has(id: string): boolean {
    return existsSync(this.instanceDir(id)) || existsSync(this.volumeDir(id));
  }

  /**
   * Removes what is left of a machine or disk, but for a machine's logs. The directory goes last:
   * it is what a repetition after a kill finds. Done when it is gone; safe side by side.
   */
  async remove({ kind, id, path }: Place): Promise<void> {
    for (const file of [this.noteFile(id), this.draftNote(id), this.formattedMark(id)]) {
      await rm(file, { force: true });
    }
    // A disk has many thousands of files: nobody else may wait for them, heartbeats least of all.
    // Another process may be at the same one, and add to or take from what is being listed.
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
    if (kind === 'instance') this.keepLogs(id);
  }

  /** What a machine's logs say at their end: where it ended by itself, mostly why. */
  consoleOutput(id: string): string {
    return [this.consoleLog(id), this.kafkaLog(id)]
      .map((file) => ({ name: basename(file), text: tailOf(file) }))
      .filter(({ text }) => text !== '')
      .map(({ name, text }) => `${name}: ${text}`)
      .join('\n');
  }

  /** Cuts the logs of an ended machine, and forgets those of the ones that ended long before. */
  private keepLogs(id: string): void {
    for (const name of listDirectory(this.logDir(id))) {
      const file = join(this.logDir(id), name);
      if (name.endsWith('.log')) keepTail(file, endedLogBytes);
      else rmSync(file, { force: true }); // Rotated ones are older than what is kept.
    }
    const ended = listDirectory(this.logDir(''))
      .filter((other) => !existsSync(this.instanceDir(other)))
      .map((other) => ({ other, at: modifiedAt(this.logDir(other)) }))
      .sort((a, b) => b.at - a.at);
    for (const { other } of ended.slice(endedLogsMax)) {
      rmSync(this.logDir(other), { recursive: true, force: true });
    }
  }
}

/** Names in a directory; none when it is not there. */
function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function modifiedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0; // Another process removed it just now.
  }
}

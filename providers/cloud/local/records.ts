/**
 * The local cloud's records in one SQLite file: the kernel lock behind a transaction dies with its
 * holder, so a worker killed at any instant leaves either all of a change or none of it, and
 * another process goes on at once. Boot documents hold secrets: the file is 0600, and what an ended
 * machine booted with is wiped, not only unlisted.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { keepFilePrivate, keepPrivate } from '../../files/private.ts';
import { CloudError, type Tags } from '../cloud.ts';

export type Kind = 'volume' | 'interface' | 'instance';

export interface Row<T = unknown> {
  id: string;
  kind: Kind;
  token: string;
  /** Fingerprint of the create call's parameters, to tell a repeated call from another one. */
  params: string;
  tags: Tags;
  data: T;
  /** Milliseconds since the epoch; set when the resource is gone. Gone rows answer old tokens. */
  goneAt: number | null;
}

interface Raw {
  id: string;
  kind: Kind;
  token: string;
  params: string;
  tags: string;
  data: string;
  gone_at: number | null;
}

/** How long gone resources stay known: tokens of a cloud expire after about a day. */
const rememberMs = 24 * 3_600_000;
/** A writer waits this long for another one; transactions take milliseconds. */
const busyMs = 20_000;

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS resources (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, token TEXT NOT NULL, params TEXT NOT NULL,
    tags TEXT NOT NULL, data TEXT NOT NULL, gone_at INTEGER,
    UNIQUE (kind, token)
  );
`;

export class Records {
  private readonly file: string;
  private open: { db: DatabaseSync; inode: number } | undefined;

  constructor(dir: string) {
    keepPrivate(dir);
    this.file = join(dir, 'cloud.db');
  }

  /**
   * The records as they are on disk now. A file that was removed or put back by hand is opened
   * anew: the one that this process holds open would be a secret truth of its own.
   * CloudError `Unavailable` when the file is no database; nothing is done to it.
   */
  private get db(): DatabaseSync {
    if (this.open && this.open.inode !== inodeOf(this.file)) {
      this.open.db.close();
      this.open = undefined;
    }
    this.open ??= this.connect();
    return this.open.db;
  }

  private connect(): { db: DatabaseSync; inode: number } {
    try {
      const db = new DatabaseSync(this.file, { timeout: busyMs });
      db.exec(schema);
      for (const end of ['', '-wal', '-shm']) keepFilePrivate(this.file + end);
      return { db, inode: inodeOf(this.file) };
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      const message = `the records of the local cloud cannot be read: ${this.file}: ${said}`;
      throw new CloudError('Unavailable', message, { cause });
    }
  }

  /**
   * Runs `work` alone among all processes; rolls back when it throws. Must stay synchronous.
   * CloudError `Unavailable` when others hold the records for too long, or they cannot be written
   * (a full disk); nothing was done then.
   */
  exclusively<T>(work: () => T): T {
    const { db } = this;
    try {
      db.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      throw this.unwritable(cause);
    }
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite takes a transaction back by itself when the disk is full.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw (error as { code?: string }).code === 'ERR_SQLITE_ERROR'
        ? this.unwritable(error)
        : error;
    }
  }

  private unwritable(cause: unknown): CloudError {
    const said = cause instanceof Error ? cause.message : String(cause);
    const message = `the records of the local cloud cannot be written: ${this.file}: ${said}`;
    return new CloudError('Unavailable', message, { cause });
  }

  /**
   * The row of a repeated create call, after the rules of client tokens. That it is gone is said
   * first: parameters of what no longer exists cannot clash with anything.
   */
  byToken<T>(kind: Kind, token: string, params: string): Row<T> | undefined {
    const raw = this.db
      .prepare('SELECT * FROM resources WHERE kind = ? AND token = ?')
      .get(kind, token) as Raw | undefined;
    if (!raw) return undefined;
    if (raw.gone_at !== null) {
      throw new CloudError('IdempotentResourceGone', `${raw.id}, made with this token, is gone`);
    }
    if (raw.params !== params) {
      const message = `token ${token} was used with other parameters for ${raw.id}`;
      throw new CloudError('IdempotentParameterMismatch', message);
    }
    return fromRaw(raw);
  }

  insert(row: Row): void {
    this.db
      .prepare('INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        row.id,
        row.kind,
        row.token,
        row.params,
        JSON.stringify(row.tags),
        JSON.stringify(row.data),
        row.goneAt,
      );
  }

  save(row: Row): void {
    this.db
      .prepare('UPDATE resources SET tags = ?, data = ?, gone_at = ? WHERE id = ?')
      .run(JSON.stringify(row.tags), JSON.stringify(row.data), row.goneAt, row.id);
  }

  get<T>(id: string): Row<T> | undefined {
    const raw = this.db.prepare('SELECT * FROM resources WHERE id = ?').get(id) as Raw | undefined;
    return raw && fromRaw(raw);
  }

  /** Rows of a kind whose tags include all of `tags`, oldest first. */
  list<T>(kind: Kind, tags: Tags): Row<T>[] {
    const raws = this.db
      .prepare('SELECT * FROM resources WHERE kind = ? ORDER BY rowid')
      .all(kind) as unknown as Raw[];
    const wanted = Object.entries(tags);
    return raws
      .map((raw) => fromRaw<T>(raw))
      .filter((row) => wanted.every(([key, value]) => row.tags[key] === value));
  }

  /**
   * Forgets what has been gone for longer than clouds remember tokens, but for what `isThere`: a
   * place whose record is forgotten would be a stranger's, and stay for ever.
   */
  purge(now: number, isThere: (id: string) => boolean): void {
    const old = this.db
      .prepare('SELECT id FROM resources WHERE gone_at < ?')
      .all(now - rememberMs) as unknown as { id: string }[];
    for (const { id } of old.filter((row) => !isThere(row.id))) {
      this.db.prepare('DELETE FROM resources WHERE id = ?').run(id);
    }
  }

  /**
   * Overwrites what rows held before their last change, also in the write-ahead log. Best effort
   * while another process reads; the next call makes up for it.
   */
  wipe(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.open?.db.close();
    this.open = undefined;
  }
}

/** 0 when it is not there. */
function inodeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? 0;
}

/**
 * SHA-256 over the parameters with sorted keys: the order of tags means nothing, and a boot
 * document's secrets must not be kept a second time.
 */
export function fingerprint(params: unknown): string {
  const canonical = JSON.stringify(params, (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(canonical).digest('hex');
}

const fromRaw = <T>(raw: Raw): Row<T> => ({
  id: raw.id,
  kind: raw.kind,
  token: raw.token,
  params: raw.params,
  tags: JSON.parse(raw.tags) as Tags,
  data: JSON.parse(raw.data) as T,
  goneAt: raw.gone_at,
});

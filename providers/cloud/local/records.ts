/**
 * The local cloud's records in one SQLite file: the kernel lock behind a transaction dies with its
 * holder, so a worker killed at any instant leaves either all of a change or none of it, and
 * another process goes on at once. Boot documents hold secrets: the file is 0600, and what an ended
 * machine booted with is wiped, not only unlisted.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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

export class Records {
  private readonly db: DatabaseSync;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const file = join(dir, 'cloud.db');
    this.db = new DatabaseSync(file, { timeout: busyMs });
    chmodSync(file, 0o600);
    this.db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      CREATE TABLE IF NOT EXISTS resources (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, token TEXT NOT NULL, params TEXT NOT NULL,
        tags TEXT NOT NULL, data TEXT NOT NULL, gone_at INTEGER,
        UNIQUE (kind, token)
      );
    `);
  }

  /**
   * Runs `work` alone among all processes; rolls back when it throws. Must stay synchronous.
   * CloudError `Unavailable` when others hold the records for too long; nothing was done then.
   */
  exclusively<T>(work: () => T): T {
    try {
      this.db.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      throw new CloudError('Unavailable', 'the records of the local cloud are busy', { cause });
    }
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      this.db.exec('ROLLBACK');
      throw error;
    }
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

  /** Forgets what has been gone for longer than clouds remember tokens. */
  purge(now: number): void {
    this.db.prepare('DELETE FROM resources WHERE gone_at < ?').run(now - rememberMs);
  }

  /**
   * Overwrites what rows held before their last change, also in the write-ahead log. Best effort
   * while another process reads; the next call makes up for it.
   */
  wipe(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.db.close();
  }
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

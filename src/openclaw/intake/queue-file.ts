// Owns the SQLite file of the queue: opening it, keeping a damaged one, and saying what an error of it means.

import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../errors.ts";
import { isJsonObject, type JsonObject } from "../../facts/json.ts";
import { isDamage, openWhole, putAside, resultCode } from "../account/memory/sqlite-file.ts";

/**
 * A row is `pending`, `claimed` by a worker, or a tombstone: `completed` or `failed`. Tombstones keep the id
 * so that a re-sent event is not taken for a new one; `prune` ends them.
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 250;
  PRAGMA wal_autocheckpoint = 100;
  CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('pending', 'claimed', 'completed', 'failed')),
    lane TEXT,
    payload TEXT,
    received_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_attempt_at INTEGER,
    last_error TEXT,
    claim_token TEXT,
    claim_owner TEXT,
    claimed_at INTEGER,
    reason TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS event_by_status ON event (status, received_at, id);
  CREATE INDEX IF NOT EXISTS event_by_lane ON event (status, lane, received_at, id);
`;

export type SqlValue = string | number | null;

/** The open file. What its calls throw for SQLite is a StorageError that says what to do. */
export class QueueFile {
  readonly #file: string;
  readonly #db: DatabaseSync;

  /** Creates directory and file. A damaged file is moved aside and reported. `maxPages` bounds the file. */
  constructor(directory: string, name: string, maxPages: number | undefined) {
    this.#file = join(directory, name);
    this.#db = explaining(this.#file, () => openQueue(this.#file));
    if (maxPages !== undefined) this.#db.exec(`PRAGMA max_page_count = ${maxPages}`);
  }

  select(sql: string, ...values: SqlValue[]): JsonObject[] {
    return explaining(this.#file, () =>
      this.#db
        .prepare(sql)
        .all(...values)
        .filter(isJsonObject),
    );
  }

  /** The values of each row in the order of the columns: a fraction of what objects cost. */
  selectValues(sql: string, ...values: SqlValue[]): readonly (readonly unknown[])[] {
    return explaining(this.#file, () => {
      const statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      return statement.all(...values).flatMap((row: unknown) => (Array.isArray(row) ? [row] : []));
    });
  }

  /** Answers how many rows were changed. */
  change(sql: string, ...values: SqlValue[]): number {
    return explaining(this.#file, () => Number(this.#db.prepare(sql).run(...values).changes));
  }
}

function openQueue(file: string): DatabaseSync {
  try {
    return openWhole(file, SCHEMA);
  } catch (error) {
    throw isDamage(error) ? damaged(putAside(file), error) : error;
  }
}

/** https://sqlite.org/rescode.html: busy and locked pass; nothing else does without somebody's help. */
const PASSING = new Set([5, 6]);
const CAUSES = new Map([
  [8, "it must not be written"],
  [10, "the disk fails"],
  [11, "it is damaged"],
  [13, "the disk is full"],
  [14, "it cannot be opened"],
  [26, "it is damaged"],
]);

function damaged(aside: string, cause: unknown): StorageError {
  return new StorageError(
    `The queue of received messages was damaged and now lies at ${aside}. Restart the channel to go on with an empty queue; messages that waited in it are not answered`,
    { passing: false, cause },
  );
}

/** Runs a step of a file and says of an SQLite error what it means for the operator. */
export function explaining<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const code = resultCode(error);
    if (code === undefined) throw error;
    const why = CAUSES.get(code) ?? (error instanceof Error ? error.message : `SQLite error ${code}`);
    const passing = PASSING.has(code);
    const advice = passing ? "Another process holds it" : `${why}. Messages stay on the server meanwhile`;
    throw new StorageError(`Received messages cannot be stored in ${file}: ${advice}`, {
      passing,
      cause: error,
    });
  }
}

// Owns remembering on disk how each queued delivery was divided, so that every attempt at it posts the same messages.

import { join } from "node:path";
import { isJsonObject, readTexts } from "../../../facts/json.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { getRuntime } from "../../runtime.ts";
import { openMemoryFile } from "./sqlite-file.ts";

/** OpenClaw ends a delivery after five attempts, but a gateway may be off for days in between. Milliseconds. */
const KEEP_MS = 7 * 24 * 60 * 60_000;

/** OpenClaw may not have noted that a delivery succeeded, and ask for it again at its next start. Milliseconds. */
const KEEP_SENT_MS = 24 * 60 * 60_000;

/** What a process that dies has written is kept; what a machine that loses its power has not is divided anew. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 250;
  CREATE TABLE IF NOT EXISTS division (
    delivery TEXT PRIMARY KEY,
    texts TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS division_by_end ON division (until);
`;

export interface Divisions {
  /** The texts of an earlier attempt at the delivery, else those that `divide` makes, which are kept. */
  once(delivery: string, divide: () => Promise<readonly string[]>): Promise<readonly string[]>;
  /** What is kept under a name; undefined: nothing. */
  find(delivery: string): readonly string[] | undefined;
  noteSent(delivery: string): void;
  /** To be called when nothing of the delivery was posted, and it has to be divided in another way. */
  forget(delivery: string): void;
  close(): void;
}

/** Opens `<directory>/deliveries.sqlite`, creating both. Throws when it cannot be opened. */
export function openDivisionFile(directory: string, now: () => number = Date.now): Divisions {
  const { db } = openMemoryFile(join(directory, "deliveries.sqlite"), SCHEMA);
  const find = db.prepare("SELECT texts FROM division WHERE delivery = ?");
  const put = db.prepare("INSERT OR REPLACE INTO division (delivery, texts, until) VALUES (?, ?, ?)");
  const shorten = db.prepare("UPDATE division SET until = ? WHERE delivery = ?");
  const remove = db.prepare("DELETE FROM division WHERE delivery = ?");
  const expire = db.prepare("DELETE FROM division WHERE until < ?");
  const known = (delivery: string) => decodeTexts(find.get(delivery)?.texts);
  return {
    find: known,
    async once(delivery, divide) {
      const before = known(delivery);
      if (before !== undefined) return before;
      const texts = await divide();
      expire.run(now());
      put.run(delivery, JSON.stringify({ texts }), now() + KEEP_MS);
      return texts;
    },
    noteSent: (delivery) => void shorten.run(now() + KEEP_SENT_MS, delivery),
    forget: (delivery) => void remove.run(delivery),
    close: () => db.close(),
  };
}

function decodeTexts(stored: unknown): readonly string[] | undefined {
  if (typeof stored !== "string") return undefined;
  const value: unknown = JSON.parse(stored);
  return isJsonObject(value) ? readTexts(value, "texts") : undefined;
}

const opened = new Map<string, Divisions>();

/** The divisions of this gateway's deliveries, opened once and open until the process ends. */
export function divisions(): Divisions {
  const directory = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  const known = opened.get(directory);
  if (known !== undefined) return known;
  const file = openDivisionFile(directory);
  opened.set(directory, file);
  return file;
}

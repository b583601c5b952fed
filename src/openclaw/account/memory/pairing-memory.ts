// Owns remembering on disk who was sent which pairing code, so that none is lost and everybody hears of the approval.

import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isJsonObject, readText } from "../../../facts/json.ts";
import { openMemoryFile } from "./sqlite-file.ts";

/** OpenClaw lets a code expire after one hour; whoever is approved later asked anew. Milliseconds. */
const KEEP_MS = 2 * 60 * 60_000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS pairing (
    user_id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    room_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    username TEXT
  ) STRICT;
`;

/** Somebody who holds a code, in the room where it was sent. */
export interface SentCode {
  readonly userId: string;
  readonly code: string;
  readonly roomId: string;
  /** As of the message that asked; for people to read in the log. */
  readonly username?: string | undefined;
}

export interface PairingMemory {
  wasSent(userId: string, code: string): boolean;
  noteSent(sent: SentCode): void;
  /** Those who were sent a code and nothing since. */
  waiting(): readonly SentCode[];
  forget(userId: string): void;
  close(): void;
}

/** Opens `<directory>/pairings-<account>.sqlite`, creating both. Throws when it cannot be opened. */
export function openPairingMemory(directory: string, accountId: string, now: () => number): PairingMemory {
  const { db } = openMemoryFile(join(directory, `pairings-${accountId}.sqlite`), SCHEMA);
  addUsername(db);
  const find = db.prepare("SELECT 1 FROM pairing WHERE user_id = ? AND code = ?");
  const put = db.prepare(
    "INSERT OR REPLACE INTO pairing (user_id, code, room_id, sent_at, username) VALUES (?, ?, ?, ?, ?)",
  );
  const list = db.prepare("SELECT user_id, code, room_id, username FROM pairing");
  const expire = db.prepare("DELETE FROM pairing WHERE sent_at < ?");
  const remove = db.prepare("DELETE FROM pairing WHERE user_id = ?");
  return {
    wasSent: (userId, code) => find.get(userId, code) !== undefined,
    noteSent: ({ userId, code, roomId, username }) =>
      void put.run(userId, code, roomId, now(), username ?? null),
    waiting() {
      expire.run(now() - KEEP_MS);
      return list.all().filter(isJsonObject).flatMap(decodeRow);
    },
    forget: (userId) => void remove.run(userId),
    close: () => db.close(),
  };
}

/** A file that was made before names were kept lacks their column. */
function addUsername(db: DatabaseSync): void {
  const column = db.prepare("SELECT 1 FROM pragma_table_info('pairing') WHERE name = 'username'").get();
  if (column === undefined) db.exec("ALTER TABLE pairing ADD COLUMN username TEXT");
}

function decodeRow(row: Parameters<typeof readText>[0]): readonly SentCode[] {
  const [userId, code, roomId] = [readText(row, "user_id"), readText(row, "code"), readText(row, "room_id")];
  const username = readText(row, "username");
  return userId && code && roomId ? [{ userId, code, roomId, username }] : [];
}

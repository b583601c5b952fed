// Owns remembering on disk which threads the bot user had a part in.

import { join } from "node:path";
import { isJsonObject, readText } from "../../../facts/json.ts";
import type { ThreadMemory } from "../../../intake/knowledge.ts";
import { openMemoryFile } from "./sqlite-file.ts";

/** Threads and own messages remembered per account; the oldest go first. About 2 MB on disk. */
export const MAX_THREADS = 20_000;

/** Every so many new rows the oldest beyond the limit are deleted. */
const PRUNE_EVERY = 500;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS thread (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('author', 'participant'))
  ) STRICT;
`;

type Role = "author" | "participant";

export interface StoredThreadMemory extends ThreadMemory {
  /** Ends writing; what is known stays known. */
  close(): void;
}

/** Opens `<directory>/threads-<account>.sqlite`, creating both, and reads it. Throws when it cannot be opened. */
export function openThreadMemory(directory: string, accountId: string): StoredThreadMemory {
  const { db } = openMemoryFile(join(directory, `threads-${accountId}.sqlite`), SCHEMA);
  const roles = new Map<string, Role>();
  for (const row of db.prepare("SELECT id, role FROM thread ORDER BY number").all()) {
    const id = isJsonObject(row) ? readText(row, "id") : undefined;
    if (id !== undefined)
      roles.set(id, isJsonObject(row) && row.role === "author" ? "author" : "participant");
  }
  const insert = db.prepare("INSERT INTO thread (id, role) VALUES (?, ?) ON CONFLICT (id) DO NOTHING");
  const prune = db.prepare(
    "DELETE FROM thread WHERE number <= (SELECT max(number) FROM thread) - ? RETURNING id",
  );

  function remember(id: string, role: Role): void {
    if (roles.has(id)) return;
    roles.set(id, role);
    if (!db.isOpen) return;
    insert.run(id, role);
    if (roles.size < MAX_THREADS + PRUNE_EVERY) return;
    for (const row of prune.all(MAX_THREADS)) {
      const old = isJsonObject(row) ? readText(row, "id") : undefined;
      if (old !== undefined) roles.delete(old);
    }
  }

  return {
    role: (threadId) => roles.get(threadId),
    noteOwnMessage: ({ id, threadId }) =>
      threadId === undefined ? remember(id, "author") : remember(threadId, "participant"),
    close: () => db.close(),
  };
}

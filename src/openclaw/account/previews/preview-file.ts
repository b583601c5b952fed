// Owns remembering on disk which previews stand, and which of them a queued delivery makes its answer.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PreviewNotes } from "../../../outbound/streaming/preview.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { getRuntime } from "../../runtime.ts";

/** OpenClaw ends a delivery after five attempts within a quarter of an hour, and may begin anew when it starts. Milliseconds. */
const CLAIM_MS = 60 * 60_000;

/** OpenClaw may ask again for a delivery that succeeded, at its next start. Milliseconds. */
const KEEP_SENT_MS = 24 * 60 * 60_000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 250;
  CREATE TABLE IF NOT EXISTS preview (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    room TEXT NOT NULL,
    delivery TEXT UNIQUE,
    sent INTEGER NOT NULL DEFAULT 0,
    until INTEGER NOT NULL DEFAULT 0
  ) STRICT;
`;

export interface KeptPreview {
  readonly id: string;
  readonly roomId: string;
}

export interface Previews {
  /** What one preview of this process tells of itself. */
  notesOf(accountId: string): PreviewNotes;
  /** A queued delivery is to make the preview its answer, at every attempt, also of a later process. */
  claim(id: string, delivery: string): void;
  /** The delivery posts its answer elsewhere; the preview is to go. */
  release(id: string): void;
  /** The preview that a delivery has claimed. */
  findClaimed(delivery: string): string | undefined;
  /** The delivery's answer stands. */
  noteSent(delivery: string): void;
  /** Previews of an account that nobody works on: of a process that died, or of deliveries that were given up. */
  listLeft(accountId: string): KeptPreview[];
  forget(id: string): void;
  close(): void;
}

/** Opens `<directory>/previews.sqlite`, creating both. Throws when it cannot be opened. */
export function openPreviewFile(directory: string, now: () => number = Date.now): Previews {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(directory, "previews.sqlite"));
  db.exec(SCHEMA);
  const put = db.prepare("INSERT OR REPLACE INTO preview (id, account, room) VALUES (?, ?, ?)");
  const remove = db.prepare("DELETE FROM preview WHERE id = ?");
  const claim = db.prepare("UPDATE preview SET delivery = ?, until = ? WHERE id = ?");
  const release = db.prepare("UPDATE preview SET delivery = NULL WHERE id = ?");
  const find = db.prepare("SELECT id FROM preview WHERE delivery = ?");
  const sent = db.prepare("UPDATE preview SET sent = 1, until = ? WHERE delivery = ?");
  const expire = db.prepare("DELETE FROM preview WHERE sent = 1 AND until < ?");
  const left = db.prepare(
    "SELECT id, room FROM preview WHERE account = ? AND sent = 0 AND (delivery IS NULL OR until < ?)",
  );
  /** Of this process: what it works on is not left. */
  const live = new Set<string>();
  const forget = (id: string): void => {
    live.delete(id);
    remove.run(id);
  };
  return {
    notesOf: (accountId) => ({
      note({ id, roomId }) {
        live.add(id);
        put.run(id, accountId, roomId);
      },
      forget,
      abandon: (id) => void live.delete(id),
    }),
    claim: (id, delivery) => {
      claim.run(delivery, now() + CLAIM_MS, id);
      live.delete(id);
    },
    release: (id) => void release.run(id),
    findClaimed: (delivery) => readId(find.get(delivery)),
    noteSent: (delivery) => void sent.run(now() + KEEP_SENT_MS, delivery),
    listLeft(accountId) {
      expire.run(now());
      const rows = left.all(accountId, now());
      return rows
        .map(({ id, room }) => ({ id: String(id), roomId: String(room) }))
        .filter(({ id }) => !live.has(id));
    },
    forget,
    close: () => db.close(),
  };
}

function readId(row: ReturnType<ReturnType<DatabaseSync["prepare"]>["get"]>): string | undefined {
  return typeof row?.id === "string" ? row.id : undefined;
}

const opened = new Map<string, Previews>();

/** The previews of this gateway, opened once and open until the process ends. */
export function previews(): Previews {
  const directory = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  const known = opened.get(directory);
  if (known !== undefined) return known;
  const file = openPreviewFile(directory);
  opened.set(directory, file);
  return file;
}

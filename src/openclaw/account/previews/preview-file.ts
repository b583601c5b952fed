// Owns remembering on disk which previews stand, and which of them a queued delivery makes its answer.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { createSubsystemLogger } from "openclaw/plugin-sdk/logging-core";
import { createLog } from "../../../log.ts";
import type { StandingPreview } from "../../../outbound/send.ts";
import type { PreviewNotes } from "../../../outbound/streaming/preview.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { getRuntime } from "../../runtime.ts";
import { openMemoryFile } from "../memory/sqlite-file.ts";

/** OpenClaw ends a delivery after five attempts within a quarter of an hour, and may begin anew when it starts. Milliseconds. */
const CLAIM_MS = 60 * 60_000;

/** OpenClaw may ask again for a delivery that succeeded, at its next start, which may be weeks away. Milliseconds. */
const KEEP_SENT_MS = 30 * 24 * 60 * 60_000;

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

/** A preview and what its delivery has learned of it. */
export interface ClaimedPreview extends KeptPreview {
  readonly known: StandingPreview["known"];
}

/** The column `sent`. */
const EDITED = 1;
const REFUSED = -1;

export interface Previews {
  /** What one preview of this process tells of itself. */
  notesOf(accountId: string): PreviewNotes;
  /**
   * A queued delivery is to make the preview its answer, at every attempt, also of a later process. Answers whether it
   * may: not when the preview is withdrawn by now.
   */
  claim(id: string, delivery: string): boolean;
  /** A further attempt begins at the delivery that has claimed the preview. */
  renew(id: string): void;
  /** The server refused the edit: every attempt at the delivery posts its answer, and the preview goes when that stands. */
  noteRefused(id: string): void;
  /** The delivery has no more to do with the preview, which is to go. */
  release(id: string): void;
  /** The preview that a delivery has claimed. */
  findClaimed(delivery: string): ClaimedPreview | undefined;
  /** The preview has become the answer, or the beginning of it. */
  noteSent(id: string): void;
  /** Previews of an account that nobody works on: of a process that died, or of deliveries that were given up. */
  listLeft(accountId: string): KeptPreview[];
  /** To be called right before it is withdrawn: whether nobody works on it still. No delivery finds it afterwards. */
  takeLeft(id: string): boolean;
  forget(id: string): void;
  close(): void;
}

/** Opens `<directory>/previews.sqlite`, creating both. Throws when it cannot be opened. */
export function openPreviewFile(directory: string, now: () => number = Date.now): Previews {
  return previewsIn(openMemoryFile(join(directory, "previews.sqlite"), SCHEMA).db, now);
}

function previewsIn(db: DatabaseSync, now: () => number): Previews {
  const put = db.prepare("INSERT OR REPLACE INTO preview (id, account, room) VALUES (?, ?, ?)");
  const remove = db.prepare("DELETE FROM preview WHERE id = ?");
  const claim = db.prepare("UPDATE preview SET delivery = ?, until = ? WHERE id = ?");
  const renew = db.prepare(`UPDATE preview SET until = ? WHERE id = ? AND sent <> ${EDITED}`);
  const release = db.prepare("UPDATE preview SET delivery = NULL, sent = 0 WHERE id = ?");
  const refuse = db.prepare(`UPDATE preview SET sent = ${REFUSED} WHERE id = ?`);
  const find = db.prepare("SELECT id, room, sent FROM preview WHERE delivery = ?");
  const sent = db.prepare(`UPDATE preview SET sent = ${EDITED}, until = ? WHERE id = ?`);
  const expire = db.prepare(`DELETE FROM preview WHERE sent = ${EDITED} AND until < ?`);
  const isLeft = `sent <> ${EDITED} AND (delivery IS NULL OR until < ?)`;
  const left = db.prepare(`SELECT id, room FROM preview WHERE account = ? AND ${isLeft}`);
  const take = db.prepare(`UPDATE preview SET delivery = NULL WHERE id = ? AND ${isLeft}`);
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
    claim(id, delivery) {
      const { changes } = claim.run(delivery, now() + CLAIM_MS, id);
      live.delete(id);
      return Number(changes) > 0;
    },
    renew: (id) => void renew.run(now() + CLAIM_MS, id),
    noteRefused: (id) => void refuse.run(id),
    release: (id) => void release.run(id),
    findClaimed: (delivery) => readClaimed(find.get(delivery)),
    noteSent(id) {
      // What cannot be written down is at least not withdrawn by this process.
      live.add(id);
      sent.run(now() + KEEP_SENT_MS, id);
      live.delete(id);
    },
    listLeft(accountId) {
      expire.run(now());
      const rows = left.all(accountId, now());
      return rows
        .map(({ id, room }) => ({ id: String(id), roomId: String(room) }))
        .filter(({ id }) => !live.has(id));
    },
    takeLeft: (id) => !live.has(id) && Number(take.run(id, now()).changes) > 0,
    forget,
    close: () => db.close(),
  };
}

function readClaimed(
  row: ReturnType<ReturnType<DatabaseSync["prepare"]>["get"]>,
): ClaimedPreview | undefined {
  if (typeof row?.id !== "string" || typeof row.room !== "string") return undefined;
  const known = row.sent === EDITED ? "edited" : row.sent === REFUSED ? "refused" : undefined;
  return { id: row.id, roomId: row.room, known };
}

const opened = new Map<string, Previews>();

const directoryOfAll = (): string => join(getRuntime().state.resolveStateDir(), CHANNEL_ID);

/** The previews of this gateway, opened once and open until the process ends. Throws when they cannot be opened. */
export function previews(): Previews {
  const directory = directoryOfAll();
  const known = opened.get(directory);
  if (known !== undefined) return known;
  const file = openPreviewFile(directory);
  opened.set(directory, file);
  return file;
}

const told = new Set<string>();

/** Tells each trouble once, and not again at each answer. */
export function warnOnce(what: string, error: unknown): void {
  if (told.has(what)) return;
  told.add(what);
  createLog(createSubsystemLogger(CHANNEL_ID), { prefix: "previews", secrets: [] }).warn(what, { error });
}

/**
 * The previews of this gateway, where there are any; undefined where there never was one, and where they cannot be
 * opened: answers do not depend on them. Never throws.
 */
export function knownPreviews(): Previews | undefined {
  try {
    const directory = directoryOfAll();
    const isThere = opened.has(directory) || existsSync(join(directory, "previews.sqlite"));
    return isThere ? previews() : undefined;
  } catch (error) {
    warnOnce("previews.sqlite cannot be opened; answers are posted without previews", error);
    return undefined;
  }
}

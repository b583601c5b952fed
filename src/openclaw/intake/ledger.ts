// Owns the file of an account's ledger: what was judged, how far it has looked, and which rooms it still has to read.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isJsonObject, type JsonObject, readNumber, readObject, readText } from "../../facts/json.ts";
import type { Judgement, LedgerFile } from "../../intake/ledger.ts";
import type { Lag, Progress } from "../../intake/round.ts";
import type { Log } from "../../log.ts";
import type { AccountSettings } from "../../settings.ts";
import { openMemoryFile } from "../account/memory/sqlite-file.ts";
import { explaining } from "./queue-file.ts";

/**
 * Not written through to the disk each time: what a failing machine loses is read and judged again, and what was stored has
 * its id in the queue.
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 250;
  CREATE TABLE IF NOT EXISTS account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    server_url TEXT NOT NULL,
    user_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    listed_to INTEGER NOT NULL,
    noted_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS lag (room TEXT PRIMARY KEY, lag TEXT NOT NULL) STRICT;
  -- Only added to at the end: an index over the messages' ids would cost four times as much. The latest of a message counts.
  CREATE TABLE IF NOT EXISTS judgement (
    n INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    room TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    verdict TEXT NOT NULL
  ) STRICT;
`;

type Owner = Pick<AccountSettings, "serverUrl" | "userId" | "catchUp">;

export interface LedgerPlace {
  readonly directory: string;
  readonly accountId: string;
  /** The bot user and the server whose ledger it is; another's counts for nothing. */
  readonly owner: Owner;
  readonly log: Log;
  readonly now?: () => number;
}

/** Opens `<directory>/ledger-<account>.sqlite`, creating both. Throws StorageError when it cannot be opened. */
export function openLedgerFile({
  directory,
  accountId,
  owner,
  log,
  now = Date.now,
}: LedgerPlace): LedgerFile {
  const file = join(directory, `ledger-${accountId}.sqlite`);
  const isNew = !existsSync(file);
  const { db, wasDamaged } = explaining(file, () => openMemoryFile(file, SCHEMA));
  // Without it, all within the bounds is read again; what was answered has its id in the queue.
  const restart = (): Progress => {
    const since = now() - owner.catchUp.maxAgeMinutes * 60_000;
    return { startedAt: since, listedTo: since, notedAt: since };
  };
  if (wasDamaged) log.warn("the ledger of judged messages was damaged; what is recent is read again");
  const early = isNew ? readMark(join(directory, `mark-${accountId}.json`), owner) : undefined;
  const write = createWriter(db, file, owner);
  claim(db, owner);
  if (wasDamaged) write.progress(restart());
  else if (early !== undefined) write.progress(early);
  return { ...write, load: () => explaining(file, () => load(db)), close: () => db.close() };
}

/** Empties the ledger of another bot user or server. */
function claim(db: DatabaseSync, { serverUrl, userId }: Owner): void {
  const [row] = db.prepare("SELECT server_url, user_id FROM account").all();
  if (row === undefined || (row.server_url === serverUrl && row.user_id === userId)) return;
  db.exec("DELETE FROM account; DELETE FROM lag; DELETE FROM judgement;");
}

function createWriter(db: DatabaseSync, file: string, { serverUrl, userId }: Owner) {
  const putProgress = db.prepare("INSERT OR REPLACE INTO account VALUES (1, ?, ?, ?, ?, ?)");
  const putLag = db.prepare("INSERT OR REPLACE INTO lag (room, lag) VALUES (?, ?)");
  const dropLag = db.prepare("DELETE FROM lag WHERE room = ?");
  const putJudged = db.prepare("INSERT INTO judgement (message, room, sent_at, verdict) VALUES (?, ?, ?, ?)");
  const prune = db.prepare("DELETE FROM judgement WHERE n <= (SELECT max(n) FROM judgement) - ?");

  /** All of it, or nothing. */
  function together(run: () => void): void {
    explaining(file, () => {
      db.exec("BEGIN IMMEDIATE");
      try {
        run();
        db.exec("COMMIT");
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  function progress({ startedAt, listedTo, notedAt }: Progress): void {
    putProgress.run(serverUrl, userId, Math.round(startedAt), Math.round(listedTo), Math.round(notedAt));
  }

  return {
    progress,
    saveRound(change: Parameters<LedgerFile["saveRound"]>[0]): void {
      together(() => {
        if (change.progress !== undefined) progress(change.progress);
        for (const lag of change.put) putLag.run(lag.room.id, JSON.stringify(lag));
        for (const roomId of change.drop) dropLag.run(roomId);
      });
    },
    saveJudgements(judgements: readonly Judgement[], keep: number): void {
      together(() => {
        for (const { messageId, roomId, sentAt, verdict } of judgements)
          putJudged.run(messageId, roomId, Math.round(sentAt), verdict);
        prune.run(keep);
      });
    },
  };
}

function load(db: DatabaseSync): ReturnType<LedgerFile["load"]> {
  const rows = (sql: string): JsonObject[] => db.prepare(sql).all().filter(isJsonObject);
  const [account] = rows("SELECT * FROM account");
  return {
    progress: account && {
      startedAt: readNumber(account, "started_at") ?? 0,
      listedTo: readNumber(account, "listed_to") ?? 0,
      notedAt: readNumber(account, "noted_at") ?? 0,
    },
    lags: rows("SELECT lag FROM lag").flatMap((row) => decodeLag(readText(row, "lag")) ?? []),
    judgements: rows("SELECT message, sent_at FROM judgement ORDER BY n").flatMap((row) => {
      const [messageId, sentAt] = [readText(row, "message"), readNumber(row, "sent_at")];
      return messageId === undefined || sentAt === undefined ? [] : [{ messageId, sentAt }];
    }),
  };
}

function decodeLag(text: string | undefined): Lag | undefined {
  const value = parse(text ?? "");
  const room = value && readObject(value, "room");
  if (value === undefined || room === undefined) return undefined;
  const [id, type, cursor] = [readText(room, "id"), readText(room, "type"), readNumber(value, "cursor")];
  if (id === undefined || type === undefined || cursor === undefined) return undefined;
  return {
    room: { id, type, name: readText(room, "name"), parentId: readText(room, "parentId") },
    cursor,
    floor: readNumber(value, "floor") ?? 0,
    missed: value.missed === true,
    changesSince: readNumber(value, "changesSince"),
    heard: value.heard === true,
  };
}

/** Up to version 0.1 an account had one mark for all rooms, in a file of its own. */
function readMark(file: string, { serverUrl, userId }: Owner): Progress | undefined {
  const mark = existsSync(file) ? parse(readFileSync(file, "utf8")) : undefined;
  if (mark === undefined || mark.serverUrl !== serverUrl || mark.userId !== userId) return undefined;
  const [startedAt, listedTo, notedAt] = ["startedAt", "readTo", "notedAt"].map((key) =>
    readNumber(mark, key),
  );
  if (startedAt === undefined || listedTo === undefined || notedAt === undefined) return undefined;
  return { startedAt, listedTo, notedAt };
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

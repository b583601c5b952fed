// Owns where accepted events survive a crash: the host's queue, or our own where the host refuses it.

import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type {
  ChannelIngressQueue,
  ChannelIngressQueueClaim,
  ChannelIngressQueueClaimRef,
  ChannelIngressQueueRecord,
} from "openclaw/plugin-sdk/channel-outbound";
import { StorageError } from "../../errors.ts";
import { isJsonObject, type JsonObject, readNumber, readText } from "../../facts/json.ts";
import { CHANNEL_ID } from "../config/schema.ts";

/** What a row carries: the queue monitor's envelope around the event's JSON text. */
export interface StoredEvent {
  version: number;
  rawEvent: string;
}

/**
 * Opens the durable queue of an account. OpenClaw keeps its own for plugins of its catalog and refuses
 * others with `PLUGIN_TRUST_REFUSED`; then the events stand in `<state>/rocketchat/ingress-<account>.sqlite`.
 */
export function openIngressQueue(
  state: Pick<PluginRuntime["state"], "openChannelIngressQueue" | "resolveStateDir">,
  accountId: string,
): ChannelIngressQueue<StoredEvent> {
  try {
    return state.openChannelIngressQueue<StoredEvent>({ accountId });
  } catch (error) {
    if (!isTrustRefusal(error)) throw error;
    return openSqliteQueue(join(state.resolveStateDir(), CHANNEL_ID), accountId);
  }
}

function isTrustRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "PLUGIN_TRUST_REFUSED";
}

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
`;

const UNCLAIM = "claim_token = NULL, claim_owner = NULL, claimed_at = NULL";
const CLAIM_SCAN_ROWS = 1000;
const ALL_ROWS = -1;

type Queue = ChannelIngressQueue<StoredEvent>;
type QueueRecord = ChannelIngressQueueRecord<StoredEvent>;
type QueueClaim = ChannelIngressQueueClaim<StoredEvent>;
type Reference = string | QueueRecord | ChannelIngressQueueClaimRef;
type SqlValue = string | number | null;

/**
 * Opens the SQLite queue file of one account in `directory`, creating both. Throws StorageError when that cannot be
 * done; a damaged file is moved aside first. `maxPages` bounds the file. What the queue's calls reject with is a StorageError as well.
 */
export function openSqliteQueue(
  directory: string,
  accountId: string,
  { maxPages }: { readonly maxPages?: number } = {},
): Queue {
  const file = join(directory, `ingress-${accountId}.sqlite`);
  const db = explaining(file, () => openDatabase(directory, file));
  if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  const owner = { channelId: CHANNEL_ID, accountId, queueName: `${CHANNEL_ID}:${accountId}` };

  const select = (sql: string, ...values: SqlValue[]): JsonObject[] =>
    explaining(file, () =>
      db
        .prepare(sql)
        .all(...values)
        .filter(isJsonObject),
    );
  const countChanges = (sql: string, ...values: SqlValue[]): number =>
    explaining(file, () => Number(db.prepare(sql).run(...values).changes));
  const change = (sql: string, ...values: SqlValue[]): boolean => countChanges(sql, ...values) > 0;
  const find = (id: string): JsonObject | undefined => select("SELECT * FROM event WHERE id = ?", id)[0];

  const toRecord = (row: JsonObject): QueueRecord => {
    const lane = readText(row, "lane");
    const lastAttemptAt = readNumber(row, "last_attempt_at");
    const lastError = readText(row, "last_error");
    return {
      ...owner,
      id: readText(row, "id") ?? "",
      payload: decodePayload(readText(row, "payload")),
      receivedAt: readNumber(row, "received_at") ?? 0,
      updatedAt: readNumber(row, "updated_at") ?? 0,
      attempts: readNumber(row, "attempts") ?? 0,
      ...(lane !== undefined && { laneKey: lane }),
      ...(lastAttemptAt !== undefined && { lastAttemptAt }),
      ...(lastError !== undefined && { lastError }),
    };
  };
  const toClaim = (row: JsonObject): QueueClaim => ({
    ...toRecord(row),
    claim: {
      token: readText(row, "claim_token") ?? "",
      ownerId: readText(row, "claim_owner") ?? "",
      claimedAt: readNumber(row, "claimed_at") ?? 0,
    },
  });

  function listPending(
    options?: Parameters<Queue["listPending"]>[0],
    defaultLimit = ALL_ROWS,
  ): QueueRecord[] {
    const order = options?.orderBy === "id" ? "id" : "received_at, id";
    const limit = typeof options?.limit === "number" ? options.limit : defaultLimit;
    return select(`SELECT * FROM event WHERE status = 'pending' ORDER BY ${order} LIMIT ?`, limit).map(
      toRecord,
    );
  }

  function take(id: string, ownerId: string | undefined, lane?: string): QueueClaim | null {
    const now = Date.now();
    const taken = change(
      `UPDATE event SET status = 'claimed', claim_token = ?, claim_owner = ?, claimed_at = ?, updated_at = ?, lane = COALESCE(?, lane)
       WHERE id = ? AND status = 'pending'`,
      ...[randomUUID(), ownerId ?? `pid:${process.pid}`, now, now, lane ?? null, id],
    );
    const row = taken ? find(id) : undefined;
    return row === undefined ? null : toClaim(row);
  }

  /** Changes a row that is still as the caller knows it: pending, or claimed by the caller's token. */
  function settle(reference: Reference, assignments: string, ...values: SqlValue[]): boolean {
    const { id, token } = readReference(reference);
    const guard = token === undefined ? "status = 'pending'" : "status = 'claimed' AND claim_token = ?";
    const key = token === undefined ? [id] : [id, token];
    return change(`UPDATE event SET ${assignments}, ${UNCLAIM} WHERE id = ? AND ${guard}`, ...values, ...key);
  }

  return {
    async enqueue(id, payload, options) {
      const now = Date.now();
      const accepted = change(
        `INSERT INTO event (id, status, lane, payload, received_at, updated_at)
         VALUES (?, 'pending', ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[id, options?.laneKey ?? null, JSON.stringify(payload), options?.receivedAt ?? now, now],
      );
      const row = find(id);
      if (row === undefined) throw new Error(`Event ${id} could not be stored`);
      if (accepted) return { kind: "accepted", duplicate: false, record: toRecord(row) };
      const at = readNumber(row, "updated_at") ?? 0;
      switch (readText(row, "status")) {
        case "pending":
          return { kind: "pending", duplicate: true, record: toRecord(row) };
        case "claimed":
          return { kind: "claimed", duplicate: true, record: toClaim(row) };
        case "completed":
          return { kind: "completed", duplicate: true, record: { ...owner, id, completedAt: at } };
        default: {
          const reason = readText(row, "reason") ?? "unknown";
          return { kind: "failed", duplicate: true, record: { ...owner, id, failedAt: at, reason } };
        }
      }
    },

    async listPending(options) {
      return listPending(options);
    },

    async listClaims() {
      return select("SELECT * FROM event WHERE status = 'claimed' ORDER BY claimed_at, id").map(toClaim);
    },

    async listFailed(options) {
      const limit = typeof options?.limit === "number" ? options.limit : ALL_ROWS;
      return select(
        "SELECT * FROM event WHERE status = 'failed' ORDER BY updated_at DESC LIMIT ?",
        limit,
      ).map((row) => {
        const message = readText(row, "last_error");
        const reason = readText(row, "reason") ?? "unknown";
        const failedAt = readNumber(row, "updated_at") ?? 0;
        return { ...toRecord(row), failedAt, reason, ...(message !== undefined && { message }) };
      });
    },

    async claimNext(options) {
      const blocked = new Set(options?.blockedLaneKeys);
      const candidates = options?.candidateIds === undefined ? undefined : new Set(options.candidateIds);
      const orderBy = options?.orderBy ?? "received";
      for (const record of listPending({ orderBy, limit: options?.scanLimit ?? CLAIM_SCAN_ROWS })) {
        if (candidates !== undefined && !candidates.has(record.id)) continue;
        const lane = record.laneKey ?? options?.deriveLaneKey?.(record);
        if (lane !== undefined && blocked.has(lane)) continue;
        const claim = take(record.id, options?.ownerId, lane);
        if (claim !== null) return claim;
      }
      return null;
    },

    async claim(id, options) {
      return take(id, options?.ownerId);
    },

    async refreshClaim(claim, options) {
      const at = options?.refreshedAt ?? Date.now();
      return change(
        "UPDATE event SET claimed_at = ?, updated_at = ? WHERE id = ? AND status = 'claimed' AND claim_token = ?",
        ...[at, at, claim.id, claim.claim.token],
      );
    },

    async complete(reference, options) {
      return settle(
        reference,
        "status = 'completed', payload = NULL, updated_at = ?",
        options?.completedAt ?? Date.now(),
      );
    },

    async release(reference, options) {
      const at = options?.releasedAt ?? Date.now();
      const counts = options?.recordAttempt !== false;
      const attempt = counts ? "attempts = attempts + 1, last_attempt_at = ?," : "";
      return settle(
        reference,
        `status = 'pending', ${attempt} last_error = COALESCE(?, last_error), updated_at = ?`,
        ...(counts ? [at] : []),
        ...[options?.lastError ?? null, at],
      );
    },

    async fail(reference, options) {
      return settle(
        reference,
        "status = 'failed', reason = ?, last_error = COALESCE(?, last_error), updated_at = ?",
        ...[options.reason, options.message ?? null, options.failedAt ?? Date.now()],
      );
    },

    async delete(reference) {
      const { id, token } = readReference(reference);
      if (token === undefined) return change("DELETE FROM event WHERE id = ?", id);
      return change("DELETE FROM event WHERE id = ? AND status = 'claimed' AND claim_token = ?", id, token);
    },

    async recoverStaleClaims(options) {
      const now = options?.now ?? Date.now();
      const claims = select(
        "SELECT * FROM event WHERE status = 'claimed' AND claimed_at <= ?",
        now - (options?.staleMs ?? 0),
      );
      let recovered = 0;
      for (const claim of claims.map(toClaim)) {
        if (options?.shouldRecover !== undefined && !(await options.shouldRecover(claim))) continue;
        const back = "status = 'pending', attempts = attempts + 1, last_attempt_at = ?, updated_at = ?";
        if (settle(claim, back, now, now)) recovered += 1;
      }
      return recovered;
    },

    async prune(options = {}) {
      const now = options.now ?? Date.now();
      const kept = JSON.stringify([...(options.protectIds ?? [])]);
      const bounds = [
        ["pending", options.pendingTtlMs, options.pendingMaxEntries],
        ["completed", options.completedTtlMs, options.completedMaxEntries],
        ["failed", options.failedTtlMs, options.failedMaxEntries],
      ] as const;
      let pruned = 0;
      for (const [status, ttlMs, maxEntries] of bounds) {
        if (ttlMs === undefined && maxEntries === undefined) continue;
        pruned += countChanges(
          `DELETE FROM event WHERE status = ?1 AND id NOT IN (SELECT value FROM json_each(?2)) AND (updated_at < ?3
             OR id NOT IN (SELECT id FROM event WHERE status = ?1 ORDER BY updated_at DESC, id LIMIT ?4))`,
          ...[status, kept, ttlMs === undefined ? 0 : now - ttlMs, maxEntries ?? ALL_ROWS],
        );
      }
      return pruned;
    },
  };
}

function openDatabase(directory: string, file: string): DatabaseSync {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec(SCHEMA);
    const [verdict] = db.prepare("PRAGMA quick_check(1)").all();
    if (verdict?.quick_check === "ok") return db;
  } catch (error) {
    db?.close();
    if (!isDamage(error)) throw error;
    throw moveAside(file, error);
  }
  db.close();
  throw moveAside(file, undefined);
}

const DAMAGE = new Set([11, 26]);
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

/** The primary SQLite result code of an error. */
function resultCode(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

function isDamage(error: unknown): boolean {
  return DAMAGE.has(resultCode(error) ?? 0);
}

/** Keeps a damaged queue, for whoever wants to read it, and makes room for a new one. */
function moveAside(file: string, cause: unknown): StorageError {
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(":", "")}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`);
  }
  return new StorageError(
    `The queue of received messages was damaged and now lies at ${aside}. Restart the channel to go on with an empty queue; messages that waited in it are not answered`,
    { passing: false, cause },
  );
}

/** Runs a step of the queue and says of an SQLite error what it means for the operator. */
function explaining<T>(file: string, run: () => T): T {
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

function readReference(reference: Reference): { id: string; token?: string } {
  if (typeof reference === "string") return { id: reference };
  return "claim" in reference ? { id: reference.id, token: reference.claim.token } : { id: reference.id };
}

/** A payload that cannot be read becomes version 0, which the monitor refuses: the row ends as failed. */
function decodePayload(text: string | undefined): StoredEvent {
  const value = parseJson(text ?? "");
  const version = isJsonObject(value) ? readNumber(value, "version") : undefined;
  const rawEvent = isJsonObject(value) ? readText(value, "rawEvent") : undefined;
  return { version: version ?? 0, rawEvent: rawEvent ?? "" };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

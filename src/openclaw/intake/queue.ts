// Owns where accepted events survive a crash: the host's queue, or our own where the host refuses it.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { type JsonObject, readNumber, readText } from "../../facts/json.ts";
import type { Log } from "../../log.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { onceTakenOver, takeBack } from "./carry-over.ts";
import { QueueFile } from "./queue-file.ts";
import {
  ALL_ROWS,
  type Queue,
  type QueueClaim,
  type QueueRecord,
  QueueRows,
  type StoredEvent,
} from "./queue-rows.ts";

/** Rows that are looked at for the next claim. */
const CLAIM_SCAN_ROWS = 1000;

/** The queue of an account. */
export interface AccountQueue extends Queue {
  /** How many events wait in a lane; with `withThreads`, in those of its threads as well. */
  countPending(lane: string, options: { readonly withThreads: boolean }): Promise<number>;
  /** The events that wait in a lane, in order of arrival. */
  listLane(lane: string): Promise<QueueRecord[]>;
  /** The first event that waits in each lane, in order of arrival: no other of the lane can be begun. */
  listFirst(): Promise<QueueRecord[]>;
}

type EnqueueResult = Awaited<ReturnType<Queue["enqueue"]>>;

/**
 * Opens the durable queue of an account. OpenClaw up to 2026.10.4 keeps its own for plugins of its catalog and refuses
 * others with `PLUGIN_TRUST_REFUSED`; then the events stand in `<state>/rocketchat/ingress-<account>.sqlite`. Where
 * OpenClaw gives its own, it takes over what stands in ours.
 */
export function openIngressQueue(
  state: Pick<PluginRuntime["state"], "openChannelIngressQueue" | "resolveStateDir">,
  accountId: string,
  log: Log,
): AccountQueue {
  const directory = join(state.resolveStateDir(), CHANNEL_ID);
  const host = openHostQueue(state, accountId);
  if (host !== undefined)
    return inOrderOfArrival(byLanes(onceTakenOver(host, openCopy(directory, accountId, log), log)));
  const rows = openRows(directory, accountId);
  takeBack(rows);
  return queueOf(rows);
}

/** Undefined when the host refuses. */
function openHostQueue(
  state: Pick<PluginRuntime["state"], "openChannelIngressQueue">,
  accountId: string,
): Queue | undefined {
  try {
    return state.openChannelIngressQueue<StoredEvent>({ accountId });
  } catch (error) {
    if (isTrustRefusal(error)) return undefined;
    throw error;
  }
}

/** Works out by itself what waits in which lane: the host's queue cannot be asked for it. */
function byLanes(queue: Queue): AccountQueue {
  return {
    ...queue,
    async listFirst() {
      const first = new Map<string | undefined, QueueRecord>();
      for (const record of await queue.listPending({ limit: "all", orderBy: "received" }))
        if (!first.has(record.laneKey)) first.set(record.laneKey, record);
      return [...first.values()];
    },
    async listLane(lane) {
      const pending = await queue.listPending({ limit: "all", orderBy: "received" });
      return pending.filter(({ laneKey }) => laneKey === lane);
    },
    async countPending(lane, { withThreads }) {
      const pending = await queue.listPending({ limit: "all" });
      return pending.filter(
        ({ laneKey }) => laneKey === lane || (withThreads && laneKey?.startsWith(`${lane}:`)),
      ).length;
    },
  };
}

/** Undefined when our file cannot be used, which is no reason to receive nothing. */
function openCopy(directory: string, accountId: string, log: Log): QueueRows | undefined {
  try {
    return openRows(directory, accountId);
  } catch (error) {
    log.warn("what waits in the queue of an older OpenClaw cannot be taken over", { error });
    return undefined;
  }
}

function isTrustRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "PLUGIN_TRUST_REFUSED";
}

/**
 * Opens the SQLite queue file of one account in `directory`, creating both. Throws StorageError when that cannot be
 * done; a damaged file is moved aside first. `maxPages` bounds the file. What the queue's calls reject with is a StorageError as well.
 */
export function openSqliteQueue(
  directory: string,
  accountId: string,
  { maxPages }: { readonly maxPages?: number } = {},
): AccountQueue {
  return queueOf(openRows(directory, accountId, maxPages));
}

function openRows(directory: string, accountId: string, maxPages?: number): QueueRows {
  return new QueueRows(new QueueFile(directory, `ingress-${accountId}.sqlite`, maxPages), accountId);
}

function queueOf(rows: QueueRows): AccountQueue {
  return inOrderOfArrival({
    ...openLists(rows),
    ...openEntrance(rows),
    ...openClaims(rows),
    ...openExit(rows),
  });
}

/**
 * Events are given out by the millisecond of their arrival, and those of one by their ids, which are random: so each gets
 * one of its own. An earlier one is of a clock that was set back.
 */
function inOrderOfArrival(queue: AccountQueue): AccountQueue {
  let latest = Number.NEGATIVE_INFINITY;
  let given = latest;
  return {
    ...queue,
    enqueue(id, payload, options) {
      const at = options?.receivedAt ?? Date.now();
      given = at >= latest && at <= given ? given + 1 : at;
      latest = at;
      return queue.enqueue(id, payload, { ...options, receivedAt: given });
    },
  };
}

/** Looking at rows. */
function openLists(
  rows: QueueRows,
): Pick<
  AccountQueue,
  "listPending" | "listFirst" | "listLane" | "countPending" | "listClaims" | "listFailed"
> {
  return {
    async listFirst() {
      return rows.listFirst();
    },

    async listLane(lane) {
      return rows.listLane(lane);
    },

    async countPending(lane, { withThreads }) {
      return rows.countPending(lane, { withThreads });
    },

    async listPending({ orderBy = "received", limit } = {}) {
      return rows.listPending({ orderBy, limit: limitOf(limit) });
    },

    async listClaims() {
      const sql = "SELECT * FROM event WHERE status = 'claimed' ORDER BY claimed_at, id";
      return rows.file.select(sql).map((row) => rows.toClaim(row));
    },

    async listFailed({ limit } = {}) {
      const sql = "SELECT * FROM event WHERE status = 'failed' ORDER BY updated_at DESC LIMIT ?";
      return rows.file.select(sql, limitOf(limit)).map((row) => describeFailed(rows, row));
    },
  };
}

function describeFailed(rows: QueueRows, row: JsonObject) {
  const message = readText(row, "last_error");
  return { ...rows.toRecord(row), ...failureOf(row), ...(message !== undefined && { message }) };
}

function limitOf(limit: number | "all" | undefined): number {
  return typeof limit === "number" ? limit : ALL_ROWS;
}

function failureOf(row: JsonObject) {
  return { failedAt: readNumber(row, "updated_at") ?? 0, reason: readText(row, "reason") ?? "unknown" };
}

/** Taking events in, each once. */
function openEntrance(rows: QueueRows): Pick<Queue, "enqueue"> {
  return {
    async enqueue(id, payload, options) {
      const now = Date.now();
      const accepted = rows.file.change(
        `INSERT INTO event (id, status, lane, payload, received_at, updated_at)
         VALUES (?, 'pending', ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...[id, options?.laneKey ?? null, JSON.stringify(payload), options?.receivedAt ?? now, now],
      );
      const row = rows.find(id);
      if (row === undefined) throw new Error(`Event ${id} could not be stored`);
      if (accepted > 0) return { kind: "accepted", duplicate: false, record: rows.toRecord(row) };
      return describeDuplicate(rows, id, row);
    },
  };
}

/** What has become of an event that is stored already. */
function describeDuplicate(rows: QueueRows, id: string, row: JsonObject): EnqueueResult {
  const tombstone = { ...rows.owner, id };
  switch (readText(row, "status")) {
    case "pending":
      return { kind: "pending", duplicate: true, record: rows.toRecord(row) };
    case "claimed":
      return { kind: "claimed", duplicate: true, record: rows.toClaim(row) };
    case "completed": {
      const completedAt = readNumber(row, "updated_at") ?? 0;
      return { kind: "completed", duplicate: true, record: { ...tombstone, completedAt } };
    }
    default:
      return { kind: "failed", duplicate: true, record: { ...tombstone, ...failureOf(row) } };
  }
}

/** Handing events to a worker. */
function openClaims(
  rows: QueueRows,
): Pick<Queue, "claimNext" | "claim" | "refreshClaim" | "recoverStaleClaims"> {
  return {
    async claimNext({ blockedLaneKeys, candidateIds, orderBy = "received", ...options } = {}) {
      const blocked = new Set(blockedLaneKeys);
      const limit = options.scanLimit ?? CLAIM_SCAN_ROWS;
      for (const record of rows.listPending({ orderBy, limit, ids: candidateIds, notInLanes: blocked })) {
        const lane = record.laneKey ?? options.deriveLaneKey?.(record);
        if (lane !== undefined && blocked.has(lane)) continue;
        const claim = take(rows, record.id, { ownerId: options.ownerId, lane });
        if (claim !== null) return claim;
      }
      return null;
    },

    async claim(id, options) {
      return take(rows, id, { ownerId: options?.ownerId, lane: undefined });
    },

    async refreshClaim(claim, options) {
      const at = options?.refreshedAt ?? Date.now();
      const sql =
        "UPDATE event SET claimed_at = ?, updated_at = ? WHERE id = ? AND status = 'claimed' AND claim_token = ?";
      return rows.file.change(sql, at, at, claim.id, claim.claim.token) > 0;
    },

    async recoverStaleClaims({ now = Date.now(), staleMs = 0, shouldRecover } = {}) {
      // What was claimed in the future was claimed before the clock was set back.
      const sql = "SELECT * FROM event WHERE status = 'claimed' AND (claimed_at <= ? OR claimed_at > ?)";
      let recovered = 0;
      for (const claim of rows.file.select(sql, now - staleMs, now).map((row) => rows.toClaim(row))) {
        if (shouldRecover !== undefined && !(await shouldRecover(claim))) continue;
        const back = "status = 'pending', attempts = attempts + 1, last_attempt_at = ?, updated_at = ?";
        if (rows.settle(claim, back, now, now)) recovered += 1;
      }
      return recovered;
    },
  };
}

/** Claims a pending row; null when somebody else has it. */
function take(
  rows: QueueRows,
  id: string,
  { ownerId, lane }: { readonly ownerId: string | undefined; readonly lane: string | undefined },
): QueueClaim | null {
  const now = Date.now();
  const taken = rows.file.change(
    `UPDATE event SET status = 'claimed', claim_token = ?, claim_owner = ?, claimed_at = ?, updated_at = ?, lane = COALESCE(?, lane)
     WHERE id = ? AND status = 'pending'`,
    ...[randomUUID(), ownerId ?? `pid:${process.pid}`, now, now, lane ?? null, id],
  );
  const row = taken > 0 ? rows.find(id) : undefined;
  return row === undefined ? null : rows.toClaim(row);
}

/** Ending events, and in time their tombstones. */
function openExit(rows: QueueRows): Pick<Queue, "complete" | "release" | "fail" | "delete" | "prune"> {
  return {
    async complete(reference, options) {
      const done = "status = 'completed', payload = NULL, updated_at = ?";
      return rows.settle(reference, done, options?.completedAt ?? Date.now());
    },

    async release(reference, options) {
      const at = options?.releasedAt ?? Date.now();
      const counts = options?.recordAttempt !== false;
      const attempt = counts ? "attempts = attempts + 1, last_attempt_at = ?," : "";
      return rows.settle(
        reference,
        `status = 'pending', ${attempt} last_error = COALESCE(?, last_error), updated_at = ?`,
        ...(counts ? [at] : []),
        ...[options?.lastError ?? null, at],
      );
    },

    async fail(reference, options) {
      return rows.settle(
        reference,
        "status = 'failed', reason = ?, last_error = COALESCE(?, last_error), updated_at = ?",
        ...[options.reason, options.message ?? null, options.failedAt ?? Date.now()],
      );
    },

    async delete(reference) {
      return rows.remove(reference);
    },

    async prune(options = {}) {
      return prune(rows, options);
    },
  };
}

type PruneOptions = NonNullable<Parameters<Queue["prune"]>[0]>;

/** Of each status: how old a row may become, and how many there may be. */
const boundsOf = (options: PruneOptions) =>
  [
    ["pending", options.pendingTtlMs, options.pendingMaxEntries],
    ["completed", options.completedTtlMs, options.completedMaxEntries],
    ["failed", options.failedTtlMs, options.failedMaxEntries],
  ] as const;

/** Removes what is too old or too much of each status; answers how many rows. */
function prune({ file }: QueueRows, options: PruneOptions): number {
  const now = options.now ?? Date.now();
  const kept = JSON.stringify([...(options.protectIds ?? [])]);
  let pruned = 0;
  for (const [status, ttlMs, maxEntries] of boundsOf(options)) {
    if (ttlMs === undefined && maxEntries === undefined) continue;
    pruned += file.change(
      `DELETE FROM event WHERE status = ?1 AND id NOT IN (SELECT value FROM json_each(?2)) AND (updated_at < ?3
         OR id NOT IN (SELECT id FROM event WHERE status = ?1 ORDER BY updated_at DESC, id LIMIT ?4))`,
      ...[status, kept, ttlMs === undefined ? 0 : now - ttlMs, maxEntries ?? ALL_ROWS],
    );
  }
  return pruned;
}

// Owns the rows of the queue: read as OpenClaw's records, and changed only as their reader knows them.

import type {
  ChannelIngressQueue,
  ChannelIngressQueueClaim,
  ChannelIngressQueueClaimRef,
  ChannelIngressQueueRecord,
} from "openclaw/plugin-sdk/channel-outbound";
import { isJsonObject, type JsonObject, readNumber, readText } from "../../facts/json.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { QueueFile, SqlValue } from "./queue-file.ts";

/** What a row carries: the queue monitor's envelope around the event's JSON text. */
export interface StoredEvent {
  version: number;
  rawEvent: string;
}

export type Queue = ChannelIngressQueue<StoredEvent>;
export type QueueRecord = ChannelIngressQueueRecord<StoredEvent>;
export type QueueClaim = ChannelIngressQueueClaim<StoredEvent>;
export type Reference = string | QueueRecord | ChannelIngressQueueClaimRef;

/** To select all rows. */
export const ALL_ROWS = -1;

/** A JSON array as a parameter. */
const LIST = "(SELECT value FROM json_each(?))";
/** What a listed record is made of. */
const LISTED = [
  "id",
  "lane",
  "received_at",
  "updated_at",
  "attempts",
  "last_attempt_at",
  "last_error",
] as const;

interface PendingQuery {
  readonly orderBy?: "id" | "received";
  readonly limit?: number;
  /** Only these; absent: all. */
  readonly ids?: Iterable<string> | undefined;
  /** None that stand in these lanes. */
  readonly notInLanes?: Iterable<string>;
}

/**
 * OpenClaw lists what waits, again and again, and looks at lanes and times alone: a payload is read when it is asked for, and
 * nothing is copied.
 */
class ListedRecord implements QueueRecord {
  readonly channelId: string;
  readonly accountId: string;
  readonly queueName: string;
  readonly id: string;
  readonly receivedAt: number;
  readonly updatedAt: number;
  readonly attempts: number;
  declare readonly laneKey?: string;
  declare readonly lastAttemptAt?: number;
  declare readonly lastError?: string;
  readonly #rows: QueueRows;

  constructor(rows: QueueRows, values: readonly unknown[]) {
    const [id, lane, receivedAt, updatedAt, attempts, lastAttemptAt, lastError] = values;
    this.#rows = rows;
    this.channelId = rows.owner.channelId;
    this.accountId = rows.owner.accountId;
    this.queueName = rows.owner.queueName;
    this.id = typeof id === "string" ? id : "";
    this.receivedAt = numberOf(receivedAt);
    this.updatedAt = numberOf(updatedAt);
    this.attempts = numberOf(attempts);
    if (typeof lane === "string") this.laneKey = lane;
    // The next attempt waits from then on; one in the future was before the clock was set back.
    if (typeof lastAttemptAt === "number" && lastAttemptAt <= Date.now()) this.lastAttemptAt = lastAttemptAt;
    if (typeof lastError === "string") this.lastError = lastError;
  }

  get payload(): StoredEvent {
    return decodePayload(readText(this.#rows.find(this.id) ?? {}, "payload"));
  }
}

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);

const UNCLAIM = "claim_token = NULL, claim_owner = NULL, claimed_at = NULL";

/** The rows of one account. */
export class QueueRows {
  readonly file: QueueFile;
  /** Whose rows they are, as every record says. */
  readonly owner: { readonly channelId: string; readonly accountId: string; readonly queueName: string };

  constructor(file: QueueFile, accountId: string) {
    this.file = file;
    this.owner = { channelId: CHANNEL_ID, accountId, queueName: `${CHANNEL_ID}:${accountId}` };
  }

  find(id: string): JsonObject | undefined {
    return this.file.select("SELECT * FROM event WHERE id = ?", id)[0];
  }

  /** The limit counts what passes the filters: rows that wait in one lane must never hide those of another. */
  listPending({ orderBy, limit = ALL_ROWS, ids, notInLanes }: PendingQuery): QueueRecord[] {
    const order = orderBy === "id" ? "id" : "received_at, id";
    const filters = [
      ...(ids === undefined ? [] : [{ sql: `id IN ${LIST}`, list: [...ids] }]),
      ...(notInLanes === undefined
        ? []
        : [{ sql: `(lane IS NULL OR lane NOT IN ${LIST})`, list: [...notInLanes] }]),
    ];
    const where = ["status = 'pending'", ...filters.map(({ sql }) => sql)].join(" AND ");
    const lists = filters.map(({ list }) => JSON.stringify(list));
    const sql = `SELECT ${LISTED.join(", ")} FROM event WHERE ${where} ORDER BY ${order} LIMIT ?`;
    return this.file.selectValues(sql, ...lists, limit).map((values) => new ListedRecord(this, values));
  }

  /** The first row that waits in each lane. Rows without a lane count as one lane. */
  listFirst(): QueueRecord[] {
    const columns = LISTED.map((column) => `event.${column}`).join(", ");
    const first = "SELECT lane, min(received_at) AS at FROM event WHERE status = 'pending' GROUP BY lane";
    const sql = `SELECT ${columns} FROM (${first}) AS first JOIN event
      ON event.status = 'pending' AND event.lane IS first.lane AND event.received_at = first.at
      ORDER BY event.received_at, event.id`;
    return this.file.selectValues(sql).map((values) => new ListedRecord(this, values));
  }

  /** The rows that wait in a lane. */
  listLane(lane: string): QueueRecord[] {
    const sql = `SELECT ${LISTED.join(", ")} FROM event WHERE status = 'pending' AND lane = ? ORDER BY received_at, id`;
    return this.file.selectValues(sql, lane).map((values) => new ListedRecord(this, values));
  }

  /** How many rows wait in a lane, and in those of its threads, whose names go on from its own and a colon. */
  countPending(lane: string, { withThreads }: { readonly withThreads: boolean }): number {
    const threads = withThreads ? `${lane}:` : null;
    const sql = `SELECT count(*) AS count FROM event WHERE status = 'pending'
      AND (lane = ?1 OR substr(lane, 1, length(?2)) = ?2)`;
    return readNumber(this.file.select(sql, lane, threads)[0] ?? {}, "count") ?? 0;
  }

  /** Changes a row that is still as the caller knows it: pending, or claimed by the caller's token. */
  settle(reference: Reference, assignments: string, ...values: SqlValue[]): boolean {
    const { id, token } = readReference(reference);
    const guard = token === undefined ? "status = 'pending'" : "status = 'claimed' AND claim_token = ?";
    const key = token === undefined ? [id] : [id, token];
    const sql = `UPDATE event SET ${assignments}, ${UNCLAIM} WHERE id = ? AND ${guard}`;
    return this.file.change(sql, ...values, ...key) > 0;
  }

  /** Removes a row that is as the caller knows it; one named by its id alone in any case. */
  remove(reference: Reference): boolean {
    const { id, token } = readReference(reference);
    if (token === undefined) return this.file.change("DELETE FROM event WHERE id = ?", id) > 0;
    const sql = "DELETE FROM event WHERE id = ? AND status = 'claimed' AND claim_token = ?";
    return this.file.change(sql, id, token) > 0;
  }

  toRecord(row: JsonObject): QueueRecord {
    const listed = new ListedRecord(
      this,
      LISTED.map((column) => row[column]),
    );
    return { ...listed, payload: decodePayload(readText(row, "payload")) };
  }

  toClaim(row: JsonObject): QueueClaim {
    return {
      ...this.toRecord(row),
      claim: {
        token: readText(row, "claim_token") ?? "",
        ownerId: readText(row, "claim_owner") ?? "",
        claimedAt: readNumber(row, "claimed_at") ?? 0,
      },
    };
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

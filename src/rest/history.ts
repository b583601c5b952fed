// Owns the endpoints that tell what happened while nobody listened.

import { type JsonObject, readInstant, readObject, readObjects, readText } from "../facts/json.ts";
import type { CallOptions, RestClient } from "./client.ts";

/** A room in which something happened. */
export interface MovedRoom {
  readonly id: string;
  /** `c`, `p` or `d`. */
  readonly type: string;
  readonly name: string | undefined;
  /** `prid`: the room that a discussion belongs to. */
  readonly parentId: string | undefined;
  /** When something happened in it last; epoch milliseconds of the server's clock. */
  readonly movedAt: number;
}

const iso = (instant: number): string => new Date(instant).toISOString();

/**
 * `GET /api/v1/rooms.get`: the rooms the bot is in whose document changed since `since`, which every new message
 * does, replies in threads included (recording `rooms-list`).
 */
export async function fetchMovedRooms(
  rest: RestClient,
  since: number,
  options: CallOptions = {},
): Promise<MovedRoom[]> {
  const answer = await rest.get("v1/rooms.get", { updatedSince: iso(since) }, options);
  return readObjects(answer, "update").flatMap((room) => {
    const [id, type] = [readText(room, "_id"), readText(room, "t")];
    if (id === undefined || type === undefined) return [];
    return [
      {
        id,
        type,
        name: readText(room, "name"),
        parentId: readText(room, "prid"),
        movedAt: readInstant(room, "lm") ?? readInstant(room, "_updatedAt") ?? 0,
      },
    ];
  });
}

/** `GET /api/v1/subscriptions.get`: when the bot joined the rooms that it joined since `since`, by room id. */
export async function fetchJoins(rest: RestClient, since: number): Promise<Map<string, number>> {
  const answer = await rest.get("v1/subscriptions.get", { updatedSince: iso(since) });
  const joins = readObjects(answer, "update").flatMap((membership): [string, number][] => {
    const [roomId, joinedAt] = [readText(membership, "rid"), readInstant(membership, "ts")];
    return roomId === undefined || joinedAt === undefined || joinedAt < since ? [] : [[roomId, joinedAt]];
  });
  return new Map(joins);
}

/** `API_Upper_Count_Limit` as it comes. */
const PAGE = 100;

export interface History {
  /** Raw message documents, oldest first, replies in threads included. */
  readonly messages: readonly JsonObject[];
  /** Whether older ones of the asked span were left out. */
  readonly cut: boolean;
}

/** Which messages of a room: the newest `max` that were sent after `since`. */
export interface Span {
  readonly since: number;
  readonly max: number;
}

/** `GET /api/v1/{channels,groups,im}.history`. */
export async function fetchHistory(
  rest: RestClient,
  room: Pick<MovedRoom, "id" | "type">,
  { since, max }: Span,
  options: CallOptions = {},
): Promise<History> {
  const family = room.type === "c" ? "channels" : room.type === "p" ? "groups" : "im";
  const newestFirst: JsonObject[] = [];
  const size = Math.min(PAGE, max + 1);
  for (;;) {
    const page = readObjects(
      await rest.get(
        `v1/${family}.history`,
        {
          roomId: room.id,
          oldest: iso(since),
          count: String(size),
          offset: String(newestFirst.length),
          showThreadMessages: "true",
        },
        options,
      ),
      "messages",
    );
    newestFirst.push(...page);
    const cut = newestFirst.length > max;
    if (cut || page.length < size)
      return { messages: newestFirst.slice(0, max).reverse().sort(bySentAt), cut };
  }
}

function bySentAt(a: JsonObject, b: JsonObject): number {
  return (readInstant(a, "ts") ?? 0) - (readInstant(b, "ts") ?? 0);
}

/** What became of messages of a room since a time: documents that changed, and ids of those that are gone. */
export interface Changes {
  readonly updated: readonly JsonObject[];
  readonly deletedIds: readonly string[];
}

/** `GET /api/v1/chat.syncMessages`: everything of a room that changed, new messages included. Slow in large rooms. */
export async function fetchChanges(rest: RestClient, roomId: string, since: number): Promise<Changes> {
  const answer = await rest.get("v1/chat.syncMessages", { roomId, lastUpdate: iso(since) });
  const result = readObject(answer, "result") ?? {};
  return {
    updated: [...readObjects(result, "updated")].sort(bySentAt),
    deletedIds: readObjects(result, "deleted").flatMap((gone) => readText(gone, "_id") ?? []),
  };
}

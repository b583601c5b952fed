// Owns the decoding of a Rocket.Chat room document into RoomFacts.

import { isJsonObject, readInstant, readText, readTexts } from "./json.ts";

/** OpenClaw's chat types: a 1:1 conversation, a group DM, or any other room. */
export type ChatType = "direct" | "group" | "channel";

export interface RoomFacts {
  readonly id: string;
  /** `t`: public channel, private group, or direct message of any size. */
  readonly type: "c" | "p" | "d";
  readonly chatType: ChatType;
  /** What people call it: title of a discussion, else the name; undefined for direct messages. */
  readonly label: string | undefined;
  /** `name`: what a room is addressed by, unique among channels and groups; a random id for a discussion. */
  readonly name?: string | undefined;
  /** Distinct user ids of a direct message or group DM, the bot's own among them; empty for other rooms. */
  readonly memberIds?: readonly string[];
  /** What members wrote over the room, as untrusted as their messages. */
  readonly topic?: string | undefined;
  readonly announcement?: string | undefined;
  readonly description?: string | undefined;
  /**
   * `prid`: the room that a discussion belongs to (recording `discussion`). Whoever makes a room may choose it: for the rooms of
   * `Places` the parent has confirmed it.
   */
  readonly parentId?: string | undefined;
  /** The same where the parent did not. */
  readonly unconfirmedParentId?: string | undefined;
  /** The parent's `name`, where it was asked for and is visible to the bot user. */
  readonly parentName?: string | undefined;
  /** `ts`: when it was made, by the server's clock. Epoch milliseconds. */
  readonly createdAt?: number | undefined;
  /** An older room of the bot's whose id differs by capitals alone, where that was asked for. */
  readonly olderNamesakeId?: string | undefined;
}

/**
 * Decodes `room` of `rooms.info`. Direct messages and group DMs both have `t: "d"` and differ by the
 * number of distinct `uids` (recordings `direct-message`, `group-dm`). Without `uids` the number of
 * members is unknown and the room counts as a group DM, which is the stricter reading.
 */
export function decodeRoom(raw: unknown): RoomFacts | undefined {
  if (!isJsonObject(raw)) return undefined;
  const id = readText(raw, "_id");
  const type = readText(raw, "t");
  if (id === undefined || (type !== "c" && type !== "p" && type !== "d")) return undefined;
  const memberIds = type === "d" ? [...new Set(readTexts(raw, "uids") ?? [])] : [];
  return {
    id,
    type,
    chatType: type !== "d" ? "channel" : memberIds.length === 2 ? "direct" : "group",
    label: readText(raw, "fname") ?? readText(raw, "name"),
    name: type === "d" ? undefined : readText(raw, "name"),
    memberIds,
    topic: readText(raw, "topic"),
    announcement: readText(raw, "announcement"),
    description: readText(raw, "description"),
    parentId: readText(raw, "prid"),
    createdAt: readInstant(raw, "ts"),
  };
}

/**
 * The room that counts of those whose ids differ by capitals alone, which OpenClaw's session keys do not keep: the oldest. Whoever
 * makes a room may choose its id, but never when it was made.
 */
export function oldestOf(rooms: readonly RoomFacts[]): RoomFacts | undefined {
  return rooms.find((room) => !rooms.some((other) => isOlder(other, room)));
}

/** Whether a room counts before another whose id differs by capitals alone. */
export function isOlder(one: RoomFacts, other: RoomFacts): boolean {
  const [made, madeOther] = [one, other].map(({ createdAt = Number.POSITIVE_INFINITY }) => createdAt);
  return made === madeOther ? one.id < other.id : (made ?? 0) < (madeOther ?? 0);
}

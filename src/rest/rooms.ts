// Owns the endpoints about rooms.

import { ProtocolError, RestError } from "../errors.ts";
import { readInstant, readNumber, readObject, readObjects, readText, readTexts } from "../facts/json.ts";
import { decodeRoom, type RoomFacts } from "../facts/room.ts";
import { adviseRetry } from "../retry.ts";
import type { CallOptions, RestClient } from "./client.ts";

/**
 * `GET /api/v1/rooms.info`. Undefined when the server refuses: the room is gone, or the bot is not in it
 * (400 `error-room-not-found`, 400 `Not Allowed`; recording `dm-lifecycle`). A refusal without a code is not
 * Rocket.Chat's own and rejects, as every other failure does.
 */
export async function fetchRoom(
  rest: RestClient,
  roomId: string,
  call?: CallOptions,
): Promise<RoomFacts | undefined> {
  const room = await askForRoom(rest, { roomId }, call);
  return room?.id === roomId ? room : undefined;
}

/** The channel, private group or team room with exactly this name that the bot may see; undefined as above. */
export async function findRoomByName(
  rest: RestClient,
  roomName: string,
  call?: CallOptions,
): Promise<RoomFacts | undefined> {
  const room = await askForRoom(rest, { roomName }, call);
  return room?.chatType === "channel" && room.name === roomName ? room : undefined;
}

async function askForRoom(
  rest: RestClient,
  query: { readonly roomId: string } | { readonly roomName: string },
  call?: CallOptions,
): Promise<RoomFacts | undefined> {
  try {
    return decodeRoom((await rest.get("v1/rooms.info", { ...query }, call)).room);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** A rate limit, for one, says nothing of a room. */
const isRefusal = (error: unknown): boolean =>
  error instanceof RestError && error.serverCode !== undefined && adviseRetry(error).kind === "blocked";

/** A page of the server's; `API_Upper_Count_Limit` may cut it. */
const PAGE = "100";

/** By how much the clocks of a server's instances may differ. Milliseconds. */
const CLOCKS_MS = 60 * 60_000;

/**
 * `GET /api/v1/chat.getDiscussions`, newest first (recording `lookups`): whether the parent holds the message that stands for a
 * discussion. That is written once the room is made, so that older ones are not looked through. A parent that the bot
 * may not see holds none.
 */
export async function holdsDiscussion(
  rest: RestClient,
  { id, parentId, createdAt = 0 }: RoomFacts & { readonly parentId: string },
  call?: CallOptions,
): Promise<boolean> {
  try {
    for (let offset = 0; ; ) {
      const query = { roomId: parentId, count: PAGE, offset: String(offset) };
      const answer = await rest.get("v1/chat.getDiscussions", query, call);
      const page = readObjects(answer, "messages");
      if (page.some(({ rid, drid }) => rid === parentId && drid === id)) return true;
      const earliest = readInstant(page.at(-1) ?? {}, "ts") ?? Number.NEGATIVE_INFINITY;
      offset += page.length;
      if (earliest < createdAt - CLOCKS_MS || offset >= (readNumber(answer, "total") ?? 0)) return false;
    }
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** `GET /api/v1/rooms.get`: the rooms that the bot is in, direct messages among them. */
export async function fetchJoinedRooms(rest: RestClient): Promise<readonly RoomFacts[]> {
  const answer = await rest.get("v1/rooms.get");
  return readObjects(answer, "update").flatMap((raw) => decodeRoom(raw) ?? []);
}

/** `GET /api/v1/subscriptions.getOne`: whether the bot is in a room; a public one may be read and written without. */
export async function isMember(rest: RestClient, roomId: string): Promise<boolean> {
  const answer = await rest.get("v1/subscriptions.getOne", { roomId });
  return readObject(answer, "subscription") !== undefined;
}

/** `POST /api/v1/channels.join`. Rejects with RestError when the server refuses, for example for want of a join code. */
export async function joinRoom(rest: RestClient, roomId: string): Promise<void> {
  await rest.post("v1/channels.join", { roomId });
}

/**
 * `POST /api/v1/im.create`: the id of the 1:1 room with a user, created if there is none. 8.3 answers an
 * unknown name with the caller's own room (recording `dm-lifecycle`), so the members are compared.
 */
export async function openDirectRoom(rest: RestClient, username: string): Promise<string> {
  const room = readObject(await rest.post("v1/im.create", { username }), "room");
  const id = room && (readText(room, "_id") ?? readText(room, "rid"));
  if (room && id !== undefined && readTexts(room, "usernames")?.includes(username)) return id;
  throw new ProtocolError(
    `im.create did not open a direct message with @${username}; check that the user exists`,
    {
      reason: "unreadable-answer",
    },
  );
}

/**
 * `POST /api/v1/im.create` with several names (recording `group-dm`): the id of the room with just these people. 8.3 leaves
 * out names that it does not know, so the members are compared.
 */
export async function openGroupDirectRoom(
  rest: RestClient,
  { people, own }: { readonly people: readonly { readonly username: string }[]; readonly own: string },
): Promise<string> {
  const usernames = people.map(({ username }) => username);
  const answer = await rest.post("v1/im.create", { usernames: usernames.join(",") });
  const room = readObject(answer, "room") ?? {};
  const id = readText(room, "_id") ?? readText(room, "rid");
  const members = new Set(readTexts(room, "usernames"));
  const wanted = new Set([...usernames, own]);
  const isWhole = members.size === wanted.size && [...wanted].every((name) => members.has(name));
  if (id !== undefined && isWhole) return id;
  throw new ProtocolError("im.create did not open a group DM with all these people", {
    reason: "unreadable-answer",
  });
}

/** What decides whether a member may write in a room. */
export interface RoomState {
  readonly readOnly: boolean;
  readonly archived: boolean;
  readonly encrypted: boolean;
  /** Usernames. */
  readonly muted: readonly string[];
  /** Usernames that may write although the room is read-only. */
  readonly unmuted: readonly string[];
}

/** `GET /api/v1/rooms.info` (recording `send-errors`). Rejects with RestError when the room is not visible. */
export async function fetchRoomState(rest: RestClient, roomId: string): Promise<RoomState> {
  const room = readObject(await rest.get("v1/rooms.info", { roomId }), "room") ?? {};
  return {
    readOnly: room.ro === true,
    archived: room.archived === true,
    encrypted: room.encrypted === true,
    muted: readTexts(room, "muted") ?? [],
    unmuted: readTexts(room, "unmuted") ?? [],
  };
}

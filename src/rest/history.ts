// Owns the endpoints that tell what happened while nobody listened.

import { ProtocolError } from "../errors.ts";
import {
  type JsonObject,
  readInstant,
  readNumber,
  readObject,
  readObjects,
  readText,
} from "../facts/json.ts";
import type { CallOptions, RestClient } from "./client.ts";

/** A room that may have to be read. */
export interface MovedRoom {
  readonly id: string;
  /** `c`, `p` or `d`. */
  readonly type: string;
  readonly name: string | undefined;
  /** `prid`: the room that a discussion belongs to. */
  readonly parentId: string | undefined;
}

/** What the list of moved rooms says of one. */
export interface RoomNews {
  readonly room: MovedRoom;
  /** When something happened in it last; epoch milliseconds of the server's clock. */
  readonly movedAt: number;
  /** Ids of those whom its last message mentions. */
  readonly mentions: readonly string[];
}

const iso = (instant: number): string => new Date(instant).toISOString();

/**
 * `GET /api/v1/rooms.get`: the rooms the bot is in whose document changed since `since`, which every new message
 * does, replies in threads included (recording `rooms-list`). The answer bears each room's last message whole, so that it
 * may be too large to be read.
 */
export async function fetchMovedRooms(
  rest: RestClient,
  since: number,
  options: CallOptions = {},
): Promise<RoomNews[]> {
  const answer = await rest.get("v1/rooms.get", { updatedSince: iso(since) }, options);
  return readObjects(answer, "update").flatMap((raw) => {
    const room = decodeRoom(raw, "_id");
    const last = readObject(raw, "lastMessage") ?? {};
    const mentions = readObjects(last, "mentions").flatMap((mention) => readText(mention, "_id") ?? []);
    const movedAt = readInstant(raw, "lm") ?? readInstant(raw, "_updatedAt") ?? 0;
    return room === undefined ? [] : [{ room, movedAt, mentions }];
  });
}

function decodeRoom(raw: JsonObject, key: "_id" | "rid"): MovedRoom | undefined {
  const [id, type] = [readText(raw, key), readText(raw, "t")];
  if (id === undefined || type === undefined) return undefined;
  return { id, type, name: readText(raw, "name"), parentId: readText(raw, "prid") };
}

/** The bot's membership of a room. */
export interface Membership {
  readonly room: MovedRoom;
  readonly joinedAt: number | undefined;
  /** Something in it mentions the bot and was not read by it. */
  readonly mentioned: boolean;
}

/**
 * `GET /api/v1/subscriptions.get`: the memberships that changed since `since`; a mention of the bot changes one, and so
 * does a direct message (recordings `discussion`, `group-dm`). About a kilobyte each.
 */
export async function fetchMemberships(rest: RestClient, since: number): Promise<Membership[]> {
  const answer = await rest.get("v1/subscriptions.get", { updatedSince: iso(since) });
  return readObjects(answer, "update").flatMap((raw) => {
    const room = decodeRoom(raw, "rid");
    const mentioned = (readNumber(raw, "userMentions") ?? 0) > 0;
    return room === undefined ? [] : [{ room, joinedAt: readInstant(raw, "ts"), mentioned }];
  });
}

/** The ids of the channels and groups that the bot is in. */
export async function fetchJoinedIds(rest: RestClient): Promise<readonly string[]> {
  const memberships = await fetchMemberships(rest, 0);
  return memberships.flatMap(({ room }) => (room.type === "d" ? [] : [room.id]));
}

export interface History {
  /** Raw message documents, oldest first, replies in threads included. */
  readonly messages: readonly JsonObject[];
  /** Whether older ones of the asked span were left out. */
  readonly cut: boolean;
  /** How many are not among them since each is larger than an answer may be. */
  readonly unreadable: number;
}

/** Which messages of a room: the newest `max` that were sent after `since`, so many at a time. */
export interface Span {
  readonly since: number;
  readonly max: number;
  readonly pageSize?: number;
  /** What is known of the server's pages; without it one more is asked for than there may be. */
  readonly record?: PageRecord;
}

/** `API_Upper_Count_Limit` as it comes. */
const MAX_PAGE = 100;

/**
 * The most messages that one answer of a server has held. `API_Upper_Count_Limit` shortens pages and is told to nobody:
 * a page that is shorter than asked is the last one only if it is shorter than another was.
 */
export interface PageRecord {
  longest: number;
}

/** Messages that are too large by themselves, and that one reading goes around; with more of them it rejects. */
const MAX_UNREADABLE = 10;

/** What the pages of a reading may hold together once one was too large: about UTF-16 units of JSON. */
const MAX_HELD_UNITS = 32 * 1024 * 1024;

/** Once a page was too large there are more calls than a limited account has at once. Milliseconds. */
const SMALL_PAGES_PATIENCE_MS = 2 * 60_000;

/**
 * `GET /api/v1/{channels,groups,im}.history`. Where an answer is too large it is asked for in smaller pages, down to single
 * messages, and what is too large alone is left out and counted.
 */
export async function fetchHistory(
  rest: RestClient,
  room: Pick<MovedRoom, "id" | "type">,
  span: Span,
  options: CallOptions = {},
): Promise<History> {
  const { max, pageSize = MAX_PAGE, record = { longest: 0 } } = span;
  const newestFirst: JsonObject[] = [];
  let size = pageSize;
  let unreadable = 0;
  let held = 0;
  for (;;) {
    const offset = newestFirst.length + unreadable;
    const count = Math.min(size, max + 1 - offset);
    const isSmall = size < pageSize;
    const call = isSmall ? { ...options, patienceMs: SMALL_PAGES_PATIENCE_MS } : options;
    const page = await readPage(rest, room, { since: span.since, offset, count }, call);
    if (page instanceof ProtocolError) {
      if (count === 1) unreadable += 1;
      if (unreadable > MAX_UNREADABLE) throw page;
    } else newestFirst.push(...page);
    const messages = page instanceof ProtocolError ? [] : page;
    if (isSmall) held += JSON.stringify(messages).length;
    const cut = newestFirst.length + unreadable > max || held > MAX_HELD_UNITS;
    const isLast = page === messages && isEnd(messages.length, count, record);
    if (cut || isLast)
      return { messages: newestFirst.slice(0, max).reverse().sort(bySentAt), cut, unreadable };
    size = page === messages ? Math.min(pageSize, size * 4) : Math.ceil(count / 4);
  }
}

/** The messages of one page, or that it is too large to be read. */
async function readPage(
  rest: RestClient,
  { id, type }: Pick<MovedRoom, "id" | "type">,
  { since, offset, count }: { readonly since: number; readonly offset: number; readonly count: number },
  options: CallOptions,
): Promise<readonly JsonObject[] | ProtocolError> {
  const family = type === "c" ? "channels" : type === "p" ? "groups" : "im";
  const where = { roomId: id, oldest: iso(since), count: String(count), offset: String(offset) };
  const query = { ...where, showThreadMessages: "true" };
  try {
    return readObjects(await rest.get(`v1/${family}.history`, query, options), "messages");
  } catch (error) {
    if (error instanceof ProtocolError && error.reason === "too-large") return error;
    throw error;
  }
}

/** Whether a page of that length was the last one; notes the longest. */
function isEnd(length: number, count: number, record: PageRecord): boolean {
  const isShort = length < count && length < record.longest;
  record.longest = Math.max(record.longest, length);
  return length === 0 || isShort;
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
export async function fetchChanges(
  rest: RestClient,
  { roomId, since }: { readonly roomId: string; readonly since: number },
  options: CallOptions = {},
): Promise<Changes> {
  const query = { roomId, lastUpdate: iso(since) };
  const answer = await rest.get("v1/chat.syncMessages", query, options);
  const result = readObject(answer, "result") ?? {};
  return {
    updated: [...readObjects(result, "updated")].sort(bySentAt),
    deletedIds: readObjects(result, "deleted").flatMap((gone) => readText(gone, "_id") ?? []),
  };
}

// Owns the endpoints about messages.

import { RestError, TargetError } from "../errors.ts";
import { type JsonObject, readNumber, readObject, readObjects, readText } from "../facts/json.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { isPassingStatus } from "../retry.ts";
import type { CallOptions, RestClient } from "./client.ts";
import { deleteMessage } from "./reactions.ts";

/** The server's `API_Upper_Count_Limit`: larger pages are cut to this. */
const MAX_PAGE = 100;

export interface NewMessage {
  /** Chosen by us: an `_id` that is already used is never posted twice (recording `send-idempotency`). */
  readonly id: string;
  readonly roomId: string;
  readonly text: string;
  /** The thread's root message; its room wins over `roomId`. */
  readonly threadId?: string | undefined;
  /** `tshow`: a thread's reply is shown in the room too. */
  readonly isShownInRoom?: boolean | undefined;
  /** The links that the server may add previews for, each of which sends the message again to everybody; undefined: none. */
  readonly previewUrls?: "all" | readonly string[] | undefined;
}

/**
 * `POST /api/v1/chat.sendMessage`. An empty `previewUrls` turns link previews off.
 * Rejects with RestError when the server refuses, and with the same for an `_id` that exists already; with TargetError when
 * the thread turned out to be of another room, where nothing is left standing unless the error says so.
 */
export async function postMessage(
  rest: RestClient,
  message: NewMessage,
  options?: CallOptions,
): Promise<void> {
  const body = {
    message: {
      _id: message.id,
      rid: message.roomId,
      msg: message.text,
      ...(message.threadId !== undefined && { tmid: message.threadId }),
      ...(message.isShownInRoom && { tshow: true }),
    },
    ...(message.previewUrls !== "all" && { previewUrls: message.previewUrls ?? [] }),
  };
  const answer = await rest.post("v1/chat.sendMessage", body, options);
  const roomId = readText(readObject(answer, "message") ?? {}, "rid");
  if (roomId !== undefined && roomId !== message.roomId)
    await takeBack(rest, { roomId, messageId: message.id });
}

/**
 * Deletes a reply whose thread's root was deleted and has an id that is now a message's in another room, where the reply
 * stands. Rejects with TargetError, whether it could be deleted or not.
 */
export async function takeBack(
  rest: RestClient,
  place: { roomId: string; messageId: string },
): Promise<never> {
  const what = "The thread that was to be answered in is gone, and its id belongs to another room";
  try {
    await deleteMessage(rest, place);
  } catch (cause) {
    // Posting once more would not help.
    throw new TargetError(`${what}, ${place.roomId}, where message ${place.messageId} could not be deleted`, {
      cause,
    });
  }
  throw new TargetError(what);
}

/** `GET /api/v1/chat.getMessage`; undefined when there is no such message or the bot may not read it. */
export async function fetchMessage(rest: RestClient, id: string): Promise<MessageFacts | undefined> {
  try {
    return decodeMessage((await rest.get("v1/chat.getMessage", { msgId: id })).message);
  } catch (error) {
    if (error instanceof RestError && !isPassingStatus(error.status)) return undefined;
    throw error;
  }
}

const HISTORY = { c: "channels", p: "groups", d: "im" } as const;

interface HistoryQuery {
  readonly room: Pick<RoomFacts, "id" | "type">;
  readonly until: number;
  readonly since: number | undefined;
  readonly count: number;
}

/**
 * `GET /api/v1/channels.history`, `groups.history` or `im.history`: the newest `count` messages sent up to an
 * instant and after another, in order, without replies that are shown in their threads alone (recording
 * `history`). Instants are epoch milliseconds.
 */
export async function fetchMessagesUntil(
  rest: RestClient,
  { room, until, since, count }: HistoryQuery,
): Promise<MessageFacts[]> {
  const answer = await rest.get(`v1/${HISTORY[room.type]}.history`, {
    roomId: room.id,
    // The server leaves out what was sent at this very instant.
    latest: new Date(until + 1).toISOString(),
    ...(since !== undefined && { oldest: new Date(since).toISOString() }),
    count: String(count),
    showThreadMessages: "false",
  });
  return decodeMessages(answer, "messages").reverse();
}

/** `GET /api/v1/chat.getThreadMessages`: the last `count` replies of a thread, in order, without its root. */
export async function fetchThread(
  rest: RestClient,
  { rootId, count }: { readonly rootId: string; readonly count: number },
): Promise<MessageFacts[]> {
  const size = Math.min(count, MAX_PAGE);
  const ask = (offset: number) =>
    rest.get("v1/chat.getThreadMessages", { tmid: rootId, count: String(size), offset: String(offset) });
  const first = await ask(0);
  const total = readNumber(first, "total") ?? 0;
  // Replies come oldest first; of a long thread its end is read.
  return decodeMessages(total > size ? await ask(total - size) : first, "messages");
}

function decodeMessages(answer: JsonObject, key: string): MessageFacts[] {
  return readObjects(answer, key).flatMap((raw) => decodeMessage(raw) ?? []);
}

/** `GET /api/v1/chat.getThreadsList`: the roots of a room's threads, those with the latest replies first. */
export async function fetchThreadRoots(rest: RestClient, roomId: string): Promise<readonly MessageFacts[]> {
  const answer = await rest.get("v1/chat.getThreadsList", { rid: roomId, count: String(MAX_PAGE) });
  return decodeMessages(answer, "threads");
}

/** `GET /api/v1/chat.getMessage`: who wrote the message with this id, in which room; undefined when the bot sees none. */
export async function findAuthor(
  rest: RestClient,
  id: string,
): Promise<{ readonly roomId: string; readonly authorId: string } | undefined> {
  try {
    const message = readObject(await rest.get("v1/chat.getMessage", { msgId: id }), "message") ?? {};
    const [roomId, author] = [readText(message, "rid"), readObject(message, "u")];
    const authorId = author && readText(author, "_id");
    return roomId === undefined || authorId === undefined ? undefined : { roomId, authorId };
  } catch (error) {
    if (error instanceof RestError && error.status === 400) return undefined;
    throw error;
  }
}

interface RoomPage {
  readonly roomId: string;
  /** At most a hundred. */
  readonly count: number;
}

/** `GET /api/v1/chat.getPinnedMessages` (recording `pins-and-lists`), oldest first. */
export async function fetchPinned(rest: RestClient, { roomId, count }: RoomPage): Promise<MessageFacts[]> {
  return decodeMessages(
    await rest.get("v1/chat.getPinnedMessages", { roomId, count: String(count) }),
    "messages",
  );
}

/** `GET /api/v1/chat.search`: the messages of a room with a text in them, newest first. A text between slashes is a pattern. */
export async function searchMessages(
  rest: RestClient,
  { roomId, text, count }: RoomPage & { readonly text: string },
): Promise<MessageFacts[]> {
  const query = { roomId, searchText: text, count: String(count) };
  return decodeMessages(await rest.get("v1/chat.search", query), "messages");
}

// Owns the endpoints about messages.

import { RestError } from "../errors.ts";
import { readObject, readObjects, readText } from "../facts/json.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import type { RestClient } from "./client.ts";

/** The server's `API_Upper_Count_Limit`: larger pages are cut to this. */
const MAX_PAGE = 100;

export interface NewMessage {
  /** Chosen by us: an `_id` that is already used is never posted twice (recording `send-idempotency`). */
  readonly id: string;
  readonly roomId: string;
  readonly text: string;
  /** The thread's root message; its room wins over `roomId`. */
  readonly threadId?: string | undefined;
  /** Whether the server may add previews of linked pages; each one sends the message again to everybody. */
  readonly unfurlLinks?: boolean | undefined;
}

/**
 * `POST /api/v1/chat.sendMessage`. Link previews are turned off by an empty `previewUrls`.
 * Rejects with RestError when the server refuses, and with the same for an `_id` that exists already.
 */
export async function postMessage(rest: RestClient, message: NewMessage): Promise<void> {
  await rest.post("v1/chat.sendMessage", {
    message: {
      _id: message.id,
      rid: message.roomId,
      msg: message.text,
      ...(message.threadId !== undefined && { tmid: message.threadId }),
    },
    ...(!message.unfurlLinks && { previewUrls: [] }),
  });
}

/** `GET /api/v1/chat.getMessage`; undefined when there is no such message or the bot may not read it. */
export async function fetchMessage(rest: RestClient, id: string): Promise<MessageFacts | undefined> {
  try {
    return decodeMessage((await rest.get("v1/chat.getMessage", { msgId: id })).message);
  } catch (error) {
    if (error instanceof RestError && error.status < 500) return undefined;
    throw error;
  }
}

/** `GET /api/v1/chat.getThreadsList`: the roots of a room's threads, those with the latest replies first. */
export async function fetchThreadRoots(rest: RestClient, roomId: string): Promise<readonly MessageFacts[]> {
  const answer = await rest.get("v1/chat.getThreadsList", { rid: roomId, count: String(MAX_PAGE) });
  return readObjects(answer, "threads").flatMap((raw) => decodeMessage(raw) ?? []);
}

/** `GET /api/v1/chat.getMessage`: whether a message with this id exists in this room. */
export async function messageExists(
  rest: RestClient,
  where: { id: string; roomId: string },
): Promise<boolean> {
  try {
    const message = readObject(await rest.get("v1/chat.getMessage", { msgId: where.id }), "message");
    return message !== undefined && readText(message, "rid") === where.roomId;
  } catch (error) {
    if (error instanceof RestError && error.status === 400) return false;
    throw error;
  }
}

// Owns the endpoints about what happens to messages after they were sent: reactions, edits, deletions, pins.

import { RestError } from "../errors.ts";
import { decodeRevision, type Revision } from "../facts/change.ts";
import { readObject, readObjects, readText, readTexts } from "../facts/json.ts";
import { isPassingStatus } from "../retry.ts";
import type { CallOptions, RestClient } from "./client.ts";

/** `GET /api/v1/chat.getMessage`; undefined when there is no such message or the bot may not read it. */
export async function fetchRevision(rest: RestClient, messageId: string): Promise<Revision | undefined> {
  try {
    return decodeRevision((await rest.get("v1/chat.getMessage", { msgId: messageId })).message);
  } catch (error) {
    if (error instanceof RestError && !isPassingStatus(error.status)) return undefined;
    throw error;
  }
}

/** `GET /api/v1/chat.getPinnedMessages`: the ids of the latest 100; the endpoint is documented, not recorded. */
export async function fetchPinnedIds(rest: RestClient, roomId: string): Promise<string[]> {
  const answer = await rest.get("v1/chat.getPinnedMessages", { roomId, count: "100" });
  return readObjects(answer, "messages").flatMap((message) => readText(message, "_id") ?? []);
}

export interface Reaction {
  readonly messageId: string;
  /** Without colons, as in `findEmoji`. */
  readonly emoji: string;
  /** Whether the bot's reaction is to stand afterwards. */
  readonly stands: boolean;
}

/**
 * `POST /api/v1/chat.react`. Always says what is to be, so that a repeated call toggles nothing (recording
 * `reactions`). Rejects with RestError, code `error-not-allowed`, for an emoji that the server does not have.
 */
export async function setReaction(rest: RestClient, { messageId, emoji, stands }: Reaction): Promise<void> {
  await rest.post("v1/chat.react", { messageId, emoji: `:${emoji}:`, shouldReact: stands });
}

/** `GET /api/v1/emoji-custom.list`: names and other names of the workspace's own emoji. */
export async function fetchCustomEmoji(rest: RestClient): Promise<string[]> {
  const emojis = readObject(await rest.get("v1/emoji-custom.list"), "emojis");
  return (emojis ? readObjects(emojis, "update") : []).flatMap((entry) => {
    const name = readText(entry, "name");
    return name === undefined ? [] : [name, ...(readTexts(entry, "aliases") ?? [])];
  });
}

interface Place {
  readonly roomId: string;
  readonly messageId: string;
}

interface NewText extends Place {
  readonly text: string;
  /** The links that the server may add previews for; undefined: all. */
  readonly previewUrls?: "all" | readonly string[] | undefined;
}

/** `POST /api/v1/chat.update`. Rejects with RestError, code `error-action-not-allowed` or `error-message-editing-blocked`. */
export async function updateMessage(
  rest: RestClient,
  { roomId, messageId, text, previewUrls = "all" }: NewText,
  options?: CallOptions,
): Promise<void> {
  const links = previewUrls === "all" ? {} : { previewUrls };
  await rest.post("v1/chat.update", { roomId, msgId: messageId, text, ...links }, options);
}

/** `POST /api/v1/chat.delete`. Rejects with RestError, code `error-action-not-allowed`, without the permission. */
export async function deleteMessage(rest: RestClient, { roomId, messageId }: Place): Promise<void> {
  await rest.post("v1/chat.delete", { roomId, msgId: messageId });
}

/** `POST /api/v1/chat.pinMessage`, `chat.unPinMessage` (recording `pin-star`). Rejects with RestError, code `not-authorized`, without the permission. */
export async function setPinned(
  rest: RestClient,
  { messageId, stands }: { readonly messageId: string; readonly stands: boolean },
): Promise<void> {
  await rest.post(stands ? "v1/chat.pinMessage" : "v1/chat.unPinMessage", { messageId });
}

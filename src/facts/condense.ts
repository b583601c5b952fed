// Owns shortening a message document before it is stored: what nothing reads later is left out.

import { MAX_ATTACHMENTS } from "./attachment.ts";
import { isJsonObject, type JsonObject, readObjects } from "./json.ts";

/** What `decodeMessage` reads; not the parsed text (`md`), link previews, reactions, followers and receipts. */
const MESSAGE = ["_id", "rid", "ts", "_updatedAt", "u", "t", "tmid", "msg", "editedAt", "editedBy"] as const;
const MENTION = ["_id", "type"] as const;
const FILE = ["_id", "name", "type", "typeGroup"] as const;
/** Of a file or a quote; not the text, the fields, the preview and the attachments of what is quoted. */
const ATTACHMENT = [
  ...["message_link", "author_icon", "author_name", "title", "title_link", "description"],
  ...["image_url", "audio_url", "video_url", "image_type", "audio_type", "video_type"],
];
/** Read for being there. */
const MARKS = ["content", "encryption"] as const;

/** A document from which `decodeMessage` reads the same; anything else than a document stays as it is. */
export function condenseMessage(raw: unknown): unknown {
  if (!isJsonObject(raw)) return raw;
  return {
    ...pick(raw, MESSAGE),
    ...(isJsonObject(raw.bot) && { bot: {} }),
    ...list(raw, "mentions", (mention) => pick(mention, MENTION)),
    ...list(raw, "attachments", condenseAttachment, MAX_ATTACHMENTS),
    ...list(raw, "files", condenseFile, MAX_ATTACHMENTS),
    ...(isJsonObject(raw.file) && { file: condenseFile(raw.file) }),
  };
}

function condenseAttachment(attachment: JsonObject): JsonObject {
  return { ...pick(attachment, ATTACHMENT), ...markOf(attachment) };
}

function condenseFile(file: JsonObject): JsonObject {
  return { ...pick(file, FILE), ...markOf(file) };
}

function pick(from: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}

function markOf(from: JsonObject): JsonObject {
  return Object.fromEntries(MARKS.flatMap((key) => (isJsonObject(from[key]) ? [[key, {}]] : [])));
}

function list(
  from: JsonObject,
  key: string,
  condense: (entry: JsonObject) => JsonObject,
  most?: number,
): JsonObject {
  const entries = readObjects(from, key, most);
  return entries.length === 0 ? {} : { [key]: entries.map(condense) };
}

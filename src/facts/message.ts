// Owns the decoding of a Rocket.Chat message document, from the stream or from REST, into MessageFacts.

import { decodeCaptions, decodeFiles, type FileClaim, readAttachments } from "./attachment.ts";
import {
  isJsonObject,
  type JsonObject,
  mayBeId,
  readId,
  readInstant,
  readObject,
  readObjects,
  readText,
} from "./json.ts";

export interface UserFacts {
  /** Rocket.Chat user `_id`: the only identity. Names are mutable and for display. */
  readonly id: string;
  readonly username: string | undefined;
  readonly name: string | undefined;
}

export interface MentionFacts {
  /** A user id, a team id, or the literal `all` / `here`. */
  readonly id: string;
  readonly kind: "user" | "team" | "everyone";
}

export interface Edit {
  readonly by: UserFacts | undefined;
  /** Epoch milliseconds. */
  readonly at: number | undefined;
}

/** A message as we trust it after decoding. Instants are epoch milliseconds of the server's clock. */
export interface MessageFacts {
  readonly id: string;
  readonly roomId: string;
  /** What was written, the captions of files included. */
  readonly text: string;
  /** The files that it claims to bring. */
  readonly files: readonly FileClaim[];
  readonly sentAt: number;
  readonly sender: UserFacts;
  /** `bot`: an integration or app wrote it in the sender's name; absent on what bot users send. */
  readonly fromIntegration: boolean;
  /** `t`: absent on what people write; `e2e` on encrypted messages. */
  readonly systemType: string | undefined;
  /** `tmid`: the root message of the thread this is a reply in. */
  readonly threadId: string | undefined;
  readonly mentions: readonly MentionFacts[];
  /** Usernames of those whose messages are quoted, as the server drew the quotes (recording `quote`). */
  readonly quotedUsernames: readonly string[];
  /** Set once the text was edited. By whom and when is undefined where the document does not say it readably. */
  readonly edited: Edit | undefined;
  /** `_updatedAt`: moves with every edit, reaction, reply, pin and link preview; `sentAt` does not. */
  readonly updatedAt: number;
}

/** Decodes one message document; undefined when `_id`, `rid`, `ts`, `u._id` or a `tmid` is missing or malformed. */
export function decodeMessage(raw: unknown): MessageFacts | undefined {
  if (!isJsonObject(raw)) return undefined;
  const id = readId(raw, "_id");
  const roomId = readText(raw, "rid");
  const sentAt = readInstant(raw, "ts");
  const sender = decodeUser(raw.u);
  if (id === undefined || roomId === undefined || sentAt === undefined || sender === undefined)
    return undefined;
  if (!mayBeId(raw, "tmid")) return undefined;
  return {
    id,
    roomId,
    sentAt,
    sender,
    fromIntegration: readObject(raw, "bot") !== undefined,
    systemType: readText(raw, "t"),
    threadId: readText(raw, "tmid"),
    ...decodeContent(raw),
    files: decodeFiles(raw),
    quotedUsernames: flatten(readAttachments(raw), decodeQuote),
    edited: decodeEdit(raw),
    updatedAt: readInstant(raw, "_updatedAt") ?? sentAt,
  };
}

function decodeEdit(raw: JsonObject): Edit | undefined {
  if (!isPresent(raw.editedAt) && !isPresent(raw.editedBy)) return undefined;
  return { by: decodeUser(raw.editedBy), at: readInstant(raw, "editedAt") };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/**
 * Since when a message says what it says: an edit may make a question of what was none. Epoch milliseconds of the server's
 * clock.
 */
export function saidAt({ sentAt, updatedAt, edited }: SaidAt): number {
  return Math.max(sentAt, Math.min(edited?.at ?? sentAt, updatedAt));
}

type SaidAt = Pick<MessageFacts, "sentAt" | "updatedAt" | "edited">;

/** Whether the text may be another person's than the sender's: owners and moderators may edit what others wrote. */
export function isRewritten({ sender, edited }: Pick<MessageFacts, "sender" | "edited">): boolean {
  return edited !== undefined && edited.by?.id !== sender.id;
}

/** What was written, and whom the server found to be named in it. */
export function decodeContent(raw: JsonObject): Pick<MessageFacts, "text" | "mentions"> {
  return {
    text: withCaptions(readText(raw, "msg"), decodeCaptions(raw)),
    mentions: flatten(readObjects(raw, "mentions"), decodeMention),
  };
}

function withCaptions(text: string | undefined, captions: readonly string[]): string {
  return captions.length === 0 ? (text ?? "") : [...new Set([text ?? [], captions].flat())].join("\n");
}

function flatten<Value>(
  objects: readonly JsonObject[],
  decode: (from: JsonObject) => readonly Value[],
): readonly Value[] {
  return objects.length === 0 ? NOTHING : objects.flatMap(decode);
}

/** Most messages name and quote nobody, and every message is read. */
const NOTHING: readonly never[] = [];

/** Decodes an embedded user `{_id, username, name?}`; undefined without an `_id`. */
export function decodeUser(raw: unknown): UserFacts | undefined {
  if (!isJsonObject(raw)) return undefined;
  const id = readText(raw, "_id");
  if (id === undefined) return undefined;
  return { id, username: readText(raw, "username"), name: readText(raw, "name") };
}

/** `@all` and `@here` carry their word as id and no type; a team carries `type: "team"` (team-mention). */
function decodeMention(raw: JsonObject): readonly MentionFacts[] {
  const id = readText(raw, "_id");
  if (id === undefined) return [];
  if (id === "all" || id === "here") return [{ id, kind: "everyone" }];
  return [{ id, kind: readText(raw, "type") === "team" ? "team" : "user" }];
}

/**
 * A quote is an attachment with the link to the quoted message. `author_icon` is the address of the author's
 * picture, which ends in the username; `author_name` may be the full name. Its own server drew it or a client
 * forged it: naming the bot in a quote is worth no more than naming it in the text.
 */
function decodeQuote(attachment: JsonObject): readonly string[] {
  if (readText(attachment, "message_link") === undefined) return [];
  const icon = readText(attachment, "author_icon");
  const name = icon === undefined ? undefined : /\/avatar\/([^/?#]+)/.exec(icon)?.[1];
  const username = name === undefined ? readText(attachment, "author_name") : decodePath(name);
  return username === undefined ? [] : [username];
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

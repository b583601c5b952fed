// What comes over the wire, made into values the page can trust: messages, rooms, members.

export type Json = { readonly [key: string]: unknown };

export interface Attachment {
  title: string;
  text: string;
  author: string;
  /** Address of a file on the server; undefined for a quote. */
  file: string | undefined;
  kind: "image" | "audio" | "video" | "other";
  /** Bytes; 0 when it is not told. */
  size: number;
  /** Pixels of a picture as it is shown, so that its place can be kept; undefined when that is not told. */
  box: { readonly width: number; readonly height: number } | undefined;
}

export interface Message {
  id: string;
  rid: string;
  userId: string;
  username: string;
  name: string;
  text: string;
  /** The server's syntax tree of the text, still untrusted; see text.ts. */
  md: unknown;
  /** Epoch milliseconds. */
  at: number;
  /** Epoch milliseconds of the last change. */
  updatedAt: number;
  threadId: string | undefined;
  /** A thread reply that the room shows, too. */
  alsoInRoom: boolean;
  replies: number;
  edited: boolean;
  /** The type of a system message. */
  system: string | undefined;
  /** Who reacted, by emoji with colons. */
  reactions: ReadonlyMap<string, readonly string[]>;
  attachments: readonly Attachment[];
}

export type RoomType = "c" | "p" | "d";

export interface Room {
  id: string;
  type: RoomType;
  /** Of a direct room: the user name of the other one. */
  name: string;
  title: string;
  unread: number;
  /** Something new that does not count as unread. */
  alert: boolean;
}

export interface Member {
  id: string;
  username: string;
  name: string;
  status: string;
}

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(from: unknown, key: string): string {
  const value = isJson(from) ? from[key] : undefined;
  return typeof value === "string" ? value : "";
}

function numberOf(from: Json, key: string): number {
  const value = from[key];
  return typeof value === "number" ? value : 0;
}

/** The members of a list, or none when it is no list. */
export function listOf(from: unknown, key?: string): readonly unknown[] {
  const value = key === undefined ? from : isJson(from) ? from[key] : undefined;
  return Array.isArray(value) ? value : [];
}

/** A time in any of its spellings, `{"$date": ms}`, ISO text or milliseconds; 0 when it is none. */
function timeOf(value: unknown): number {
  const raw = isJson(value) ? value.$date : value;
  const ms = typeof raw === "string" ? Date.parse(raw) : raw;
  return typeof ms === "number" && Number.isFinite(ms) ? ms : 0;
}

/** A message document of the stream or of REST; undefined when it lacks what every message has. */
export function readMessage(value: unknown): Message | undefined {
  if (!isJson(value)) return undefined;
  const id = textOf(value, "_id");
  const rid = textOf(value, "rid");
  const userId = textOf(value.u, "_id");
  if (!id || !rid || !userId) return undefined;
  const username = textOf(value.u, "username");
  return {
    id,
    rid,
    userId,
    username,
    name: textOf(value, "alias") || textOf(value.u, "name") || username,
    text: textOf(value, "msg"),
    md: value.md,
    at: timeOf(value.ts),
    updatedAt: timeOf(value._updatedAt),
    threadId: textOf(value, "tmid") || undefined,
    alsoInRoom: value.tshow === true,
    replies: numberOf(value, "tcount"),
    edited: value.editedAt !== undefined,
    system: textOf(value, "t") || undefined,
    reactions: readReactions(value.reactions),
    attachments: listOf(value, "attachments").filter(isJson).map(readAttachment),
  };
}

function readReactions(value: unknown): ReadonlyMap<string, readonly string[]> {
  const entries = isJson(value) ? Object.entries(value) : [];
  return new Map(
    entries.map(([emoji, who]) => [
      emoji,
      listOf(who, "usernames").filter((name) => typeof name === "string"),
    ]),
  );
}

const KINDS = ["image", "audio", "video"] as const;

function readAttachment(value: Json): Attachment {
  const kind = KINDS.find((one) => textOf(value, `${one}_url`) !== "") ?? "other";
  const file = textOf(value, "title_link") || textOf(value, `${kind}_url`);
  const { image_dimensions: sides } = value;
  const [width, height] = isJson(sides) ? [numberOf(sides, "width"), numberOf(sides, "height")] : [0, 0];
  return {
    title: textOf(value, "title"),
    text: textOf(value, "description") || textOf(value, "text"),
    author: textOf(value, "author_name"),
    file: file.startsWith("/") ? file : undefined,
    kind,
    size: numberOf(value, kind === "other" ? "size" : `${kind}_size`),
    box: width > 0 && height > 0 ? { width, height } : undefined,
  };
}

/** A room from the caller's membership in it; undefined for rooms the page has no place for. */
export function readRoom(subscription: unknown): Room | undefined {
  if (!isJson(subscription) || subscription.open === false) return undefined;
  const id = textOf(subscription, "rid");
  const type = textOf(subscription, "t");
  if (!id || (type !== "c" && type !== "p" && type !== "d")) return undefined;
  return {
    id,
    type,
    name: textOf(subscription, "name"),
    title: textOf(subscription, "fname") || textOf(subscription, "name") || id,
    unread: numberOf(subscription, "unread"),
    alert: subscription.alert === true,
  };
}

export function readMember(value: unknown): Member | undefined {
  const username = textOf(value, "username");
  if (!username) return undefined;
  return {
    id: textOf(value, "_id"),
    username,
    name: textOf(value, "name") || username,
    status: textOf(value, "status") || "offline",
  };
}

/** Leaves out what could not be read. */
export function readAll<T>(values: readonly unknown[], read: (value: unknown) => T | undefined): T[] {
  return values.map(read).filter((one) => one !== undefined);
}

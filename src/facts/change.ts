// Owns what a message document means that is sent once more: which of its many re-emissions somebody caused, and how.

import {
  isJsonObject,
  type JsonObject,
  mayBeId,
  readId,
  readInstant,
  readNumber,
  readObjects,
  readText,
} from "./json.ts";
import { decodeUser, type MessageFacts, type UserFacts } from "./message.ts";

/** The parts of a message that may change after it was sent. Instants are epoch milliseconds of the server's clock. */
export interface Revision {
  readonly id: string;
  readonly roomId: string;
  readonly threadId: string | undefined;
  readonly sender: UserFacts;
  readonly sentAt: number;
  readonly updatedAt: number;
  readonly editedAt: number | undefined;
  /** Who edited or deleted it last; need not be the author. */
  readonly editedBy: UserFacts | undefined;
  /** `t: "rm"`: what is left of a deleted message (recordings `delete`, `thread`). */
  readonly deleted: boolean;
  /** Emoji with colons -> usernames; Rocket.Chat names people here by username alone (recording `reactions`). */
  readonly reactions: ReadonlyMap<string, readonly string[]>;
  readonly pinned: boolean;
  /** Who pinned or unpinned it last, and when (recording `pin-star`). */
  readonly pinnedBy: UserFacts | undefined;
  readonly pinnedAt: number | undefined;
  readonly starred: boolean;
  /** `drid`: it stands for a discussion (recording `discussion`). */
  readonly discussion: boolean;
  /** Counters of the thread or discussion that hangs on the message, as one comparable text; empty without. */
  readonly counters: string;
  /** Addresses whose link preview was filled in. */
  readonly previews: number;
}

/** One thing that happened to a message, as far as two of its documents tell. */
export type Change =
  /** Nobody has seen it before. */
  | { readonly kind: "new" }
  | { readonly kind: "edited"; readonly at: number }
  | {
      readonly kind: "reaction-added" | "reaction-removed";
      readonly emoji: string;
      readonly username: string;
    }
  /** A reaction that asks the agent for something was taken up; `at`: the document's last change by then. */
  | {
      readonly kind: "triggered";
      readonly emoji: string;
      readonly userId: string;
      readonly username: string;
      readonly at: number;
    }
  | { readonly kind: "pinned" | "unpinned"; readonly at: number | undefined }
  /** `count`: of a bulk of messages of one person, of which this is the latest; absent for a single one. */
  | { readonly kind: "deleted"; readonly count?: number }
  /** Counters and followers of its thread or discussion. */
  | { readonly kind: "thread" }
  | { readonly kind: "preview" }
  /** An old message that is seen here for the first time; what happened to it cannot be told. */
  | { readonly kind: "old" }
  /** The same again, an outdated document, or something personal such as a star. */
  | { readonly kind: "nothing" };

/** The instants of one write lie this close together, in either order (recording `delete-with-replies`). Milliseconds. */
const SAME_WRITE_MS = 1000;

/** Decodes what may change of a message document; undefined where `decodeMessage` would refuse it. */
export function decodeRevision(raw: unknown): Revision | undefined {
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
    threadId: readText(raw, "tmid"),
    sender,
    sentAt,
    updatedAt: readInstant(raw, "_updatedAt") ?? sentAt,
    editedAt: readInstant(raw, "editedAt"),
    editedBy: decodeUser(raw.editedBy),
    deleted: raw.t === "rm",
    reactions: readReactions(raw.reactions),
    pinned: raw.pinned === true,
    pinnedBy: decodeUser(raw.pinnedBy),
    pinnedAt: readInstant(raw, "pinnedAt"),
    starred: readObjects(raw, "starred").length > 0,
    discussion: readText(raw, "drid") !== undefined,
    counters: readCounters(raw),
    previews: countPreviews(raw),
  };
}

/** A message without a mark but counters and previews: what of a revision differs from another's. */
export interface Unmarked
  extends Pick<Revision, "id" | "roomId" | "threadId" | "sender" | "sentAt" | "updatedAt">,
    Pick<Revision, "counters" | "previews"> {}

/** Of a document that bears no mark, with what `decodeMessage` reads of it. */
export function readUnmarked(message: MessageFacts, raw: JsonObject): Unmarked {
  const { id, roomId, threadId, sender, sentAt, updatedAt } = message;
  const [counters, previews] = [readCounters(raw), countPreviews(raw)];
  return { id, roomId, threadId, sender, sentAt, updatedAt, counters, previews };
}

/** What `decodeRevision` reads of the same document. */
export function reviseUnmarked(message: Unmarked): Revision {
  const { id, roomId, threadId, sender, sentAt, updatedAt, counters, previews } = message;
  return {
    id,
    roomId,
    threadId,
    sender,
    sentAt,
    updatedAt,
    editedAt: undefined,
    editedBy: undefined,
    deleted: false,
    reactions: NO_REACTIONS,
    pinned: false,
    pinnedBy: undefined,
    pinnedAt: undefined,
    starred: false,
    discussion: false,
    counters,
    previews,
  };
}

function countPreviews(raw: JsonObject): number {
  let count = 0;
  for (const { meta } of readObjects(raw, "urls"))
    if (isJsonObject(meta) && Object.keys(meta).length > 0) count += 1;
  return count;
}

function readReactions(raw: unknown): ReadonlyMap<string, readonly string[]> {
  if (!isJsonObject(raw)) return NO_REACTIONS;
  const reactions = new Map<string, readonly string[]>();
  let left = MAX_REACTION_CHARACTERS;
  for (const emoji of Object.keys(raw)) {
    const value = raw[emoji];
    const usernames: string[] = [];
    for (const name of isJsonObject(value) && Array.isArray(value.usernames) ? value.usernames : []) {
      if (typeof name !== "string" || name === "") continue;
      usernames.push(name);
      left -= name.length;
      if (left < 0) return TOO_MANY_REACTIONS;
    }
    if (usernames.length > 0) reactions.set(emoji, usernames);
    left -= emoji.length;
    if (left < 0) return TOO_MANY_REACTIONS;
  }
  return reactions.size === 0 ? NO_REACTIONS : reactions;
}

/** Whether what is remembered of a message tells who reacted to it. */
export const knowsReactions = ({ reactions }: Revision): boolean => reactions !== TOO_MANY_REACTIONS;

/** Of the emoji and names of one message: thousands of reactions. A sender may give a message any number. */
const MAX_REACTION_CHARACTERS = 50_000;
/** More than are remembered, of which nothing is told. */
const TOO_MANY_REACTIONS: ReadonlyMap<string, readonly string[]> = new Map();

const NO_REACTIONS: ReadonlyMap<string, readonly string[]> = new Map();

const COUNTERS = ["tcount", "tlm", "replies", "dcount", "dlm"];

/** `tcount tlm replies` of a thread's root (recording `thread`), `dcount dlm` of a discussion (`discussion`). */
function readCounters(raw: JsonObject): string {
  if (COUNTERS.every((key) => raw[key] === undefined)) return "";
  const followers = Array.isArray(raw.replies) ? raw.replies.length : 0;
  const numbers = [
    readNumber(raw, "tcount"),
    readInstant(raw, "tlm"),
    followers > 0 ? followers : undefined,
    readNumber(raw, "dcount"),
    readInstant(raw, "dlm"),
  ];
  return numbers.every((value) => value === undefined) ? "" : numbers.join(" ");
}

/** What is known of a message of which no document is. */
export interface FirstSight {
  /** It was judged already, or is older than what is judged. */
  readonly settled?: boolean;
  /** The document was read after an absence, and nothing was heard of what was done after this: an edit is news. */
  readonly unheardSince?: number | undefined;
}

/**
 * What happened between the last known state of a message and a document of it, in no particular order and
 * never empty.
 */
export function compareRevisions(
  before: Revision | undefined,
  now: Revision,
  firstSight: FirstSight = {},
): readonly [Change, ...Change[]] {
  // A deleted message's `_id` may be used again, for another message (recording `send-idempotency`).
  const isAnother =
    before !== undefined && (now.sentAt !== before.sentAt || now.sender.id !== before.sender.id);
  if (before === undefined || isAnother) return atFirstSight(now, firstSight);
  if (now.updatedAt < before.updatedAt || before.deleted) return [{ kind: "nothing" }];
  if (now.deleted) return [{ kind: "deleted" }];
  const [first, ...rest] = [...readEdit(before, now), ...readPin(before, now), ...diffReactions(before, now)];
  if (first !== undefined) return [first, ...rest];
  if (now.counters !== before.counters) return [{ kind: "thread" }];
  return [{ kind: now.previews > before.previews ? "preview" : "nothing" }];
}

/**
 * A sender may give a message any marks (`chat.sendMessage` takes every key), and only the server changes them later:
 * what is there from the start is nobody's doing, and says nothing of whether the message is new.
 */
function atFirstSight(now: Revision, firstSight: FirstSight): readonly [Change, ...Change[]] {
  const missed = readMissedEdit(now, firstSight);
  if (!now.deleted && !firstSight.settled) return missed.length === 0 ? NEW : [...NEW, ...missed];
  return [missed[0] ?? { kind: "old" }];
}

const NEW: readonly [Change] = [{ kind: "new" }];

/** Only of edits and soft deletions does a document say when they were. */
function readMissedEdit(now: Revision, { unheardSince }: FirstSight): Change[] {
  const { editedAt, sentAt, deleted } = now;
  if (unheardSince === undefined || editedAt === undefined || !isCredible(now)) return [];
  if (editedAt <= unheardSince || sentAt > unheardSince) return [];
  return [deleted ? { kind: "deleted" } : { kind: "edited", at: editedAt }];
}

/** Only `editedAt` marks an edit; a frame shows the newest text, so that quick edits come as one (recording `edit`). */
function readEdit(before: Revision, now: Revision): Change[] {
  const { editedAt } = now;
  if (editedAt === undefined || editedAt === before.editedAt || !isCredible(now)) return [];
  return [{ kind: "edited", at: editedAt }];
}

/** The server sets `_updatedAt` whenever it writes: an edit that is later was made up by who sent the message. */
function isCredible({ editedAt = 0, updatedAt }: Revision): boolean {
  return editedAt <= updatedAt + SAME_WRITE_MS;
}

/** 8.3 tells of a pin only by a system message, and of an unpin by `pinned: false` where there was nothing (`pin-star`). */
function readPin(before: Revision, now: Revision): Change[] {
  if (now.pinned === before.pinned && now.pinnedAt === before.pinnedAt) return [];
  return [{ kind: now.pinned ? "pinned" : "unpinned", at: now.pinnedAt }];
}

function diffReactions({ reactions: before }: Revision, { reactions: now }: Revision): Change[] {
  if (before === now || before === TOO_MANY_REACTIONS || now === TOO_MANY_REACTIONS) return [];
  return [
    ...listReactions("reaction-removed", without(before, now)),
    ...listReactions("reaction-added", without(now, before)),
  ];
}

function without(
  these: Revision["reactions"],
  those: Revision["reactions"],
): ReadonlyMap<string, readonly string[]> {
  const rest = [...these].map(([emoji, usernames]) => {
    const others = new Set(those.get(emoji));
    return [emoji, usernames.filter((username) => !others.has(username))] as const;
  });
  return new Map(rest);
}

function listReactions(
  kind: "reaction-added" | "reaction-removed",
  reactions: Revision["reactions"],
): Change[] {
  if (reactions.size === 0) return [];
  return [...reactions].flatMap(([emoji, usernames]) =>
    usernames.map((username) => ({ kind, emoji, username })),
  );
}

/**
 * The identity of a change in the durable queue: its blanks make it differ from every `_id`, which has none. The same
 * change has it in every frame that shows it. Undefined for what nobody needs to hear of.
 */
export function identifyChange(change: Change, now: Revision): string | undefined {
  switch (change.kind) {
    case "edited":
      return `${now.id} edited ${change.at}`;
    case "reaction-added":
    case "reaction-removed":
      return `${now.id} ${change.kind} ${change.emoji} ${change.username} ${now.updatedAt}`;
    case "triggered":
      // Whoever reacts so, and however often: once.
      return `${now.id} triggered ${change.emoji}`;
    case "unpinned":
      return `${now.id} unpinned ${change.at ?? now.updatedAt}`;
    case "deleted":
      return `${now.id} deleted`;
    default:
      return undefined;
  }
}

/**
 * The document of a message as far as telling of a change to it needs: where it stands, whose it is, who changed
 * it. `decodeRevision` and `decodeMessage` read it; the text is left out, since nobody is told it.
 */
export function outlineMessage(now: Revision): JsonObject {
  const { id, roomId, threadId, sender, sentAt, updatedAt, editedBy, pinnedBy } = now;
  return {
    _id: id,
    rid: roomId,
    ...(threadId !== undefined && { tmid: threadId }),
    ts: sentAt,
    _updatedAt: updatedAt,
    u: outlineUser(sender),
    ...(editedBy && { editedBy: outlineUser(editedBy) }),
    ...(pinnedBy && { pinnedBy: outlineUser(pinnedBy) }),
  };
}

/**
 * A document from which `decodeRevision` reads the same again, but for counters, previews and stars, of which nobody is
 * told.
 */
export function encodeRevision(now: Revision): JsonObject {
  const { editedAt, deleted, reactions, pinned, pinnedAt } = now;
  return {
    ...outlineMessage(now),
    ...(editedAt !== undefined && { editedAt }),
    ...(deleted && { t: "rm" }),
    ...(reactions.size > 0 && {
      reactions: Object.fromEntries([...reactions].map(([emoji, usernames]) => [emoji, { usernames }])),
    }),
    ...(pinned && { pinned }),
    ...(pinnedAt !== undefined && { pinnedAt }),
  };
}

function outlineUser({ id, username }: UserFacts): JsonObject {
  return { _id: id, username };
}

/** Reads a change that was stored as JSON; undefined when it is none. */
export function decodeChange(raw: unknown): Change | undefined {
  if (!isJsonObject(raw)) return undefined;
  const { kind } = raw;
  const at = readNumber(raw, "at");
  switch (kind) {
    case "reaction-added":
    case "reaction-removed": {
      const emoji = readText(raw, "emoji");
      const username = readText(raw, "username");
      return emoji === undefined || username === undefined ? undefined : { kind, emoji, username };
    }
    case "triggered": {
      const emoji = readText(raw, "emoji");
      const userId = readText(raw, "userId");
      const username = readText(raw, "username");
      if (emoji === undefined || userId === undefined || username === undefined || at === undefined)
        return undefined;
      return { kind, emoji, userId, username, at };
    }
    case "edited":
      return at === undefined ? undefined : { kind, at };
    case "pinned":
    case "unpinned":
      return { kind, at };
    case "deleted": {
      const count = readNumber(raw, "count");
      return { kind, ...(count !== undefined && { count }) };
    }
    case "new":
    case "thread":
    case "preview":
    case "old":
    case "nothing":
      return { kind };
    default:
      return undefined;
  }
}

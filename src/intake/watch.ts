// Owns telling what each document of a message means to an account: a request, something that happened to a message, or nothing.

import {
  type Change,
  compareRevisions,
  decodeRevision,
  identifyChange,
  outlineMessage,
  type Revision,
  readUnmarked,
} from "../facts/change.ts";
import { isJsonObject, type JsonObject, readText } from "../facts/json.ts";
import { mentionsBot } from "../facts/mention.ts";
import { decodeContent } from "../facts/message.ts";
import { isPruned, type Prune } from "../facts/prune.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { Knowledge } from "../policy/activation.ts";
import type { AccountSettings } from "../settings.ts";
import type { Idle } from "./glance.ts";
import type { Known, KnownMessages } from "./known.ts";
import type { Ground, Ledger, Verdict } from "./ledger.ts";
import { isServedType, parentToLookUp, type RawMessageEvent } from "./receive.ts";

/** What one document comes to. */
export interface Reading {
  /** To be received in this order; a document of the stream that says nothing to anybody comes to one that is dropped. */
  readonly events: readonly RawMessageEvent[];
  /**
   * Remembers the document, and what became of it. To be called when the events are stored or dropped: until then,
   * reading it again says the same.
   */
  keep(verdict: Verdict): void;
}

/** Where a document that was asked for comes from. Instants are epoch milliseconds of the server's clock. */
export interface Origin extends Ground {
  /** Until when it was heard of edits and deletions: later ones are told; absent: none is. */
  readonly unheardSince?: number | undefined;
}

export interface Watch {
  /** Whether the event is of a place that is served, as far as that is known: of no other is anything remembered. */
  watches(event: RawMessageEvent, settings: AccountSettings): boolean;
  /** Reads a document of the stream, or one that was asked for. */
  read(event: RawMessageEvent, settings: AccountSettings, origin?: Origin): Reading;
  /**
   * Remembers a message that names nobody as reading and keeping it would, if this is the first document of it and it is to be
   * judged. False when it has to be read.
   */
  passBy(idle: Idle, settings: AccountSettings): boolean;
  /**
   * Reads that messages were deleted for good: those of one person in one place come to one event. Nothing can be
   * told of one that is not remembered.
   */
  readDeletions(messageIds: Iterable<string>): Reading;
  /** Which of the remembered messages a prune takes, if it takes threads. */
  listPruned(prune: Prune): readonly Revision[];
  /** The room of a message that is remembered. */
  roomOf(messageId: string): string | undefined;
}

export interface WatchOptions {
  readonly known: KnownMessages;
  readonly ledger: Pick<Ledger, "isSettled" | "note" | "noteJoined">;
  readonly parentOf: Knowledge["parentOf"];
}

/** Documents of one account must be read and kept one after the other. */
export function createWatch({ known, ledger, parentOf }: WatchOptions): Watch {
  /** What a document of a served room says, beside whether its message was judged. */
  function compare(event: RawMessageEvent, now: Revision, { settings, origin, settled }: Sight): Reading {
    const before = known.find(now.id);
    const changes = compareRevisions(before?.revision, now, { settled, unheardSince: origin?.unheardSince });
    // What another person made of a message was never a request; its author may still make it one.
    const mentioned =
      ((now.editedAt ?? now.editedBy) === undefined || isByAuthor(now)) &&
      isJsonObject(event.message) &&
      mentionsBot(decodeContent(event.message), settings);
    const requested =
      (!settled && !now.deleted) || (mentioned && before?.mentioned === false && isCorrected(changes, now));
    const told = changes.flatMap((change) =>
      identifyChange(change, now) === undefined ? [] : tell(event.room, now, change),
    );
    const events = requested ? [event, ...told] : told;
    return {
      // What was asked for and says nothing is nothing that came.
      events: events.length > 0 || origin !== undefined ? events : [tell(event.room, now, changes[0])],
      keep(verdict) {
        if (!settled) ledger.note({ messageId: now.id, roomId: now.roomId, sentAt: now.sentAt, verdict });
        if (before !== undefined && now.updatedAt < before.revision.updatedAt) return;
        known.keep({ revision: now, mentioned: mentioned || before?.mentioned === true, room: event.room });
      },
    };
  }

  return {
    watches: (event, settings) => isWatched(event, settings, parentOf),
    read(event, settings, origin) {
      const now = isWatched(event, settings, parentOf) ? decodeRevision(event.message) : undefined;
      if (now === undefined || !isJsonObject(event.message)) return { events: [event], keep: () => {} };
      if (isOwnJoin(event.message, settings)) ledger.noteJoined(now.roomId, now.sentAt);
      return compare(event, now, { settings, origin, settled: ledger.isSettled(now, origin) });
    },

    passBy: createPassing({ known, ledger, parentOf }),

    readDeletions: (messageIds) => readDeletions(known, messageIds),

    listPruned: (prune) =>
      [...known.list()].map(({ revision }) => revision).filter((message) => isPruned(prune, message)),

    roomOf: (messageId) => known.find(messageId)?.revision.roomId,
  };
}

function readDeletions(known: KnownMessages, messageIds: Iterable<string>): Reading {
  const gone = [...messageIds].flatMap((id) => known.find(id) ?? []);
  return {
    events: groupByAuthor(gone).map(tellGone),
    keep() {
      for (const { revision } of gone) known.forget(revision.id);
    },
  };
}

function createPassing({ known, ledger, parentOf }: WatchOptions): Watch["passBy"] {
  return ({ message, facts, room }, settings) => {
    if (!isWatched({ message, room }, settings, parentOf)) return false;
    const now = readUnmarked(facts, message);
    if (ledger.isSettled(now) || known.find(now.id) !== undefined) return false;
    const { id, roomId, sentAt } = now;
    ledger.note({ messageId: id, roomId, sentAt, verdict: "not-mentioned" });
    known.keepUnmarked(now, room);
    return true;
  };
}

interface Sight {
  readonly settings: AccountSettings;
  readonly origin: Origin | undefined;
  readonly settled: boolean;
}

/** The system message that tells of the bot's own joining: by invitation, or by itself (recording `room-lifecycle`). */
function isOwnJoin({ t, msg, u }: JsonObject, { userId, username }: AccountSettings): boolean {
  if (t === "au") return msg === username;
  return (t === "uj" || t === "ut") && isJsonObject(u) && u._id === userId;
}

/** Messages of one person in one room or thread, which the same agents are told of. */
function groupByAuthor(messages: readonly Known[]): readonly Known[][] {
  const groups = new Map<string, Known[]>();
  for (const message of messages) {
    const { roomId, threadId, sender } = message.revision;
    const key = JSON.stringify([roomId, threadId, sender.id]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [message]);
    else group.push(message);
  }
  return [...groups.values()];
}

/** Who deleted them is not said (recording `delete`). */
function tellGone(group: readonly Known[]): RawMessageEvent {
  const latest = group.reduce((a, b) => (b.revision.sentAt > a.revision.sentAt ? b : a));
  const { length } = group;
  return tell(
    latest.room,
    { ...latest.revision, editedBy: undefined },
    { kind: "deleted", ...(length > 1 && { count: length }) },
  );
}

/**
 * Only of rooms that are served, or may turn out to be, is anything remembered; of the others `receive` needs no more than
 * the event.
 */
function isWatched(
  event: RawMessageEvent,
  settings: AccountSettings,
  parentOf: Knowledge["parentOf"],
): boolean {
  const { message, room } = event;
  if (!isJsonObject(room) || room.roomParticipant !== true || !isJsonObject(message)) return false;
  if (room.roomType === "d") return true;
  if (!isServedType(room.roomType)) return false;
  if (parentToLookUp(event, { settings, known: { parentOf } }) !== undefined) return true;
  const id = readText(message, "rid") ?? "";
  const parentId = parentOf(id);
  return isRoomAllowed(settings, { id, parentId: parentId === "unknown" ? undefined : parentId });
}

/**
 * Whether the author has changed the text. A mention that the message lacked makes it a request then: once, since
 * it has the same identity as if it had been one from the start.
 */
function isCorrected(changes: readonly Change[], now: Revision): boolean {
  return changes.some(({ kind }) => kind === "edited") && isByAuthor(now);
}

function isByAuthor({ editedBy, sender }: Revision): boolean {
  return editedBy?.id === sender.id;
}

function tell(room: unknown, now: Revision, change: Change): RawMessageEvent {
  return { message: outlineMessage(now), room, change };
}

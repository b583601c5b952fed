// Owns telling what each document of a message means to an account: a request, something that happened to a message, or nothing.

import {
  type Change,
  compareRevisions,
  decodeRevision,
  identifyChange,
  outlineMessage,
  type Revision,
} from "../facts/change.ts";
import { isJsonObject, readText } from "../facts/json.ts";
import { mentionsBot } from "../facts/mention.ts";
import { decodeContent } from "../facts/message.ts";
import { isPruned, type Prune } from "../facts/prune.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { AccountSettings } from "../settings.ts";
import type { Known, KnownMessages } from "./known.ts";
import { isServedType, type RawMessageEvent } from "./receive.ts";

/** What one document comes to. */
export interface Reading {
  /** To be received in this order; a document of the stream that says nothing to anybody comes to one that is dropped. */
  readonly events: readonly RawMessageEvent[];
  /** Remembers the document. To be called when the events are stored: until then, reading it again says the same. */
  keep(): void;
}

/** Where a document that was asked for comes from. Instants are epoch milliseconds of the server's clock. */
export interface Origin {
  /**
   * `missed`: of a room's history, where messages that were sent after `since` are new. `known`: of what has changed, or
   * is to be learned by heart; no message is new, and one that is unknown and was sent after `since` is left to the
   * stream, or it would be taken for seen when it comes.
   */
  readonly kind: "missed" | "known";
  readonly since: number;
  /** Until when it was heard of edits and deletions: later ones are told; absent: none is. */
  readonly unheardSince?: number | undefined;
}

const NEVER = Number.POSITIVE_INFINITY;

const NOTHING: Reading = { events: [], keep: () => {} };

export interface Watch {
  /** Whether the event is of a place that is served, as far as that is known: of no other is anything remembered. */
  watches(event: RawMessageEvent, settings: AccountSettings): boolean;
  /** Reads a document of the stream, or one that was asked for. */
  read(event: RawMessageEvent, settings: AccountSettings, origin?: Origin): Reading;
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

/** Documents of one account must be read and kept one after the other. */
export function createWatch(known: KnownMessages, parentOf: (roomId: string) => string | undefined): Watch {
  return {
    watches: (event, settings) => isWatched(event, settings, parentOf),
    read(event, settings, origin) {
      const now = isWatched(event, settings, parentOf) ? decodeRevision(event.message) : undefined;
      if (now === undefined || !isJsonObject(event.message)) return { events: [event], keep: () => {} };
      const before = known.find(now.id);
      if (origin?.kind === "known" && before === undefined && now.sentAt > origin.since) return NOTHING;
      const changes = compareRevisions(before?.revision, now, {
        newestSentAt: known.newestSentAt(),
        unreadSince: origin && (origin.kind === "missed" ? origin.since : NEVER),
        unheardSince: origin?.unheardSince,
      });
      // What another person made of a message was never a request; its author may still make it one.
      const mentioned =
        (now.editedAt === undefined || isByAuthor(now)) &&
        mentionsBot(decodeContent(event.message), settings);
      const requested =
        changes[0].kind === "new" || (mentioned && before?.mentioned === false && isCorrected(changes, now));
      const told = changes.flatMap((change) =>
        identifyChange(change, now) === undefined ? [] : tell(event.room, now, change),
      );
      const events = requested ? [event, ...told] : told;
      return {
        // What was asked for and says nothing is nothing that came.
        events: events.length > 0 || origin !== undefined ? events : [tell(event.room, now, changes[0])],
        keep() {
          if (before !== undefined && now.updatedAt < before.revision.updatedAt) return;
          known.keep({ revision: now, mentioned: mentioned || before?.mentioned === true, room: event.room });
        },
      };
    },

    readDeletions(messageIds) {
      const gone = [...messageIds].flatMap((id) => known.find(id) ?? []);
      return {
        events: groupByAuthor(gone).map(tellGone),
        keep() {
          for (const { revision } of gone) known.forget(revision.id);
        },
      };
    },

    listPruned: (prune) =>
      [...known.list()].map(({ revision }) => revision).filter((message) => isPruned(prune, message)),

    roomOf: (messageId) => known.find(messageId)?.revision.roomId,
  };
}

/** Messages of one person in one room or thread, which the same agents are told of. */
function groupByAuthor(messages: readonly Known[]): readonly Known[][] {
  const groups = new Map<string, Known[]>();
  for (const message of messages) {
    const { roomId, threadId, sender } = message.revision;
    const key = JSON.stringify([roomId, threadId, sender.id]);
    groups.set(key, [...(groups.get(key) ?? []), message]);
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

/** Only of rooms that are served is anything remembered; of the others `receive` needs no more than the event. */
function isWatched(
  { message, room }: RawMessageEvent,
  settings: AccountSettings,
  parentOf: (roomId: string) => string | undefined,
): boolean {
  if (!isJsonObject(room) || room.roomParticipant !== true || !isJsonObject(message)) return false;
  if (room.roomType === "d") return true;
  if (!isServedType(room.roomType)) return false;
  const id = readText(message, "rid") ?? "";
  return isRoomAllowed(settings, { id, parentId: parentOf(id) });
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

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
import { decodeMessage } from "../facts/message.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { AccountSettings } from "../settings.ts";
import type { KnownMessages } from "./known.ts";
import type { RawMessageEvent } from "./receive.ts";

/** What one document comes to. */
export interface Reading {
  /** To be received in this order; a document that says nothing to anybody comes to one event that is dropped. */
  readonly events: readonly RawMessageEvent[];
  /** Remembers the document. To be called when the events are stored: until then, reading it again says the same. */
  keep(): void;
}

export interface Watch {
  /**
   * Reads a document of the stream, or of a room's history: there `unreadSince` is when the latest message was
   * sent that was read before (epoch milliseconds of the server's clock), so that only later ones are new.
   * With `unreadSince: Infinity` a document is learned by heart and no message is new.
   */
  read(event: RawMessageEvent, settings: AccountSettings, unreadSince?: number): Reading;
  /** Reads that a message was deleted for good. Nothing can be told of one that is not remembered. */
  readDeletion(messageId: string): Reading;
  /** The room of a message that is remembered. */
  roomOf(messageId: string): string | undefined;
}

/** Documents of one account must be read and kept one after the other. */
export function createWatch(known: KnownMessages, parentOf: (roomId: string) => string | undefined): Watch {
  return {
    read(event, settings, unreadSince) {
      const now = isWatched(event, settings, parentOf) ? decodeRevision(event.message) : undefined;
      const message = now && decodeMessage(event.message);
      if (now === undefined || message === undefined) return { events: [event], keep: () => {} };
      const before = known.find(now.id);
      const changes = compareRevisions(before?.revision, now, {
        newestSentAt: known.newestSentAt(),
        unreadSince,
      });
      const mentioned = mentionsBot(message, settings);
      const told = changes.filter((change) => identifyChange(change, now) !== undefined);
      const requested =
        changes[0].kind === "new" || (mentioned && before?.mentioned === false && isCorrected(changes, now));
      const events = [...(requested ? [event] : []), ...told.map((change) => tell(event.room, now, change))];
      return {
        events: events.length > 0 ? events : [tell(event.room, now, changes[0])],
        keep() {
          if (before !== undefined && now.updatedAt < before.revision.updatedAt) return;
          known.keep({ revision: now, mentioned: mentioned || before?.mentioned === true, room: event.room });
        },
      };
    },

    readDeletion(messageId) {
      const before = known.find(messageId);
      if (before === undefined) return { events: [], keep: () => {} };
      // Who deleted it is not said (recording `delete`).
      const outline = { ...before.revision, editedBy: undefined };
      return {
        events: [tell(before.room, outline, { kind: "deleted" })],
        keep: () => known.forget(messageId),
      };
    },

    roomOf: (messageId) => known.find(messageId)?.revision.roomId,
  };
}

/** Only of rooms that are served is anything remembered; of the others `receive` needs no more than the event. */
function isWatched(
  { message, room }: RawMessageEvent,
  settings: AccountSettings,
  parentOf: (roomId: string) => string | undefined,
): boolean {
  if (!isJsonObject(room) || room.roomParticipant !== true || !isJsonObject(message)) return false;
  if (room.roomType === "d") return true;
  const id = readText(message, "rid") ?? "";
  return isRoomAllowed(settings, { id, parentId: parentOf(id) });
}

/**
 * Whether the author has changed the text. A mention that the message lacked makes it a request then: once, since
 * it has the same identity as if it had been one from the start.
 */
function isCorrected(changes: readonly Change[], now: Revision): boolean {
  return changes.some(({ kind }) => kind === "edited") && now.editedBy?.id === now.sender.id;
}

function tell(room: unknown, now: Revision, change: Change): RawMessageEvent {
  return { message: outlineMessage(now), room, change };
}

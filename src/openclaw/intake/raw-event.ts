// Owns the spellings of a raw event: as the stream brings it, as it is stored, and as the log names it.

import type { StreamEvent } from "../../ddp/protocol.ts";
import { condenseMessage } from "../../facts/condense.ts";
import { isJsonObject, readText } from "../../facts/json.ts";
import type { RawMessageEvent } from "../../intake/receive.ts";

/** `args` of the stream are the message and `{roomParticipant, roomType, roomName?}`. */
export function toRawEvent({ args: [message, room] }: StreamEvent): RawMessageEvent {
  return { message, room };
}

/** Which message a log line is about. */
export function idsOf({ message }: RawMessageEvent): {
  message: string | undefined;
  room: string | undefined;
} {
  return isJsonObject(message)
    ? { message: readText(message, "_id"), room: readText(message, "rid") }
    : { message: undefined, room: undefined };
}

/** Where it was written and by whom, as people call them: for the lines that an operator reads. */
export function namesOf({ message, room }: RawMessageEvent): {
  in: string | undefined;
  by: string | undefined;
} {
  const place = isJsonObject(room) && room.roomType !== "d" ? readText(room, "roomName") : undefined;
  const author =
    isJsonObject(message) && isJsonObject(message.u) ? readText(message.u, "username") : undefined;
  return { in: place && `#${place}`, by: author && `@${author}` };
}

/** An event as it is stored: what its turn needs. What happened to a message bears no more than that already. */
export function encodeRawEvent(event: RawMessageEvent): string {
  return JSON.stringify(
    event.change === undefined ? { ...event, message: condenseMessage(event.message) } : event,
  );
}

/** Reads what `encodeRawEvent` wrote. Throws a SyntaxError when it is no JSON. */
export function parseRawEvent(text: string): RawMessageEvent {
  const value: unknown = JSON.parse(text);
  return isJsonObject(value)
    ? {
        message: value.message,
        room: value.room,
        ...(value.change !== undefined && { change: value.change }),
      }
    : { message: undefined, room: undefined };
}

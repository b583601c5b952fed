// Owns which messages are judged by their frame: those of places that are not served, and in rooms those that name nobody.

import type { FrameHead, MessageFrame } from "../facts/frame.ts";
import { isJsonObject, type JsonObject, readText } from "../facts/json.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { readWords } from "../facts/words.ts";
import { isRoomAllowed } from "../policy/access.ts";
import { refuseMessage } from "../policy/admission.ts";
import { type Grounds, isServedType, placeOf, refuseRoomMessage } from "./receive.ts";

/** A message that goes no further, and what the log calls it. */
export interface FrameRefusal {
  readonly reason: "not-a-member" | "room-not-allowed";
  readonly message: string | undefined;
  readonly room: string | undefined;
}

/**
 * Judges a message by the head of its frame, whatever it says: `receive` would drop it too, though a message that is refused
 * for two reasons may get the other one there. Undefined where that takes the document. What the bot user wrote is never
 * refused here: it is remembered wherever it stands. Never throws.
 */
export function refuseFrame(head: FrameHead, grounds: Grounds): FrameRefusal | undefined {
  try {
    const [rid, u] = [head.value("rid"), head.value("u")];
    const senderId = isJsonObject(u) ? readText(u, "_id") : undefined;
    if (senderId === undefined || senderId === grounds.settings.userId) return undefined;
    const facts = { rid, _id: head.value("_id") };
    const [message, room] = [readText(facts, "_id"), readText(facts, "rid")];
    const reason = refuseRoom(head.room, room, grounds);
    return reason && { reason, message, room };
  } catch {
    // A part of the frame is no JSON.
    return undefined;
  }
}

/** Why nothing in a room concerns the account; undefined where something may. */
function refuseRoom(
  { roomParticipant, roomType, roomName }: FrameHead["room"],
  roomId: string | undefined,
  grounds: Grounds,
): FrameRefusal["reason"] | undefined {
  if (roomParticipant !== true) return "not-a-member";
  if (!isServedType(roomType)) return "room-not-allowed";
  if (roomType === "d" || roomId === undefined) return undefined;
  const place = placeOf(roomId, readText({ roomName }, "roomName"), grounds);
  return place === undefined || isRoomAllowed(grounds.settings, place) ? undefined : "room-not-allowed";
}

/** A message that goes no further, and is remembered. */
export interface Idle {
  readonly message: JsonObject;
  readonly facts: MessageFacts;
  /** The stream's second argument. */
  readonly room: JsonObject;
}

/**
 * Reads a message of a room that nobody is meant by: `receive` would drop it as not mentioned. Undefined for all others, and
 * where that takes the whole document.
 */
export function readIdle(frame: MessageFrame, grounds: Grounds): Idle | undefined {
  const room = isJsonObject(frame.room) ? frame.room : {};
  if (room.roomParticipant !== true || !isServedType(room.roomType) || room.roomType === "d")
    return undefined;
  const message = readWords(frame);
  const facts = decodeMessage(message);
  if (message === undefined || facts === undefined) return undefined;
  const place = placeOf(facts.roomId, readText(room, "roomName"), grounds);
  if (place === undefined) return undefined;
  const refusal = refuseMessage(facts, grounds.settings.userId) ?? refuseRoomMessage(facts, place, grounds);
  return refusal === "not-mentioned" ? { message, facts, room } : undefined;
}
